package import SQL

/// The tables of the model registry. Models have numbers, so that a rename is one row; deleted versions keep theirs, so that a version's
/// number is never used twice.
package enum RegistrySchema {
    package static let migrations = [
        Migration(name: "registry-0001-models", sql: models), Migration(name: "registry-0002-gates", sql: gates),
        ModelHistorySchema.migration,
    ]

    private static let models = """
        CREATE TABLE registered_models (
            number INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            description TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE registered_model_tags (
            model INTEGER NOT NULL REFERENCES registered_models (number),
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (model, key)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE model_versions (
            number INTEGER PRIMARY KEY,
            model INTEGER NOT NULL REFERENCES registered_models (number),
            version INTEGER NOT NULL,
            description TEXT NOT NULL,
            stage TEXT NOT NULL,
            status TEXT NOT NULL,
            status_message TEXT NOT NULL,
            source TEXT NOT NULL,
            storage_location TEXT NOT NULL,
            run TEXT NOT NULL,
            run_link TEXT NOT NULL,
            logged_model TEXT NOT NULL,
            user_id TEXT NOT NULL,
            verification TEXT,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            deleted_at INTEGER,
            UNIQUE (model, version)
        ) STRICT;
        CREATE INDEX model_versions_by_run ON model_versions (run);
        CREATE INDEX model_versions_by_time ON model_versions (updated_at DESC);
        CREATE TABLE model_version_tags (
            version INTEGER NOT NULL REFERENCES model_versions (number),
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (version, key)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE model_aliases (
            model INTEGER NOT NULL REFERENCES registered_models (number),
            alias TEXT NOT NULL,
            version INTEGER NOT NULL,
            PRIMARY KEY (model, alias)
        ) STRICT, WITHOUT ROWID;
        """

    /// Reports name models by text: they outlive what they tell of.
    private static let gates = """
        CREATE TABLE gate_reports (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            model TEXT NOT NULL,
            version INTEGER NOT NULL,
            time INTEGER NOT NULL,
            verdict TEXT NOT NULL,
            document TEXT NOT NULL
        ) STRICT;
        CREATE INDEX gate_reports_by_version ON gate_reports (model, version, number);
        """
}
