package import SQL

/// The tables of tracking. Runs have a small number inside the database: it keeps the big tables and their indexes short.
///
/// A metric's latest point and its series are one row (`metric_series`), so that a search reads one index by (key, value) and a logged
/// point costs one look-up, one insert and one update. NaN is kept as value 0 with `is_nan` 1, because SQLite has no NaN.
package enum TrackingSchema {
    package static let migrations = [
        Migration(name: "tracking-0001-experiments", sql: experiments),
        Migration(name: "tracking-0002-runs", sql: runs, onPostgres: shortKeys),
        Migration(name: "tracking-0003-logged-models", sql: loggedModels), Migration(name: "tracking-0004-artifacts", sql: artifacts),
        Migration(name: "tracking-0005-param-numbers", sql: ParamNumberSchema.sql, onPostgres: ParamNumberSchema.onPostgres),
        Migration(name: "tracking-0006-runs-by-time", sql: "CREATE INDEX runs_by_time ON runs (lifecycle, start_time DESC, id);"),
        Migration(name: "tracking-0007-metric-arrivals", sql: metricArrivals),
    ]

    /// An entry of a PostgreSQL index is at most 2,704 bytes; params and tags are longer. The key alone narrows a search to one row a run.
    private static let shortKeys = [
        ("ON params (key, value, run)", "ON params (key, substr(value, 1, 500), run)"),
        ("ON tags (key, value, run)", "ON tags (key, substr(value, 1, 500), run)"),
    ]

    private static let experiments = """
        CREATE TABLE experiments (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            artifact_location TEXT NOT NULL,
            lifecycle TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE experiment_tags (
            experiment INTEGER NOT NULL REFERENCES experiments (id),
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (experiment, key)
        ) STRICT, WITHOUT ROWID;
        """

    private static let runs = """
        CREATE TABLE runs (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            experiment INTEGER NOT NULL REFERENCES experiments (id),
            name TEXT NOT NULL,
            user_id TEXT NOT NULL,
            status TEXT NOT NULL,
            start_time INTEGER NOT NULL,
            end_time INTEGER,
            artifact_uri TEXT NOT NULL,
            lifecycle TEXT NOT NULL,
            deleted_at INTEGER
        ) STRICT;
        CREATE INDEX runs_by_start ON runs (experiment, lifecycle, start_time DESC, id);
        CREATE TABLE params (
            run INTEGER NOT NULL REFERENCES runs (number),
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (run, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX params_by_value ON params (key, value, run);
        CREATE TABLE tags (
            run INTEGER NOT NULL REFERENCES runs (number),
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (run, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX tags_by_value ON tags (key, value, run);
        CREATE TABLE metric_series (
            series INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs (number),
            key TEXT NOT NULL,
            value REAL NOT NULL,
            is_nan INTEGER NOT NULL,
            timestamp INTEGER NOT NULL,
            step INTEGER NOT NULL,
            UNIQUE (run, key)
        ) STRICT;
        CREATE INDEX metric_series_by_value ON metric_series (key, is_nan, value, run);
        CREATE TABLE metric_points (
            series INTEGER NOT NULL REFERENCES metric_series (series),
            timestamp INTEGER NOT NULL,
            step INTEGER NOT NULL,
            value REAL NOT NULL,
            is_nan INTEGER NOT NULL,
            PRIMARY KEY (series, timestamp, step, value, is_nan)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE datasets (
            number INTEGER PRIMARY KEY,
            experiment INTEGER NOT NULL REFERENCES experiments (id),
            name TEXT NOT NULL,
            digest TEXT NOT NULL,
            source_type TEXT NOT NULL,
            source TEXT NOT NULL,
            schema TEXT,
            profile TEXT,
            UNIQUE (experiment, name, digest)
        ) STRICT;
        CREATE TABLE run_datasets (
            number INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs (number),
            dataset INTEGER NOT NULL REFERENCES datasets (number),
            UNIQUE (run, dataset)
        ) STRICT;
        CREATE INDEX run_datasets_by_dataset ON run_datasets (dataset, run);
        CREATE TABLE run_dataset_tags (
            input INTEGER NOT NULL REFERENCES run_datasets (number),
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (input, key)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE run_models (
            run INTEGER NOT NULL REFERENCES runs (number),
            is_output INTEGER NOT NULL,
            model TEXT NOT NULL,
            step INTEGER NOT NULL,
            PRIMARY KEY (run, is_output, model)
        ) STRICT, WITHOUT ROWID;
        """

    private static let loggedModels = """
        CREATE TABLE logged_models (
            id TEXT PRIMARY KEY,
            experiment INTEGER NOT NULL REFERENCES experiments (id),
            name TEXT NOT NULL,
            artifact_uri TEXT NOT NULL,
            status TEXT NOT NULL,
            model_type TEXT NOT NULL,
            source_run TEXT NOT NULL,
            lifecycle TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX logged_models_by_time ON logged_models (experiment, lifecycle, created_at DESC, id);
        CREATE INDEX logged_models_by_run ON logged_models (source_run);
        CREATE TABLE logged_model_params (
            model TEXT NOT NULL REFERENCES logged_models (id),
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (model, key)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE logged_model_tags (
            model TEXT NOT NULL REFERENCES logged_models (id),
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (model, key)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE logged_model_metrics (
            model TEXT NOT NULL REFERENCES logged_models (id),
            key TEXT NOT NULL,
            dataset_name TEXT NOT NULL,
            dataset_digest TEXT NOT NULL,
            run TEXT NOT NULL,
            value REAL NOT NULL,
            is_nan INTEGER NOT NULL,
            timestamp INTEGER NOT NULL,
            step INTEGER NOT NULL,
            PRIMARY KEY (model, key, dataset_name, dataset_digest, run)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX logged_model_metrics_by_value ON logged_model_metrics (key, is_nan, value, model);
        """

    /// Points of batches with many keys as they arrive, one behind the other, until `MetricPoints` sorts them into `metric_points`: written
    /// there at once, a batch of a thousand keys would change a thousand pages.
    private static let metricArrivals = """
        CREATE TABLE metric_arrivals (
            run INTEGER NOT NULL REFERENCES runs (number),
            position INTEGER NOT NULL,
            series INTEGER NOT NULL REFERENCES metric_series (series),
            timestamp INTEGER NOT NULL,
            step INTEGER NOT NULL,
            value REAL NOT NULL,
            is_nan INTEGER NOT NULL,
            PRIMARY KEY (run, position)
        ) STRICT, WITHOUT ROWID;
        """

    private static let artifacts = """
        CREATE TABLE artifacts (
            path TEXT PRIMARY KEY,
            folder TEXT NOT NULL,
            name TEXT NOT NULL,
            digest TEXT,
            size INTEGER NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX artifacts_by_folder ON artifacts (folder, name);
        CREATE INDEX artifacts_by_digest ON artifacts (digest);
        """
}
