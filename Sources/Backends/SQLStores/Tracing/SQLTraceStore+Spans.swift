import JSON
import SQL
package import Tracing

extension SQLTraceStore {
    package func append(_ traces: [TraceSpans], experimentID: String, artifactRoot: String, run: String?) async throws {
        let experiment = SQLValue(Int64(experimentID))
        try await database.write { connection in
            for trace in traces {
                try SQLTraceStore.append(trace, experiment, "\(artifactRoot)/\(trace.traceID)/artifacts", run, on: connection)
            }
        }
    }

    private static func append(
        _ trace: TraceSpans, _ experiment: SQLValue, _ artifacts: String, _ run: String?, on connection: Connection
    ) throws {
        let number = try settle(trace, experiment, artifacts, on: connection)
        for span in trace.spans { try put(span, number, on: connection) }
        try set("trace_tags", TraceKey.spansLocation, TraceKey.storedHere, number, on: connection)
        for (key, value) in trace.tags { try set("trace_tags", key, value, number, on: connection) }
        for (key, value) in trace.metadata {
            try connection.execute(
                "INSERT INTO trace_metadata (trace, key, value) VALUES (?, ?, ?) ON CONFLICT (trace, key) DO NOTHING",
                [.int(number), .text(key), .text(value)])
        }
        if trace.spans.contains(where: { !$0.usage.isEmpty }) { try sum("usage", TraceKey.tokenUsage, number, on: connection) }
        if trace.spans.contains(where: { !$0.cost.isEmpty }) { try sum("cost", TraceKey.cost, number, on: connection) }
        if let run, trace.rootState != nil { try link(number, "run", run, on: connection) }
    }

    /// Makes the trace, or stretches the one that is there, unless its client has told the times itself.
    private static func settle(
        _ trace: TraceSpans, _ experiment: SQLValue, _ artifacts: String, on connection: Connection
    ) throws -> Int64 {
        guard let number = try number(trace.traceID, on: connection) else {
            let made = try connection.first(
                "INSERT INTO traces (id, experiment, request_time, duration, state, request_preview, response_preview)"
                    + " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING number",
                [
                    .text(trace.traceID), experiment, .int(trace.firstStart), SQLValue(trace.lastEnd.map { $0 - trace.firstStart }),
                    .text((trace.rootState ?? .inProgress).rawValue), SQLValue(trace.requestPreview), SQLValue(trace.responsePreview),
                ]
            ) { $0.int(0) }
            guard let made else { throw TracingErrors.noTrace(trace.traceID) }
            try set("trace_tags", TraceKey.artifactLocation, artifacts, made, on: connection)
            return made
        }
        let told = try metadata(TraceKey.finalized, number, on: connection) != nil
        let row = try connection.first("SELECT request_time, duration, state FROM traces WHERE number = ?", [.int(number)]) {
            ($0.int(0), $0.optionalInt(1), $0.text(2))
        }
        guard let (oldStart, oldDuration, state) = row else { throw TracingErrors.noTrace(trace.traceID) }
        let start = told ? oldStart : min(oldStart, trace.firstStart)
        let lastEnd = [oldDuration.map { oldStart + $0 }, trace.lastEnd].compactMap(\.self).max()
        let duration = told ? oldDuration : lastEnd.map { $0 - start }
        let open = state == TraceState.inProgress.rawValue || state == TraceState.unspecified.rawValue
        try connection.execute(
            "UPDATE traces SET request_time = ?, duration = ?, state = ?, request_preview = coalesce(request_preview, ?),"
                + " response_preview = coalesce(response_preview, ?) WHERE number = ?",
            [
                .int(start), SQLValue(duration), .text(open ? trace.rootState?.rawValue ?? state : state),
                SQLValue(trace.requestPreview), SQLValue(trace.responsePreview), .int(number),
            ])
        return number
    }

    private static func put(_ span: StoredSpan, _ trace: Int64, on connection: Connection) throws {
        try connection.execute(
            """
            INSERT INTO spans (trace, id, parent, name, type, status, started, ended, content, usage, cost, model, provider)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (trace, id) DO UPDATE SET parent = excluded.parent, name = excluded.name, type = excluded.type,
                status = excluded.status, started = excluded.started, ended = excluded.ended, content = excluded.content,
                usage = excluded.usage, cost = excluded.cost, model = excluded.model, provider = excluded.provider
            """,
            [
                .int(trace), .text(span.id), SQLValue(span.parentID), .text(span.name), SQLValue(span.type), .text(span.status),
                .int(span.start), SQLValue(span.end), .text(span.content), SQLValue(figures(span.usage)), SQLValue(figures(span.cost)),
                SQLValue(span.model), SQLValue(span.provider),
            ])
    }

    private static func metadata(_ key: String, _ trace: Int64, on connection: Connection) throws -> String? {
        try connection.first("SELECT value FROM trace_metadata WHERE trace = ? AND key = ?", [.int(trace), .text(key)]) { $0.text(0) }
    }

    /// The sum of a figure over the trace, unless its client gave one.
    private static func sum(_ column: String, _ key: String, _ trace: Int64, on connection: Connection) throws {
        let told = try metadata(TraceKey.finalized, trace, on: connection) != nil
        if told, try metadata(key, trace, on: connection) != nil { return }
        let nodes = try connection.map("SELECT id, parent, \(column) FROM spans WHERE trace = ?", [.int(trace)]) { row in
            SpanTree.Node(id: row.text(0), parent: row.optionalText(1), figures: row.optionalText(2).map(SQLTraceStore.figures) ?? [:])
        }
        let total = SpanTree.total(nodes)
        guard !total.isEmpty else { return }
        try set("trace_metadata", key, AttributeText.dump(object(total)), trace, on: connection)
    }

    static func figures(_ figures: [String: Double]) -> String? { figures.isEmpty ? nil : object(figures).text }

    static func figures(_ text: String) -> [String: Double] {
        var figures: [String: Double] = [:]
        for (key, value) in AttributeText.load(text).objectValue ?? [:] { if let number = value.doubleValue { figures[key] = number } }
        return figures
    }

    /// Input before output before total, and whole numbers without a point: as clients write them.
    private static func object(_ figures: [String: Double]) -> JSONValue {
        let order = ["input_tokens", "output_tokens", "total_tokens", "input_cost", "output_cost", "total_cost"]
        let keys = order.filter { figures[$0] != nil } + figures.keys.filter { !order.contains($0) }.sorted()
        return .object(
            JSONObject(
                keys.map { key in
                    let number = figures[key] ?? 0
                    return (
                        key: key,
                        value: key.hasSuffix("cost") ? .double(number) : Int64(exactly: number).map(JSONValue.int) ?? .double(number)
                    )
                }))
    }
}
