package import JSON

/// A span as OpenTelemetry tells it, before it is kept. Ids are lower-case hexadecimal: 32 digits for the trace, 16 for the span.
package struct SpanDraft: Sendable, Equatable {
    package enum Status: Int, Sendable {
        case unset = 0
        case ok = 1
        case error = 2

        /// As the span's column and searches say it.
        package var name: String {
            switch self {
            case .unset: "UNSET"
            case .ok: "OK"
            case .error: "ERROR"
            }
        }
    }

    /// Something that happened while the span ran.
    package struct Event: Sendable, Equatable {
        package var name: String
        /// Nanoseconds since 1970.
        package var time: Int64
        package var attributes: JSONObject

        package init(name: String, time: Int64, attributes: JSONObject) {
            self.name = name
            self.time = time
            self.attributes = attributes
        }
    }

    /// Another span that this one has to do with.
    package struct Link: Sendable, Equatable {
        package var traceID: String
        package var spanID: String
        package var attributes: JSONObject

        package init(traceID: String, spanID: String, attributes: JSONObject) {
            self.traceID = traceID
            self.spanID = spanID
            self.attributes = attributes
        }
    }

    package var traceID: String
    package var spanID: String
    /// nil for a root.
    package var parentID: String?
    package var name: String
    /// Nanoseconds since 1970.
    package var start: Int64
    /// 0 when it has not ended.
    package var end: Int64
    package var status: Status
    package var statusMessage: String
    package var attributes: JSONObject
    package var events: [Event]
    package var links: [Link]

    package init(
        traceID: String, spanID: String, parentID: String? = nil, name: String, start: Int64, end: Int64, status: Status = .unset,
        statusMessage: String = "", attributes: JSONObject = [:], events: [Event] = [], links: [Link] = []
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.parentID = parentID
        self.name = name
        self.start = start
        self.end = end
        self.status = status
        self.statusMessage = statusMessage
        self.attributes = attributes
        self.events = events
        self.links = links
    }
}

/// Spans that one process sent together, with what it says of itself (`service.name` and the like).
package struct SpanBatch: Sendable, Equatable {
    package var resource: JSONObject
    package var spans: [SpanDraft]

    package init(resource: JSONObject, spans: [SpanDraft]) {
        self.resource = resource
        self.spans = spans
    }
}
