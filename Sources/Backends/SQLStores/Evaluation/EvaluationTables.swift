package import SQL

/// The tables of evaluation datasets and scorers. JSON values are kept as text; `input_hash` (SHA-256 of the inputs' canonical JSON) makes
/// the inputs of a dataset unique.
package enum EvaluationTables {
    package static let migrations = [
        Migration(name: "evaluation-0001-datasets", sql: datasets), Migration(name: "evaluation-0002-scorers", sql: scorers),
    ]

    private static let datasets = """
        CREATE TABLE evaluation_datasets (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            digest TEXT NOT NULL,
            schema TEXT,
            profile TEXT,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            created_by TEXT,
            updated_by TEXT
        ) STRICT;
        CREATE INDEX evaluation_datasets_by_time ON evaluation_datasets (created_at, id);
        CREATE TABLE evaluation_dataset_tags (
            dataset TEXT NOT NULL REFERENCES evaluation_datasets (id),
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (dataset, key)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE evaluation_dataset_experiments (
            dataset TEXT NOT NULL REFERENCES evaluation_datasets (id),
            experiment TEXT NOT NULL,
            PRIMARY KEY (dataset, experiment)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE evaluation_records (
            id TEXT PRIMARY KEY,
            dataset TEXT NOT NULL REFERENCES evaluation_datasets (id),
            input_hash TEXT NOT NULL,
            inputs TEXT NOT NULL,
            outputs TEXT,
            expectations TEXT,
            tags TEXT,
            source TEXT,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            created_by TEXT,
            updated_by TEXT,
            UNIQUE (dataset, input_hash)
        ) STRICT;
        CREATE INDEX evaluation_records_by_time ON evaluation_records (dataset, created_at, id);
        """

    private static let scorers = """
        CREATE TABLE scorers (
            id TEXT PRIMARY KEY,
            experiment INTEGER NOT NULL REFERENCES experiments (id),
            name TEXT NOT NULL,
            last_version INTEGER NOT NULL,
            UNIQUE (experiment, name)
        ) STRICT;
        CREATE TABLE scorer_versions (
            scorer TEXT NOT NULL REFERENCES scorers (id),
            version INTEGER NOT NULL,
            serialized TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (scorer, version)
        ) STRICT, WITHOUT ROWID;
        """
}
