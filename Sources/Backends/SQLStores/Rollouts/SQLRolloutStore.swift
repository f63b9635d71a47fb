import Clockwork
import Errors
package import Events
import JSON
package import Rollouts
package import SQL

/// Rollouts in SQL; a unique index keeps one active rollout an endpoint.
package struct SQLRolloutStore: RolloutStore {
    private let database: Database

    package init(database: Database) { self.database = database }

    package func create(_ rollout: Rollout, event: EventDraft) async throws {
        try await database.write { connection in
            let active = try connection.first("SELECT id FROM rollouts WHERE endpoint = ? AND final = 0", [.text(rollout.endpoint)]) {
                $0.text(0)
            }
            if let active {
                throw JidokaError(
                    .conflict, "endpoint `\(rollout.endpoint)` has a rollout under way: \(active)",
                    hint: "wait for it, or end it with `jidoka rollout rollback \(active) --reason TEXT`")
            }
            try connection.execute(
                "INSERT INTO rollouts VALUES (?, ?, ?, ?, ?, ?)",
                [
                    .text(rollout.id), .text(rollout.endpoint), .int(rollout.startedAt.microseconds), SQLValue(rollout.state.isFinal),
                    .int(rollout.revision), .text(JSONValue.object(rollout.json).text),
                ])
            try EventTable.append([event], on: connection)
        }
    }

    package func update(_ rollout: Rollout, events: [EventDraft]) async throws {
        try await database.write { connection in
            try connection.execute(
                "UPDATE rollouts SET final = ?, revision = ?, document = ? WHERE id = ? AND revision < ?",
                [
                    SQLValue(rollout.state.isFinal), .int(rollout.revision), .text(JSONValue.object(rollout.json).text), .text(rollout.id),
                    .int(rollout.revision),
                ])
            guard connection.changes == 1 else { throw JidokaError(.conflict, "rollout `\(rollout.id)` was changed by another") }
            try EventTable.append(events, on: connection)
        }
    }

    package func rollout(_ id: String) async throws -> Rollout? {
        try await database.read { connection in
            try connection.first("SELECT document FROM rollouts WHERE id = ?", [.text(id)], SQLRolloutStore.rollout)
        }
    }

    package func rollouts(endpoint: String?, limit: Int) async throws -> [Rollout] {
        guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
        let condition: (sql: String, bindings: [SQLValue]) = endpoint.map { ("WHERE endpoint = ?", [.text($0)]) } ?? ("", [])
        return try await database.read { connection in
            try connection.map(
                "SELECT document FROM rollouts \(condition.sql) ORDER BY started_at DESC, id DESC LIMIT ?",
                condition.bindings + [.int(Int64(limit))], SQLRolloutStore.rollout)
        }
    }

    package func unfinished() async throws -> [Rollout] {
        try await database.read {
            try $0.map("SELECT document FROM rollouts WHERE final = 0 ORDER BY started_at, id", [], SQLRolloutStore.rollout)
        }
    }

    private static func rollout(_ row: Row) throws -> Rollout { try Rollout(json: try JSONValue.parse(row.text(0))) }
}
