import Errors
import HTTP
import JSON
import Tracing

extension JSONWriter {
    mutating func map(_ name: String, _ values: [String: String]) {
        if values.isEmpty { return }
        key(name)
        beginObject()
        for (key, value) in values.sorted(by: { $0.key < $1.key }) { member(key, value) }
        endObject()
    }

    /// A trace as the third protocol writes it.
    mutating func write(_ info: TraceInfo) {
        beginObject()
        member("trace_id", info.id)
        member("client_request_id", ifPresent: info.clientRequestID)
        key("trace_location")
        beginObject()
        member("type", "MLFLOW_EXPERIMENT")
        key("mlflow_experiment")
        beginObject()
        member("experiment_id", info.experimentID)
        endObject()
        endObject()
        member("request_time", ProtoTime.text(milliseconds: info.requestTime))
        if let duration = info.duration { member("execution_duration", ProtoTime.duration(milliseconds: duration)) }
        member("state", info.state.rawValue)
        map("trace_metadata", info.metadata)
        list("assessments", info.assessments) { $0.write($1) }
        map("tags", info.tags)
        member("request_preview", ifPresent: info.requestPreview)
        member("response_preview", ifPresent: info.responsePreview)
        endObject()
    }

    mutating func write(_ trace: Trace) {
        beginObject()
        key("trace_info")
        write(trace.info)
        list("spans", trace.spans) { SpanJSON.write($1, to: &$0) }
        endObject()
    }

    /// A trace as the second protocol writes it.
    mutating func writeSecond(_ info: TraceInfo) {
        beginObject()
        member("request_id", info.id)
        member("experiment_id", info.experimentID)
        member("timestamp_ms", info.requestTime)
        member("execution_time_ms", info.duration ?? 0)
        member("status", info.state == .unspecified ? "TRACE_STATUS_UNSPECIFIED" : info.state.rawValue)
        list("request_metadata", info.metadata.sorted { $0.key < $1.key }) { $0.pair($1.key, $1.value) }
        list("tags", info.tags.sorted { $0.key < $1.key }) { $0.pair($1.key, $1.value) }
        endObject()
    }

    mutating func write(_ assessment: Assessment) {
        beginObject()
        member("assessment_id", assessment.id)
        member("assessment_name", assessment.name)
        member("trace_id", assessment.traceID)
        member("span_id", ifPresent: assessment.spanID)
        key("source")
        beginObject()
        member("source_type", assessment.source.type)
        if !assessment.source.id.isEmpty { member("source_id", assessment.source.id) }
        endObject()
        member("create_time", ProtoTime.text(milliseconds: assessment.createdAt))
        member("last_update_time", ProtoTime.text(milliseconds: assessment.updatedAt))
        key(assessment.kind.rawValue)
        writeValue(of: assessment)
        member("rationale", ifPresent: assessment.rationale)
        map("metadata", assessment.metadata)
        member("overrides", ifPresent: assessment.overrides)
        key("valid")
        value(assessment.isValid)
        endObject()
    }

    private mutating func writeValue(of assessment: Assessment) {
        beginObject()
        switch (assessment.kind, assessment.value) {
        case (.issue, _): member("issue_name", assessment.value.stringValue ?? "")
        case (.expectation, .array), (.expectation, .object):
            key("serialized_value")
            beginObject()
            member("serialization_format", "JSON_FORMAT")
            member("value", AttributeText.dump(assessment.value))
            endObject()
        default:
            key("value")
            value(assessment.value)
        }
        if let error = assessment.error {
            key("error")
            beginObject()
            member("error_code", error.code)
            member("error_message", ifPresent: error.message)
            member("stack_trace", ifPresent: error.stackTrace)
            endObject()
        }
        endObject()
    }
}

