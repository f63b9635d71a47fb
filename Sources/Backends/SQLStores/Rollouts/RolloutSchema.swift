package import SQL

/// Rollouts as documents beside the columns that are searched. See docs/format/rollouts.md.
package enum RolloutSchema {
    package static let migrations = [
        Migration(
            name: "rollouts-0001-rollouts",
            sql: """
                CREATE TABLE rollouts (
                    id TEXT PRIMARY KEY,
                    endpoint TEXT NOT NULL,
                    started_at INTEGER NOT NULL,
                    final INTEGER NOT NULL,
                    revision INTEGER NOT NULL,
                    document TEXT NOT NULL
                ) STRICT;
                CREATE UNIQUE INDEX rollouts_one_active ON rollouts (endpoint) WHERE final = 0;
                CREATE INDEX rollouts_endpoint ON rollouts (endpoint, started_at DESC);
                """)
    ]
}
