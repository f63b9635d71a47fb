package import Clockwork
import Errors
package import Registry
package import SQL

/// The history of aliases and stages in SQL.
package struct SQLModelHistory: ModelHistory {
    private let database: Database

    package init(database: Database) { self.database = database }

    package func aliasMoves(name: String, alias: String?, limit: Int) async throws -> [LabelMove] {
        try check(limit)
        return try await database.read { connection in
            let model = try ModelRows.number(of: name, on: connection)
            return try connection.map(
                "SELECT alias, version, version_before, time, actor, reason FROM alias_history WHERE model = ?"
                    + (alias == nil ? "" : " AND alias = ?") + " ORDER BY time DESC, number DESC LIMIT ?",
                [.int(model)] + (alias.map { [.text($0)] } ?? []) + [.int(Int64(limit))]
            ) { row in
                LabelMove(
                    label: .alias(row.text(0)), after: row.optionalInt(1).map { String($0) }, before: row.optionalInt(2).map { String($0) },
                    time: Timestamp(microseconds: row.int(3)), actor: row.text(4), reason: row.text(5))
            }
        }
    }

    package func stageMoves(name: String, stage: ModelStage?, limit: Int) async throws -> [LabelMove] {
        try check(limit)
        return try await database.read { connection in
            let model = try ModelRows.number(of: name, on: connection)
            let wanted = stage.map { [SQLValue.text($0.rawValue), .text($0.rawValue)] } ?? []
            return try connection.map(
                "SELECT version, stage, stage_before, time, actor, reason FROM stage_history WHERE model = ?"
                    + (stage == nil ? "" : " AND (stage = ? OR stage_before = ?)") + " ORDER BY time DESC, number DESC LIMIT ?",
                [.int(model)] + wanted + [.int(Int64(limit))]
            ) { row in
                LabelMove(
                    label: .stage(version: Int(row.int(0))), after: row.optionalText(1), before: row.optionalText(2),
                    time: Timestamp(microseconds: row.int(3)), actor: row.text(4), reason: row.text(5))
            }
        }
    }

    package func version(name: String, alias: String, at time: Timestamp) async throws -> Int? {
        try await database.read { connection in
            let model = try ModelRows.number(of: name, on: connection)
            let newest = try connection.first(
                "SELECT version FROM alias_history WHERE model = ? AND alias = ? AND time <= ? ORDER BY time DESC, number DESC LIMIT 1",
                [.int(model), .text(alias), .int(time.microseconds)]
            ) { $0.optionalInt(0).map { Int($0) } }
            return newest ?? nil
        }
    }

    package func version(name: String, stage: ModelStage, at time: Timestamp) async throws -> Int? {
        try await database.read { connection in
            let model = try ModelRows.number(of: name, on: connection)
            // A version that was never moved is in stage None from its registration on.
            let highest = try connection.first(
                "SELECT max(v.version) FROM model_versions v WHERE v.model = ? AND v.created_at <= ?"
                    + " AND (v.deleted_at IS NULL OR v.deleted_at > ?) AND coalesce("
                    + "(SELECT h.stage FROM stage_history h WHERE h.model = v.model AND h.version = v.version AND h.time <= ?"
                    + " ORDER BY h.time DESC, h.number DESC LIMIT 1), 'None') = ?",
                [.int(model)] + Array(repeating: .int(time.microseconds), count: 3) + [.text(stage.rawValue)]
            ) { $0.optionalInt(0).map { Int($0) } }
            return highest ?? nil
        }
    }

    private func check(_ limit: Int) throws {
        guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
    }
}