/// A kept span in the JSON form of OpenTelemetry's protobuf message, with names as MLflow writes them.
enum SpanJSON {
    static func write(_ content: String, to writer: inout JSONWriter) {
        let span = AttributeText.load(content)
        writer.beginObject()
        writer.member("trace_id", ifPresent: span["trace_id"]?.stringValue)
        writer.member("span_id", ifPresent: span["span_id"]?.stringValue)
        writer.member("parent_span_id", ifPresent: span["parent_span_id"]?.stringValue)
        writer.member("name", ifPresent: span["name"]?.stringValue)
        for key in ["start_time_unix_nano", "end_time_unix_nano"] {
            if let time = span[key]?.intValue, time != 0 { writer.member(key, time) }
        }
        let attributes = (span["attributes"]?.objectValue ?? [:]).members.map {
            (key: $0.key, value: $0.value.stringValue.map(AttributeText.load) ?? $0.value)
        }
        write(attributes, to: &writer)
        writer.list("events", span["events"]?.arrayValue ?? []) { writer, event in
            writer.beginObject()
            if let time = event["time_unix_nano"]?.intValue { writer.member("time_unix_nano", time) }
            writer.member("name", ifPresent: event["name"]?.stringValue)
            write(event["attributes"]?.objectValue?.members ?? [], to: &writer)
            writer.endObject()
        }
        writer.list("links", span["links"]?.arrayValue ?? []) { writer, link in
            writer.beginObject()
            writer.member("trace_id", base64(link["trace_id"]?.stringValue ?? ""))
            writer.member("span_id", base64(link["span_id"]?.stringValue ?? ""))
            write(link["attributes"]?.objectValue?.members ?? [], to: &writer)
            writer.endObject()
        }
        writer.key("status")
        writer.beginObject()
        if let message = span["status"]?["message"]?.stringValue, !message.isEmpty { writer.member("message", message) }
        if let code = span["status"]?["code"]?.stringValue, code != "STATUS_CODE_UNSET" { writer.member("code", code) }
        writer.endObject()
        writer.endObject()
    }

    private static func write(_ attributes: [(key: String, value: JSONValue)], to writer: inout JSONWriter) {
        writer.list("attributes", attributes) { writer, attribute in
            writer.beginObject()
            writer.member("key", attribute.key)
            writer.key("value")
            write(attribute.value, to: &writer)
            writer.endObject()
        }
    }

    private static func write(_ value: JSONValue, to writer: inout JSONWriter) {
        writer.beginObject()
        switch value {
        case .null: break
        case .bool(let flag):
            writer.key("bool_value")
            writer.value(flag)
        case .int(let number): writer.member("int_value", number)
        case .double(let number):
            writer.key("double_value")
            writer.value(number)
        case .string(let text): writer.member("string_value", text)
        case .array(let items):
            writer.key("array_value")
            writer.beginObject()
            writer.list("values", items) { write($1, to: &$0) }
            writer.endObject()
        case .object(let object):
            writer.key("kvlist_value")
            writer.beginObject()
            writer.list("values", object.members) { writer, member in
                writer.beginObject()
                writer.member("key", member.key)
                writer.key("value")
                write(member.value, to: &writer)
                writer.endObject()
            }
            writer.endObject()
        }
        writer.endObject()
    }

    /// `tr-` and hexadecimal digits as bytes.
    private static func base64(_ id: String) -> String {
        let digits = Array(id.hasPrefix("tr-") ? id.dropFirst(3) : id[...])
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
        return Base64.encode(bytes)
    }
}

extension HTTPResponse {
    /// `{"trace": {"trace_info": {…}}}`
    static func trace(_ info: TraceInfo) -> HTTPResponse {
        .object("trace") { writer in
            writer.key("trace_info")
            writer.write(info)
        }
    }

    /// `{"trace_info": {…}}` of the second protocol.
    static func secondTrace(_ info: TraceInfo) -> HTTPResponse {
        .object { writer in
            writer.key("trace_info")
            writer.writeSecond(info)
        }
    }

    static func assessment(_ assessment: Assessment) -> HTTPResponse {
        .object { writer in
            writer.key("assessment")
            writer.write(assessment)
        }
    }
}
