import Errors
import Filters
import JSON
import Synchronization
import Tracing

/// What every `TraceSearchStore` does.
package enum TraceSearchContract {
    package static let checks: [ContractCheck<TracingStores>] = [
        ContractCheck("filters find traces", filters), ContractCheck("assessments are found", assessments),
        ContractCheck("a session's assessment counts for its traces", session), ContractCheck("pages and orders", pages),
        ContractCheck("figures are measured", measures),
    ]

    private static func ids(_ stores: TracingStores, _ filter: String) async throws -> [String] {
        let search = TraceSearch(experimentIDs: ["1", "x"], filter: try TraceFilter.parse(filter))
        return try await stores.searches.search(search).items.map(\.id)
    }

    @Sendable private static func filters(_ stores: TracingStores) async throws {
        let attributes = #"{"model":"\"gpt-4\"","n":"3","mlflow.spanInputs":"{\"question\": \"Grüße, Welt\"}"}"#
        try await stores.append([TracingStores.span("tr-1", "a", name: "chat", attributes: attributes)], rootState: .ok)
        try await stores.append(
            [TracingStores.span("tr-2", "a", name: "plan", start: 2_000_000), TracingStores.span("tr-2", "b", parent: "a", name: "chat")],
            rootState: .error)
        try await stores.traces.setTag(key: TraceKey.name, value: "first", id: "tr-1")
        try await stores.traces.setTag(key: "team", value: "Red", id: "tr-1")
        try await stores.traces.link(prompts: ["greeting/2"], traceID: "tr-1")
        try await stores.traces.link(traceIDs: ["tr-2", "tr-9"], run: "r1")
        let expected: [(String, [String])] = [
            ("status = 'OK'", ["tr-1"]), ("trace.status != 'OK'", ["tr-2"]), ("status IN ('OK', 'ERROR')", ["tr-1", "tr-2"]),
            ("name = 'first'", ["tr-1"]), ("tags.team ILIKE 'r%'", ["tr-1"]), ("tag.team LIKE 'r%'", []),
            ("tag.team RLIKE '^R.d$'", ["tr-1"]),
            ("tag.team IS NULL", ["tr-2"]), ("metadata.`mlflow.trace.session` = 'a'", ["tr-1", "tr-2"]), ("run_id = 'r1'", ["tr-2"]),
            ("prompt = 'greeting/2'", ["tr-1"]), ("timestamp_ms >= 1 AND execution_time < 100", ["tr-1", "tr-2"]),
            ("span.name = 'chat'", ["tr-1", "tr-2"]), ("span.name = 'plan' AND span.type = 'CHAIN'", ["tr-2"]),
            ("span.name = 'plan' AND span.content LIKE '%chat%'", []), ("span.attributes.model = 'gpt-4'", ["tr-1"]),
            ("span.attributes.model LIKE '%gpt%'", ["tr-1"]), ("span.attributes.model RLIKE '^gpt-[0-9]$'", ["tr-1"]),
            ("span.attributes.n = '3'", ["tr-1"]), ("text LIKE '%Welt%'", ["tr-1"]), ("trace.text ILIKE '%QUESTION%'", ["tr-1"]),
        ]
        for (filter, wanted) in expected { try Broken.unless(Set(try await ids(stores, filter)), is: Set(wanted), filter) }
        try Broken.unless(try await stores.searches.search(TraceSearch(experimentIDs: ["2"])).items.isEmpty, "another experiment")
        let counts = try await stores.searches.counts(
            of: [.everything, try TraceFilter.parse("status = 'OK'")], experiments: ["1"])
        try Broken.unless(counts, is: [2, 1], "counted")
    }

    @Sendable private static func assessments(_ stores: TracingStores) async throws {
        for (id, value) in [("tr-1", JSONValue.bool(true)), ("tr-2", 0.4), ("tr-3", "good")] {
            try await stores.append([TracingStores.span(id, "a")], rootState: .ok)
            try await stores.assessments.create(
                TracingStores.assessment("a-\(id)", trace: id, value: value), event: TracingStores.event("assessment.logged"))
        }
        let expectation = TracingStores.assessment("a-x", trace: "tr-1", name: "answer", kind: .expectation, value: "42")
        try await stores.assessments.create(expectation, event: TracingStores.event("assessment.logged"))
        let expected: [(String, [String])] = [
            ("feedback.q = 'true'", ["tr-1"]), ("feedback.q = 'good'", ["tr-3"]), ("feedback.q > 0.3", ["tr-2"]),
            ("feedback.q != 'good'", ["tr-1", "tr-2"]), ("expectation.answer = '42'", ["tr-1"]), ("feedback.answer = '42'", []),
            ("expectation.answer IS NULL", ["tr-2", "tr-3"]), ("feedback.q IS NOT NULL AND feedback.q RLIKE 'g.*d'", ["tr-3"]),
        ]
        for (filter, wanted) in expected { try Broken.unless(Set(try await ids(stores, filter)), is: Set(wanted), filter) }
    }

    @Sendable private static func session(_ stores: TracingStores) async throws {
        for id in ["tr-1", "tr-2"] { try await stores.append([TracingStores.span(id, "a")], rootState: .ok) }
        let judged = TracingStores.assessment("a-1", trace: "tr-1", value: "good", metadata: [TraceKey.session: "a"])
        try await stores.assessments.create(judged, event: TracingStores.event("assessment.logged"))
        try Broken.unless(Set(try await ids(stores, "feedback.q = 'good'")), is: ["tr-1", "tr-2"], "both traces of the session")
    }

    @Sendable private static func pages(_ stores: TracingStores) async throws {
        for (index, id) in ["tr-1", "tr-2", "tr-3"].enumerated() {
            try await stores.append([TracingStores.span(id, "a", start: Int64(index) * 1_000_000, end: 9_000_000)], rootState: .ok)
        }
        try await stores.traces.setTag(key: "o", value: "z", id: "tr-3")
        try await stores.traces.setTag(key: "o", value: "a", id: "tr-1")
        func page(_ orders: [String], offset: Int = 0, limit: Int = 10) async throws -> TracePage {
            try await stores.searches.search(
                TraceSearch(experimentIDs: ["1"], orders: try TraceFilter.orders(orders), offset: offset, limit: limit))
        }
        try Broken.unless(try await page([]).items.map(\.id), is: ["tr-3", "tr-2", "tr-1"], "the newest first")
        try Broken.unless(try await page(["timestamp ASC"]).items.map(\.id), is: ["tr-1", "tr-2", "tr-3"], "the oldest first")
        try Broken.unless(try await page(["execution_time_ms DESC"]).items.map(\.id), is: ["tr-1", "tr-2", "tr-3"], "the longest first")
        try Broken.unless(try await page(["tag.o DESC"]).items.map(\.id), is: ["tr-3", "tr-1", "tr-2"], "without the tag last")
        let first = try await page([], limit: 2)
        try Broken.unless(first.nextOffset, is: 2, "there are more")
        let second = try await page([], offset: 2, limit: 2)
        try Broken.unless(second.items.map(\.id), is: ["tr-1"], "the rest")
        try Broken.unless(second.nextOffset == nil, "is the last")
    }

    @Sendable private static func measures(_ stores: TracingStores) async throws {
        for (index, id) in ["tr-1", "tr-2"].enumerated() {
            try await stores.append(
                [TracingStores.span(id, "a", start: 0, end: Int64(index + 1) * 1_000_000, usage: ["input_tokens": 7])], rootState: .ok)
            try await stores.traces.setTag(key: TraceKey.name, value: "n\(index)", id: id)
            try await stores.assessments.create(
                TracingStores.assessment("a-\(id)", trace: id, value: .bool(index == 0)), event: TracingStores.event("x"))
        }
        func values(_ view: TraceMetricView, _ metric: String, _ dimensions: [String] = [], _ filters: [TraceMetricFilter] = [])
            async throws
            -> Set<String>
        {
            let query = TraceMetricQuery(
                experimentIDs: ["1"], view: view, metric: metric, aggregations: [.count], dimensions: dimensions, filters: filters)
            let found = Mutex<[String]>([])
            try await stores.searches.measure(query) { measure in
                let text = "\(measure.value.map { String($0) } ?? measure.distinct ?? "-") \(measure.dimensions.map { $0 ?? "nil" })"
                found.withLock { $0.append(text) }
            }
            return Set(found.withLock { $0 })
        }
        try Broken.unless(try await values(.traces, "latency", ["trace_name"]), is: ["1.0 [\"n0\"]", "2.0 [\"n1\"]"], "latency")
        try Broken.unless(try await values(.traces, "session_count"), is: ["a []"], "sessions")
        try Broken.unless(try await values(.traces, "input_tokens"), is: ["7.0 []"], "tokens")
        try Broken.unless(try await values(.spans, "span_count", ["span_type"], [.spanName("f")]), is: ["- [\"CHAIN\"]"], "spans")
        try Broken.unless(
            try await values(.assessments, "assessment_value", ["assessment_name"]), is: ["1.0 [\"q\"]", "0.0 [\"q\"]"], "judgements")
        try Broken.unless(
            try await values(.traces, "latency", [], [.traceTag(key: TraceKey.name, value: "n1")]), is: ["2.0 []"], "filtered")
    }
}
