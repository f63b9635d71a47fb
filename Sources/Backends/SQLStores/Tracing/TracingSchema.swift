package import SQL

/// The tables of tracing. Traces have a small number inside the database: it keeps the key of every span and tag short.
///
/// A span is one row: its JSON as clients read it, and beside it the columns that searches and figures need. The JSON is kept once, as text
/// without whitespace, because it is answered byte for byte and searched as text; at most 16 MiB a span.
package enum TracingSchema {
    package static let migrations = [
        Migration(name: "tracing-0001-traces", sql: traces), Migration(name: "tracing-0002-assessments", sql: assessments),
    ]

    private static let traces = """
        CREATE TABLE traces (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            experiment INTEGER NOT NULL REFERENCES experiments (id),
            request_time INTEGER NOT NULL,
            duration INTEGER,
            state TEXT NOT NULL,
            client_request_id TEXT,
            request_preview TEXT,
            response_preview TEXT
        ) STRICT;
        CREATE INDEX traces_by_time ON traces (experiment, request_time DESC, id);
        CREATE TABLE trace_tags (
            trace INTEGER NOT NULL REFERENCES traces (number),
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (trace, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX trace_tags_by_key ON trace_tags (key, trace);
        CREATE TABLE trace_metadata (
            trace INTEGER NOT NULL REFERENCES traces (number),
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (trace, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX trace_metadata_by_key ON trace_metadata (key, trace);
        CREATE TABLE trace_links (
            trace INTEGER NOT NULL REFERENCES traces (number),
            kind TEXT NOT NULL,
            target TEXT NOT NULL,
            PRIMARY KEY (trace, kind, target)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX trace_links_by_target ON trace_links (kind, target, trace);
        CREATE TABLE spans (
            trace INTEGER NOT NULL REFERENCES traces (number),
            id TEXT NOT NULL,
            parent TEXT,
            name TEXT NOT NULL,
            type TEXT,
            status TEXT NOT NULL,
            started INTEGER NOT NULL,
            ended INTEGER,
            content TEXT NOT NULL,
            usage TEXT,
            cost TEXT,
            model TEXT,
            provider TEXT,
            PRIMARY KEY (trace, id)
        ) STRICT;
        """

    private static let assessments = """
        CREATE TABLE assessments (
            id TEXT PRIMARY KEY,
            trace INTEGER NOT NULL REFERENCES traces (number),
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            value TEXT NOT NULL,
            number REAL,
            figure REAL,
            error TEXT,
            source_type TEXT NOT NULL,
            source_id TEXT NOT NULL,
            rationale TEXT,
            metadata TEXT NOT NULL,
            of_session INTEGER NOT NULL,
            span TEXT,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            overrides TEXT,
            valid INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX assessments_by_trace ON assessments (trace, created_at, id);
        CREATE INDEX assessments_by_name ON assessments (name, kind, trace);
        """
}
