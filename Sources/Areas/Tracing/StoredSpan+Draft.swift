import Errors
import JSON

extension StoredSpan {
    /// What stores keep of a span that came in; `read` are its attributes with what they mean under MLflow's keys.
    /// - Throws: `invalid_argument` when its JSON is larger than 16 MiB.
    fileprivate init(_ draft: SpanDraft, _ read: SpanAttributes) throws {
        var attributes = read
        let traceID = "tr-\(draft.traceID)"
        // Not what the sender says: the id follows from the trace.
        attributes[SpanKey.traceID] = .string(traceID)
        let content = SpanContent.encode(draft, attributes)
        guard content.utf8.count <= TracingLimits.spanBytesMax else {
            throw JidokaError.invalidArgument(
                "the span `\(draft.name.prefix(100))` has \(content.utf8.count) bytes; at most \(TracingLimits.spanBytesMax) are kept",
                hint: "log large inputs and outputs as artifacts")
        }
        self.init(
            traceID: traceID, id: draft.spanID, parentID: draft.parentID, name: draft.name, type: attributes.text(SpanKey.type),
            status: draft.status.name, start: draft.start, end: draft.end > 0 ? draft.end : nil, content: content,
            usage: attributes.figures(SpanKey.usage), cost: attributes.figures(SpanKey.cost), model: attributes.text(SpanKey.model),
            provider: attributes.text(SpanKey.provider))
    }
}

/// Writes a span in the form of MLflow's `traces.json`.
enum SpanContent {
    static func encode(_ draft: SpanDraft, _ attributes: SpanAttributes) -> String {
        var writer = JSONWriter(capacity: 1_024)
        writer.beginObject()
        writer.key("trace_id")
        writer.value(base64(draft.traceID))
        writer.key("span_id")
        writer.value(base64(draft.spanID))
        writer.key("parent_span_id")
        if let parent = draft.parentID { writer.value(base64(parent)) } else { writer.null() }
        writer.key("name")
        writer.value(draft.name)
        writer.key("start_time_unix_nano")
        writer.value(draft.start)
        writer.key("end_time_unix_nano")
        writer.value(draft.end)
        writer.key("events")
        writer.beginArray()
        for event in draft.events { write(event, to: &writer) }
        writer.endArray()
        writer.key("status")
        writer.beginObject()
        writer.key("code")
        writer.value("STATUS_CODE_\(draft.status.name)")
        writer.key("message")
        writer.value(draft.statusMessage)
        writer.endObject()
        writer.key("attributes")
        writer.beginObject()
        for (key, value) in attributes.members {
            writer.key(key)
            writer.value(AttributeText.dump(value))
        }
        writer.endObject()
        writer.key("links")
        writer.beginArray()
        for link in draft.links { write(link, to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.text
    }

    private static func write(_ event: SpanDraft.Event, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("name")
        writer.value(event.name)
        writer.key("time_unix_nano")
        writer.value(event.time)
        writer.key("attributes")
        writer.value(.object(event.attributes))
        writer.endObject()
    }

    private static func write(_ link: SpanDraft.Link, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("trace_id")
        writer.value("tr-\(link.traceID)")
        writer.key("span_id")
        writer.value(link.spanID)
        writer.key("attributes")
        if link.attributes.isEmpty { writer.null() } else { writer.value(.object(link.attributes)) }
        writer.endObject()
    }

    private static func base64(_ hex: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        var high: UInt8?
        for digit in hex.utf8 {
            let value = digit >= 0x61 ? digit &- 0x57 : digit &- 0x30
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return Base64.encode(bytes)
    }
}

extension TraceSpans {
    /// Groups the spans of one request by trace, in the order in which traces first appear.
    static func group(_ batches: [SpanBatch]) throws -> [TraceSpans] {
        var traces: [TraceSpans] = []
        var places: [String: Int] = [:]
        for batch in batches {
            let ownTags = resourceTags(batch.resource)
            for draft in batch.spans {
                var attributes = SpanAttributes(draft.attributes)
                for (key, value) in SemanticConventions.meaning(of: attributes) { attributes[key] = value }
                let span = try StoredSpan(draft, attributes)
                let place: Int
                if let known = places[span.traceID] {
                    place = known
                } else {
                    place = traces.count
                    places[span.traceID] = place
                    traces.append(TraceSpans(traceID: span.traceID, spans: [], firstStart: .max, lastEnd: nil, tags: ownTags))
                }
                try traces[place].add(span, draft, attributes)
            }
        }
        return traces
    }

    private mutating func add(_ span: StoredSpan, _ draft: SpanDraft, _ attributes: SpanAttributes) throws {
        spans.append(span)
        firstStart = min(firstStart, span.start / 1_000_000)
        if let end = span.end { lastEnd = max(lastEnd ?? .min, end / 1_000_000) }
        for key in SpanKey.sessions where metadata[TraceKey.session] == nil {
            if let session = attributes.text(key), !session.isEmpty {
                try TracingLimits.check(session, "Session ID", atMost: TracingLimits.keyMax)
                metadata[TraceKey.session] = session
            }
        }
        if metadata[TraceKey.user] == nil, let user = attributes.text(SpanKey.user), !user.isEmpty { metadata[TraceKey.user] = user }
        guard span.parentID == nil else { return }
        rootState = draft.status == .error ? .error : .ok
        if requestPreview == nil { requestPreview = attributes[SpanKey.inputs].map { MessagePreview.of($0, role: "user") } }
        if responsePreview == nil { responsePreview = attributes[SpanKey.outputs].map { MessagePreview.of($0, role: "assistant") } }
        for (key, value) in attributes.members where key.hasPrefix(SpanKey.tagPrefix) {
            let tag = String(key.dropFirst(SpanKey.tagPrefix.count))
            let text = value.stringValue ?? AttributeText.dump(value)
            if TracingLimits.isTag(tag, text) { tags[tag] = text }
        }
    }

    /// What a process says of itself, but for its SDK and MLflow's own keys.
    private static func resourceTags(_ resource: JSONObject) -> [String: String] {
        var tags: [String: String] = [:]
        for (key, value) in resource where !key.hasPrefix("telemetry.sdk.") && !key.hasPrefix("mlflow.") {
            let text = value.stringValue ?? AttributeText.dump(value)
            if TracingLimits.isTag(key, text) { tags[key] = text }
        }
        return tags
    }
}

extension TracingLimits {
    /// Tags that spans carry are left out when they could not be set, as in MLflow: the span itself is worth more.
    static func isTag(_ key: String, _ value: String) -> Bool {
        !key.isEmpty && key.unicodeScalars.count <= keyMax && value.unicodeScalars.count <= tagValueMax
    }
}
