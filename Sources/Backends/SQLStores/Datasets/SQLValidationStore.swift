import Clockwork
package import Datasets
import Errors
package import Events
import JSON
package import SQL

/// Validation results in SQL.
package struct SQLValidationStore: ValidationStore {
    private let database: Database

    package init(database: Database) { self.database = database }

    package func record(_ result: ValidationResult, event: EventDraft) async throws {
        let expectations = JSONValue.array(result.expectations.map { .object($0.json) }).text
        try await database.write { connection in
            try connection.execute(
                """
                INSERT INTO dataset_validations (id, dataset, digest, is_version, success, rows, expectations, checked_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(result.id), .text(result.dataset), .text(result.digest), SQLValue(result.isVersion), SQLValue(result.success),
                    .int(result.rows), .text(expectations), .int(result.checkedAt.microseconds),
                ])
            try EventTable.append([event], on: connection)
        }
    }

    package func results(dataset: String, digest: String?, limit: Int) async throws -> [ValidationResult] {
        guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
        let narrowed = digest.map { (clause: " AND digest = ?", bindings: [SQLValue.text($0)]) } ?? (clause: "", bindings: [])
        let sql =
            "SELECT id, dataset, digest, is_version, rows, expectations, checked_at FROM dataset_validations WHERE dataset = ?"
            + narrowed.clause + " ORDER BY sequence DESC LIMIT ?"
        let bindings: [SQLValue] = [.text(dataset)] + narrowed.bindings + [.int(Int64(limit))]
        return try await database.read { connection in
            try connection.map(sql, bindings) { row in
                ValidationResult(
                    id: row.text(0), dataset: row.text(1), digest: row.text(2), isVersion: row.bool(3), rows: row.int(4),
                    expectations: try ValidationResult.expectations(json: JSONValue.parse(row.text(5))),
                    checkedAt: Timestamp(microseconds: row.int(6)))
            }
        }
    }
}
