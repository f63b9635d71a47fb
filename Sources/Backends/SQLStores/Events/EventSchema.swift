package import SQL

/// The event log's table. See docs/format/events.md.
package enum EventSchema {
    package static let migrations = [
        Migration(
            name: "events-0001-events",
            sql: """
                CREATE TABLE events (
                    sequence INTEGER PRIMARY KEY,
                    time INTEGER NOT NULL,
                    kind TEXT NOT NULL,
                    subject_type TEXT NOT NULL,
                    subject_id TEXT NOT NULL,
                    actor TEXT NOT NULL,
                    reason TEXT NOT NULL,
                    payload TEXT NOT NULL,
                    previous_hash TEXT NOT NULL,
                    hash TEXT NOT NULL
                ) STRICT;
                CREATE INDEX events_kind ON events (kind, sequence);
                CREATE INDEX events_subject ON events (subject_type, subject_id, sequence);
                """)
    ]
}
