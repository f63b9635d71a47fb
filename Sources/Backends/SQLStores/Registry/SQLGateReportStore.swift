import Clockwork
import Errors
package import Events
import JSON
package import Registry
package import SQL

/// Gate reports in SQL.
package struct SQLGateReportStore: GateReportStore {
    private let database: Database

    package init(database: Database) { self.database = database }

    package func save(_ report: GateReport, events: [EventDraft]) async throws {
        try await database.write { connection in
            try connection.execute(
                "INSERT INTO gate_reports (id, model, version, time, verdict, document) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    .text(report.id), .text(report.model), .int(Int64(report.version)), .int(report.time.microseconds),
                    .text(report.verdict.rawValue), .text(JSONValue.object(report.json).text),
                ])
            try EventTable.append(events, on: connection)
        }
    }

    package func newest(model: String, version: Int) async throws -> GateReport? {
        try await database.read { connection in
            try connection.first(
                "SELECT document FROM gate_reports WHERE model = ? AND version = ? ORDER BY number DESC LIMIT 1",
                [.text(model), .int(Int64(version))]
            ) { try SQLGateReportStore.report($0.text(0)) }
        }
    }

    package func reports(model: String, limit: Int) async throws -> [GateReport] {
        guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
        return try await database.read { connection in
            try connection.map(
                "SELECT document FROM gate_reports WHERE model = ? ORDER BY number DESC LIMIT ?", [.text(model), .int(Int64(limit))]
            ) { try SQLGateReportStore.report($0.text(0)) }
        }
    }

    private static func report(_ text: String) throws -> GateReport {
        guard let report = try JSONValue.parse(text).objectValue.flatMap(GateReport.init(json:)) else {
            throw JidokaError.internal("a stored gate report cannot be read")
        }
        return report
    }
}
