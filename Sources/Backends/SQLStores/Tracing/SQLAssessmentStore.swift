import Errors
package import Events
import JSON
package import SQL
package import Tracing

/// Assessments in SQL.
package struct SQLAssessmentStore: AssessmentStore {
    private let database: Database

    package init(database: Database) { self.database = database }

    package func create(_ assessment: Assessment, event: EventDraft) async throws {
        try await database.write { connection in
            let trace = try SQLTraceStore.require(assessment.traceID, on: connection)
            let count = try connection.first("SELECT count(*) FROM assessments WHERE trace = ?", [.int(trace)]) { $0.int(0) } ?? 0
            guard count < Int64(TracingLimits.assessmentsMax) else {
                throw JidokaError(
                    .invalidArgument, "the trace has \(count) assessments already", hint: "delete some, or update the existing ones")
            }
            if let replaced = assessment.overrides {
                try connection.execute(
                    "UPDATE assessments SET valid = 0 WHERE trace = ? AND id = ?", [.int(trace), .text(replaced)])
                guard connection.changes == 1 else { throw TracingErrors.noAssessment(replaced, trace: assessment.traceID) }
            }
            try AssessmentRows.put(assessment, trace, on: connection)
            try EventTable.append([event], on: connection)
        }
    }

    package func assessment(id: String, traceID: String) async throws -> Assessment {
        try await database.read { try AssessmentRows.require(id, traceID, on: $0).assessment }
    }

    package func update(
        id: String, traceID: String, event: EventDraft, _ change: @escaping @Sendable (Assessment) throws -> Assessment
    ) async throws -> Assessment {
        try await database.write { connection in
            let (trace, old) = try AssessmentRows.require(id, traceID, on: connection)
            let new = try change(old)
            try AssessmentRows.put(new, trace, on: connection)
            try EventTable.append([event], on: connection)
            return new
        }
    }

    package func delete(id: String, traceID: String, event: EventDraft) async throws -> Bool {
        try await database.write { connection in
            let trace = try SQLTraceStore.require(traceID, on: connection)
            guard let old = try AssessmentRows.one(id, trace, traceID, on: connection) else { return false }
            if let replaced = old.overrides {
                try connection.execute(
                    "UPDATE assessments SET valid = 1 WHERE trace = ? AND id = ?", [.int(trace), .text(replaced)])
            }
            try connection.execute("DELETE FROM assessments WHERE trace = ? AND id = ?", [.int(trace), .text(id)])
            try EventTable.append([event], on: connection)
            return true
        }
    }
}

/// Assessments as rows.
enum AssessmentRows {
    private static let columns =
        "id, name, kind, value, error, source_type, source_id, rationale, metadata, span, created_at, updated_at, overrides, valid"

    static func put(_ one: Assessment, _ trace: Int64, on connection: Connection) throws {
        let error = one.error.map { error in
            JSONValue.object([
                "error_code": .string(error.code), "error_message": JSONValue(error.message), "stack_trace": JSONValue(error.stackTrace),
            ]).text
        }
        let metadata = JSONValue.object(JSONObject(one.metadata.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })).text
        try connection.execute(
            """
            INSERT INTO assessments (trace, number, figure, of_session, \(columns))
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET number = excluded.number, figure = excluded.figure, of_session = excluded.of_session,
                name = excluded.name, value = excluded.value, error = excluded.error, rationale = excluded.rationale,
                metadata = excluded.metadata, updated_at = excluded.updated_at, valid = excluded.valid
            """,
            [
                .int(trace), SQLValue(one.number), SQLValue(one.figure), SQLValue(one.isOfSession), .text(one.id), .text(one.name),
                .text(one.kind.rawValue), .text(one.value.text), SQLValue(error), .text(one.source.type), .text(one.source.id),
                SQLValue(one.rationale), .text(metadata), SQLValue(one.spanID), .int(one.createdAt), .int(one.updatedAt),
                SQLValue(one.overrides), SQLValue(one.isValid),
            ])
    }

    static func all(of trace: Int64, traceID: String, on connection: Connection) throws -> [Assessment] {
        try connection.map("SELECT \(columns) FROM assessments WHERE trace = ? ORDER BY created_at, id", [.int(trace)]) {
            read($0, traceID)
        }
    }

    static func one(_ id: String, _ trace: Int64, _ traceID: String, on connection: Connection) throws -> Assessment? {
        try connection.first("SELECT \(columns) FROM assessments WHERE trace = ? AND id = ?", [.int(trace), .text(id)]) {
            read($0, traceID)
        }
    }

    static func require(_ id: String, _ traceID: String, on connection: Connection) throws -> (trace: Int64, assessment: Assessment) {
        let trace = try SQLTraceStore.require(traceID, on: connection)
        guard let found = try one(id, trace, traceID, on: connection) else { throw TracingErrors.noAssessment(id, trace: traceID) }
        return (trace, found)
    }

    private static func read(_ row: Row, _ traceID: String) -> Assessment {
        let error = row.optionalText(4).map(AttributeText.load)
        var metadata: [String: String] = [:]
        for (key, value) in AttributeText.load(row.text(8)).objectValue ?? [:] { metadata[key] = value.stringValue ?? value.text }
        return Assessment(
            id: row.text(0), traceID: traceID, name: row.text(1), kind: Assessment.Kind(rawValue: row.text(2)) ?? .feedback,
            value: AttributeText.load(row.text(3)),
            error: error.map {
                AssessmentError(
                    code: $0["error_code"]?.stringValue ?? "", message: $0["error_message"]?.stringValue,
                    stackTrace: $0["stack_trace"]?.stringValue)
            }, source: AssessmentSource(type: row.text(5), id: row.text(6)), rationale: row.optionalText(7), metadata: metadata,
            spanID: row.optionalText(9), createdAt: row.int(10), updatedAt: row.int(11), overrides: row.optionalText(12),
            isValid: row.bool(13))
    }
}
