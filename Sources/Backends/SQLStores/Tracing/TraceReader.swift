import JSON
import SQL
import Tracing

/// Reads traces with what hangs on them.
enum TraceReader {
    static func info(_ id: String, on connection: Connection) throws -> TraceInfo? {
        let found = try connection.first(
            "SELECT number, id, experiment, request_time, duration, state, client_request_id, request_preview, response_preview"
                + " FROM traces WHERE id = ?", [.text(id)]
        ) { row in
            (
                row.int(0),
                TraceInfo(
                    id: row.text(1), experimentID: String(row.int(2)), requestTime: row.int(3), duration: row.optionalInt(4),
                    state: TraceState(rawValue: row.text(5)) ?? .unspecified, clientRequestID: row.optionalText(6),
                    requestPreview: row.optionalText(7), responsePreview: row.optionalText(8))
            )
        }
        guard let (number, info) = found else { return nil }
        var trace = info
        trace.tags = try pairs("trace_tags", number, on: connection)
        trace.metadata = try pairs("trace_metadata", number, on: connection)
        trace.assessments = try AssessmentRows.all(of: number, traceID: info.id, on: connection)
        return trace
    }

    private static func pairs(_ table: String, _ trace: Int64, on connection: Connection) throws -> [String: String] {
        var pairs: [String: String] = [:]
        try connection.forEach("SELECT key, value FROM \(table) WHERE trace = ?", [.int(trace)]) { pairs[$0.text(0)] = $0.text(1) }
        return pairs
    }
}
