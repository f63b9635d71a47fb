/// A span as stores keep it: what searches compare as columns, and all of it as JSON.
package struct StoredSpan: Sendable, Equatable {
    /// `tr-…`
    package var traceID: String
    /// 16 hexadecimal digits.
    package var id: String
    package var parentID: String?
    package var name: String
    /// `LLM`, `CHAIN`, `UNKNOWN`, …; nil when nobody said.
    package var type: String?
    /// `OK`, `ERROR` or `UNSET`.
    package var status: String
    /// Nanoseconds since 1970.
    package var start: Int64
    package var end: Int64?
    /// The span in the form of MLflow's `traces.json`, without whitespace: `{"trace_id": base64, "span_id": base64, "parent_span_id",
    /// "name", "start_time_unix_nano", "end_time_unix_nano", "events": […], "status": {"code", "message"}, "attributes": {key: JSON text},
    /// "links": […]}`. It is what the UI and clients are answered, byte for byte.
    package var content: String
    /// Tokens by kind (`input_tokens`, …) that this span and what it called used.
    package var usage: [String: Double]
    /// US dollars by kind (`input_cost`, `output_cost`, `total_cost`).
    package var cost: [String: Double]
    package var model: String?
    package var provider: String?

    package init(
        traceID: String, id: String, parentID: String?, name: String, type: String?, status: String, start: Int64, end: Int64?,
        content: String, usage: [String: Double] = [:], cost: [String: Double] = [:], model: String? = nil, provider: String? = nil
    ) {
        self.traceID = traceID
        self.id = id
        self.parentID = parentID
        self.name = name
        self.type = type
        self.status = status
        self.start = start
        self.end = end
        self.content = content
        self.usage = usage
        self.cost = cost
        self.model = model
        self.provider = provider
    }
}

/// The spans of one trace that arrived together, and what they tell about the trace.
package struct TraceSpans: Sendable, Equatable {
    package var traceID: String
    package var spans: [StoredSpan]
    /// Of all these spans, milliseconds.
    package var firstStart: Int64
    package var lastEnd: Int64?
    /// From a root among them; nil when there is none.
    package var rootState: TraceState?
    package var requestPreview: String?
    package var responsePreview: String?
    /// Tags that the root or the sending process give the trace.
    package var tags: [String: String]
    /// Metadata that is set where the trace has none of that key.
    package var metadata: [String: String]

    package init(
        traceID: String, spans: [StoredSpan], firstStart: Int64, lastEnd: Int64?, rootState: TraceState? = nil,
        requestPreview: String? = nil, responsePreview: String? = nil, tags: [String: String] = [:], metadata: [String: String] = [:]
    ) {
        self.traceID = traceID
        self.spans = spans
        self.firstStart = firstStart
        self.lastEnd = lastEnd
        self.rootState = rootState
        self.requestPreview = requestPreview
        self.responsePreview = responsePreview
        self.tags = tags
        self.metadata = metadata
    }
}

/// Sums over the spans of a trace, where a span's figure includes those of the spans below it: a span with a figure hides its descendants.
package enum SpanTree {
    package struct Node: Sendable {
        package var id: String
        package var parent: String?
        package var figures: [String: Double]

        package init(id: String, parent: String?, figures: [String: Double]) {
            self.id = id
            self.parent = parent
            self.figures = figures
        }
    }

    /// By kind; empty when no span has figures. A parent that is not among the nodes makes a root; a circle counts nothing.
    package static func total(_ nodes: [Node]) -> [String: Double] {
        let known = Set(nodes.map(\.id))
        var children: [String: [Node]] = [:]
        var open: [Node] = []
        for node in nodes {
            if let parent = node.parent, known.contains(parent), parent != node.id {
                children[parent, default: []].append(node)
            } else {
                open.append(node)
            }
        }
        var total: [String: Double] = [:]
        while let node = open.popLast() {
            if node.figures.isEmpty {
                open += children[node.id] ?? []
            } else {
                for (kind, figure) in node.figures { total[kind, default: 0] += figure }
            }
        }
        return total
    }
}
