package import SQL

/// Tables of dataset versions and validation results. See docs/format/datasets.md.
package enum DatasetSchema {
    package static let migrations = [
        Migration(
            name: "datasets-0001-versions",
            sql: """
                CREATE TABLE dataset_versions (
                    sequence INTEGER PRIMARY KEY,
                    dataset TEXT NOT NULL,
                    digest TEXT NOT NULL,
                    rows INTEGER NOT NULL,
                    bytes INTEGER NOT NULL,
                    format TEXT NOT NULL,
                    profile TEXT NOT NULL,
                    source TEXT NOT NULL,
                    parents TEXT NOT NULL,
                    created_at INTEGER NOT NULL,
                    actor TEXT NOT NULL,
                    UNIQUE (dataset, digest)
                ) STRICT;
                CREATE INDEX dataset_versions_newest ON dataset_versions (dataset, sequence);
                CREATE INDEX dataset_versions_digest ON dataset_versions (digest);
                """),
        Migration(
            name: "datasets-0002-validations",
            sql: """
                CREATE TABLE dataset_validations (
                    sequence INTEGER PRIMARY KEY,
                    id TEXT NOT NULL UNIQUE,
                    dataset TEXT NOT NULL,
                    digest TEXT NOT NULL,
                    is_version INTEGER NOT NULL,
                    success INTEGER NOT NULL,
                    rows INTEGER NOT NULL,
                    expectations TEXT NOT NULL,
                    checked_at INTEGER NOT NULL
                ) STRICT;
                CREATE INDEX dataset_validations_newest ON dataset_validations (dataset, sequence);
                """),
    ]
}
