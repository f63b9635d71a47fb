import Errors
package import Events
import JSON
package import Monitoring
package import SQL

/// Monitors, window reports and alerts. See docs/format/monitoring.md.
package enum MonitoringSchema {
    package static let migrations = [
        Migration(
            name: "monitoring-0001-monitors",
            sql: """
                CREATE TABLE monitors (endpoint TEXT PRIMARY KEY, revision INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
                CREATE TABLE window_reports (
                    endpoint TEXT NOT NULL,
                    number INTEGER NOT NULL,
                    document TEXT NOT NULL,
                    PRIMARY KEY (endpoint, number)
                ) STRICT, WITHOUT ROWID;
                """),
        Migration(
            name: "monitoring-0002-alerts",
            sql: """
                CREATE TABLE alert_cursor (only INTEGER PRIMARY KEY CHECK (only = 1), cursor INTEGER NOT NULL) STRICT;
                INSERT INTO alert_cursor VALUES (1, 0);
                CREATE TABLE alerts (
                    id TEXT PRIMARY KEY,
                    level TEXT NOT NULL,
                    event TEXT NOT NULL,
                    subject_type TEXT NOT NULL,
                    subject_id TEXT NOT NULL,
                    reason TEXT NOT NULL,
                    state TEXT NOT NULL,
                    fired_at INTEGER NOT NULL,
                    count INTEGER NOT NULL,
                    acknowledged_by TEXT,
                    payload TEXT NOT NULL
                ) STRICT;
                CREATE INDEX alerts_open ON alerts (event, subject_type, subject_id) WHERE state = 'firing';
                CREATE INDEX alerts_fired ON alerts (fired_at DESC);
                CREATE TABLE deliveries (
                    alert TEXT NOT NULL,
                    channel TEXT NOT NULL,
                    state TEXT NOT NULL,
                    attempt INTEGER NOT NULL,
                    due_at INTEGER NOT NULL,
                    error TEXT,
                    PRIMARY KEY (alert, channel)
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 'waiting';
                """, onPostgres: [("only INTEGER PRIMARY KEY CHECK (only", "\"only\" INTEGER PRIMARY KEY CHECK (\"only\"")]),
    ]
}

/// Monitors and their reports in SQL.
package struct SQLMonitorStore: MonitorStore {
    private let database: Database

    package init(database: Database) { self.database = database }

    package func monitor(endpoint: String) async throws -> Monitor? {
        try await database.read { connection in
            try connection.first("SELECT document FROM monitors WHERE endpoint = ?", [.text(endpoint)]) {
                try Monitor(json: try JSONValue.parse($0.text(0)))
            }
        }
    }

    package func save(_ monitor: Monitor, report: WindowReport?, events: [EventDraft]) async throws {
        try await database.write { connection in
            try connection.execute(
                """
                INSERT INTO monitors VALUES (?, ?, ?) ON CONFLICT (endpoint) DO UPDATE
                SET revision = excluded.revision, document = excluded.document WHERE monitors.revision < excluded.revision
                """, [.text(monitor.endpoint), .int(monitor.revision), .text(JSONValue.object(monitor.json).text)])
            guard connection.changes == 1 else {
                throw JidokaError(.conflict, "the monitor of `\(monitor.endpoint)` was changed by another")
            }
            if let report { try SQLMonitorStore.put(report, on: connection) }
            try EventTable.append(events, on: connection)
        }
    }

    package func update(_ report: WindowReport, events: [EventDraft]) async throws {
        try await database.write { connection in
            try SQLMonitorStore.put(report, on: connection)
            try EventTable.append(events, on: connection)
        }
    }

    private static func put(_ report: WindowReport, on connection: Connection) throws {
        try connection.execute(
            "INSERT INTO window_reports VALUES (?, ?, ?) ON CONFLICT (endpoint, number) DO UPDATE SET document = excluded.document",
            [.text(report.endpoint), .int(report.number), .text(JSONValue.object(report.json).text)])
    }

    package func reports(endpoint: String, limit: Int) async throws -> [WindowReport] {
        guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
        return try await database.read { connection in
            try connection.map(
                "SELECT document FROM window_reports WHERE endpoint = ? ORDER BY number DESC LIMIT ?",
                [.text(endpoint), .int(Int64(limit))]
            ) { try WindowReport(json: try JSONValue.parse($0.text(0))) }
        }
    }

    package func report(endpoint: String, number: Int64) async throws -> WindowReport? {
        try await database.read { connection in
            try connection.first("SELECT document FROM window_reports WHERE endpoint = ? AND number = ?", [.text(endpoint), .int(number)]) {
                try WindowReport(json: try JSONValue.parse($0.text(0)))
            }
        }
    }
}
