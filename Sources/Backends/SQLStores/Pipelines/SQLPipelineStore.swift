import Clockwork
import Errors
package import Events
import JSON
package import Pipelines
package import SQL

/// Pipeline runs as documents beside the columns that are searched, and the step cache.
package enum PipelineSchema {
    package static let migrations = [
        Migration(
            name: "pipelines-0001-runs",
            sql: """
                CREATE TABLE pipeline_runs (
                    id TEXT PRIMARY KEY,
                    request TEXT UNIQUE,
                    created_at INTEGER NOT NULL,
                    final INTEGER NOT NULL,
                    revision INTEGER NOT NULL,
                    document TEXT NOT NULL
                ) STRICT;
                CREATE INDEX pipeline_runs_created ON pipeline_runs (created_at DESC);
                CREATE INDEX pipeline_runs_unfinished ON pipeline_runs (created_at) WHERE final = 0;
                CREATE TABLE step_cache (key TEXT PRIMARY KEY, run TEXT NOT NULL) STRICT;
                """)
    ]
}

/// Pipeline runs in SQL.
package struct SQLPipelineStore: PipelineStore {
    private let database: Database

    package init(database: Database) { self.database = database }

    package func create(_ run: PipelineRun, event: EventDraft) async throws {
        try await database.write { connection in
            if let request = run.request,
                try connection.first("SELECT 1 FROM pipeline_runs WHERE request = ?", [.text(request)], { $0.int(0) }) != nil
            {
                throw JidokaError.alreadyExists("a pipeline run for request `\(request)` exists")
            }
            try connection.execute(
                "INSERT INTO pipeline_runs VALUES (?, ?, ?, ?, ?, ?)",
                [
                    .text(run.id), SQLValue(run.request), .int(run.createdAt.microseconds), SQLValue(run.status.isFinal),
                    .int(run.revision),
                    .text(JSONValue.object(run.json).text),
                ])
            try EventTable.append([event], on: connection)
        }
    }

    package func update(_ run: PipelineRun, events: [EventDraft]) async throws {
        try await database.write { connection in
            try connection.execute(
                "UPDATE pipeline_runs SET final = ?, revision = ?, document = ? WHERE id = ? AND revision < ?",
                [
                    SQLValue(run.status.isFinal), .int(run.revision), .text(JSONValue.object(run.json).text), .text(run.id),
                    .int(run.revision),
                ])
            guard connection.changes == 1 else { throw JidokaError(.conflict, "pipeline run `\(run.id)` was changed by another") }
            try EventTable.append(events, on: connection)
        }
    }

    package func run(_ id: String) async throws -> PipelineRun? { try await one("WHERE id = ?", [.text(id)]) }

    package func run(request: String) async throws -> PipelineRun? { try await one("WHERE request = ?", [.text(request)]) }

    private func one(_ condition: String, _ bindings: [SQLValue]) async throws -> PipelineRun? {
        try await database.read { try $0.first("SELECT document FROM pipeline_runs \(condition)", bindings, SQLPipelineStore.run) }
    }

    package func runs(limit: Int) async throws -> [PipelineRun] {
        guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
        return try await database.read { connection in
            try connection.map(
                "SELECT document FROM pipeline_runs ORDER BY created_at DESC, id DESC LIMIT ?", [.int(Int64(limit))], SQLPipelineStore.run)
        }
    }

    package func unfinished() async throws -> [PipelineRun] {
        try await database.read {
            try $0.map("SELECT document FROM pipeline_runs WHERE final = 0 ORDER BY created_at", [], SQLPipelineStore.run)
        }
    }

    package func cached(key: String) async throws -> String? {
        try await database.read { try $0.first("SELECT run FROM step_cache WHERE key = ?", [.text(key)]) { $0.text(0) } }
    }

    package func remember(key: String, run: String) async throws {
        try await database.write {
            try $0.execute(
                "INSERT INTO step_cache VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET run = excluded.run", [.text(key), .text(run)])
        }
    }

    private static func run(_ row: Row) throws -> PipelineRun { try PipelineRun(json: try JSONValue.parse(row.text(0))) }
}
