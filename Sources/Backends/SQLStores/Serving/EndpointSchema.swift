package import SQL

/// Endpoints and every plan that they had. See docs/format/endpoints.md.
package enum EndpointSchema {
    package static let migrations = [
        Migration(
            name: "serving-0001-endpoints",
            sql: """
                CREATE TABLE endpoints (
                    name TEXT PRIMARY KEY,
                    model TEXT NOT NULL,
                    plan TEXT NOT NULL,
                    batching TEXT NOT NULL,
                    revision INTEGER NOT NULL,
                    created_at INTEGER NOT NULL,
                    updated_at INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE endpoint_plans (
                    endpoint TEXT NOT NULL REFERENCES endpoints (name) ON DELETE CASCADE,
                    revision INTEGER NOT NULL,
                    plan TEXT NOT NULL,
                    actor TEXT NOT NULL,
                    reason TEXT NOT NULL,
                    time INTEGER NOT NULL,
                    PRIMARY KEY (endpoint, revision)
                ) STRICT, WITHOUT ROWID;
                """)
    ]
}
