import Errors
import JSON
package import Tracing

/// Reads `ExportTraceServiceRequest` in OTLP's JSON form: names in lowerCamelCase, ids in hexadecimal, 64-bit integers as texts or numbers.
package enum OTLPJSON {
    /// - Throws: `invalid_argument`.
    package static func batches(_ body: [UInt8]) throws -> [SpanBatch] {
        let request = try JSONValue.parse(body)
        guard request.objectValue != nil else { throw invalid("the body is no object") }
        return try list(request["resourceSpans"], "resourceSpans").map { resourceSpans in
            var batch = SpanBatch(resource: try attributes(resourceSpans["resource"]?["attributes"], 0), spans: [])
            for scope in try list(resourceSpans["scopeSpans"], "scopeSpans") {
                for one in try list(scope["spans"], "spans") { batch.spans.append(try span(one)) }
            }
            return batch
        }
    }

    private static func invalid(_ what: String) -> JidokaError { .invalidArgument("Invalid OpenTelemetry format: \(what)") }

    private static func list(_ value: JSONValue?, _ name: String) throws -> [JSONValue] {
        guard let value, !value.isNull else { return [] }
        guard let items = value.arrayValue else { throw invalid("`\(name)` is no list") }
        return items
    }

    private static func span(_ value: JSONValue) throws -> SpanDraft {
        var span = SpanDraft(
            traceID: try OTLPID.trace(try bytes(value["traceId"])), spanID: try OTLPID.span(try bytes(value["spanId"])),
            parentID: try OTLPID.parent(try bytes(value["parentSpanId"])), name: value["name"]?.stringValue ?? "",
            start: try time(value["startTimeUnixNano"]), end: try time(value["endTimeUnixNano"]),
            attributes: try attributes(value["attributes"], 0))
        span.statusMessage = value["status"]?["message"]?.stringValue ?? ""
        switch value["status"]?["code"] {
        case .int(let code)?: span.status = SpanDraft.Status(rawValue: Int(clamping: code)) ?? .unset
        case .string("STATUS_CODE_OK")?: span.status = .ok
        case .string("STATUS_CODE_ERROR")?: span.status = .error
        default: break
        }
        span.events = try list(value["events"], "events").map {
            SpanDraft.Event(
                name: $0["name"]?.stringValue ?? "", time: try time($0["timeUnixNano"]), attributes: try attributes($0["attributes"], 0))
        }
        span.links = try list(value["links"], "links").map {
            SpanDraft.Link(
                traceID: try OTLPID.trace(try bytes($0["traceId"])), spanID: try OTLPID.span(try bytes($0["spanId"])),
                attributes: try attributes($0["attributes"], 0))
        }
        try OTLPID.require(span)
        return span
    }

    private static func attributes(_ value: JSONValue?, _ depth: Int) throws -> JSONObject {
        JSONObject(
            try list(value, "attributes").map { one in
                guard let key = one["key"]?.stringValue else { throw invalid("an attribute has no key") }
                return (key: key, value: try any(one["value"], depth))
            })
    }

    private static func any(_ value: JSONValue?, _ depth: Int) throws -> JSONValue {
        guard depth < 32 else { throw invalid("attribute values nested too deep") }
        guard let object = value?.objectValue, let (kind, inner) = object.members.first else { return .null }
        switch (kind, inner) {
        case ("stringValue", .string), ("boolValue", .bool), ("bytesValue", .string): return inner
        case ("intValue", _):
            guard let number = inner.intValue ?? inner.stringValue.flatMap({ Int64($0) }) else { throw invalid("an `intValue` is none") }
            return .int(number)
        case ("doubleValue", _):
            guard let number = inner.doubleValue ?? inner.stringValue.flatMap({ Double($0) }) else {
                throw invalid("a `doubleValue` is none")
            }
            return .double(number)
        case ("arrayValue", _): return .array(try list(inner["values"], "values").map { try any($0, depth + 1) })
        case ("kvlistValue", _): return .object(try attributes(inner["values"], depth + 1))
        default: throw invalid("an attribute value of the kind `\(kind.prefix(40))`")
        }
    }

    private static func time(_ value: JSONValue?) throws -> Int64 {
        guard let value, !value.isNull else { return 0 }
        guard let number = value.intValue ?? value.stringValue.flatMap({ Int64($0) }), number >= 0 else {
            throw invalid("a time is not in nanoseconds since 1970")
        }
        return number
    }

    private static func bytes(_ value: JSONValue?) throws -> [UInt8] {
        guard let value, !value.isNull else { return [] }
        let digits = (value.stringValue ?? "").utf8.map(hex)
        guard value.stringValue != nil, digits.count % 2 == 0, !digits.contains(nil) else { throw invalid("an id is not hexadecimal") }
        return stride(from: 0, to: digits.count, by: 2).map { (digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0) }
    }

    private static func hex(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x57
        case 0x41...0x46: digit - 0x37
        default: nil
        }
    }
}
