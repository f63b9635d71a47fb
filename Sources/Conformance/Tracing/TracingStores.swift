import Clockwork
package import Events
import JSON
package import Tracing

/// The stores of tracing over one back end, empty, with experiments 1 and 2, and the log that they write events to.
package struct TracingStores: Sendable {
    package var traces: any TraceStore
    package var searches: any TraceSearchStore
    package var assessments: any AssessmentStore
    package var events: any EventLog

    package init(
        traces: any TraceStore, searches: any TraceSearchStore, assessments: any AssessmentStore, events: any EventLog
    ) {
        self.traces = traces
        self.searches = searches
        self.assessments = assessments
        self.events = events
    }

    static func event(_ kind: String) -> EventDraft {
        EventDraft(kind: kind, subject: EventSubject("trace", "x"), actor: "user:test", reason: "", time: Timestamp(milliseconds: 1))
    }

    func kinds() async throws -> [String] {
        try await events.events(after: 0, limit: 100, kinds: nil, subject: nil).map(\.draft.kind)
    }

    func info(_ id: String) async throws -> TraceInfo? { try await traces.infos(ids: [id], experiments: nil).first }

    static func span(
        _ trace: String, _ id: String, parent: String? = nil, name: String = "f", start: Int64 = 1_000_000, end: Int64 = 3_000_000,
        attributes: String = "{}", usage: [String: Double] = [:]
    ) -> StoredSpan {
        StoredSpan(
            traceID: trace, id: id, parentID: parent, name: name, type: "CHAIN", status: "OK", start: start, end: end,
            content: "{\"name\":\"\(name)\",\"attributes\":\(attributes)}", usage: usage)
    }

    func append(_ spans: [StoredSpan], rootState: TraceState? = nil, run: String? = nil) async throws {
        let first = spans.map(\.start).min() ?? 0
        let last = spans.compactMap(\.end).max()
        let trace = TraceSpans(
            traceID: spans[0].traceID, spans: spans, firstStart: first / 1_000_000, lastEnd: last.map { $0 / 1_000_000 },
            rootState: rootState, requestPreview: "asked", tags: ["service.name": "s"], metadata: [TraceKey.session: "a"])
        try await traces.append([trace], experimentID: "1", artifactRoot: "mlflow-artifacts:/1/traces", run: run)
    }

    static func assessment(
        _ id: String, trace: String, name: String = "q", kind: Assessment.Kind = .feedback, value: JSONValue, overrides: String? = nil,
        metadata: [String: String] = [:]
    ) -> Assessment {
        Assessment(
            id: id, traceID: trace, name: name, kind: kind, value: value, source: AssessmentSource(type: "CODE", id: "t"),
            rationale: "why", metadata: metadata, createdAt: 5, updatedAt: 5, overrides: overrides)
    }
}
