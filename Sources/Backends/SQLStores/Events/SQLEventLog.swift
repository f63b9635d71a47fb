package import Clockwork
import Errors
package import Events
package import SQL

/// The event log in SQL.
package struct SQLEventLog: EventLog {
    private let database: Database
    private let time: any TimeSource
    /// How soon a waiting reader sees a new event.
    private static let pollInterval = Duration.milliseconds(50)

    package init(database: Database, time: any TimeSource) {
        self.database = database
        self.time = time
    }

    @discardableResult
    package func append(_ drafts: [EventDraft]) async throws -> [Event] {
        try await database.write { try EventTable.append(drafts, on: $0) }
    }

    package func events(after: Int64, limit: Int, kinds: Set<String>?, subject: EventSubject?) async throws -> [Event] {
        guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
        var clauses = ["sequence > ?"]
        var bindings: [SQLValue] = [.int(after)]
        if let kinds, !kinds.isEmpty {
            clauses.append("kind IN (" + Array(repeating: "?", count: kinds.count).joined(separator: ", ") + ")")
            bindings += kinds.sorted().map(SQLValue.text)
        }
        if let subject {
            clauses.append("subject_type = ? AND subject_id = ?")
            bindings += [.text(subject.type), .text(subject.id)]
        }
        let sql = "SELECT * FROM events WHERE \(clauses.joined(separator: " AND ")) ORDER BY sequence LIMIT ?"
        let all = bindings + [.int(Int64(limit))]
        return try await database.read { try $0.map(sql, all, EventTable.event) }
    }

    package func head() async throws -> (sequence: Int64, hash: String) { try await database.read { try EventTable.head(on: $0) } }

    package func waitForEvents(after: Int64) async throws {
        while try await head().sequence <= after { try await time.sleep(for: SQLEventLog.pollInterval) }
    }
}
