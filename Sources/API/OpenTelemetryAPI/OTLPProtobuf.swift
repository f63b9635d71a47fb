import Errors
import JSON
import Protobuf
package import Tracing

/// Reads `ExportTraceServiceRequest` in protobuf's binary form. Field numbers: opentelemetry-proto 1.x, `trace.proto`, `common.proto`,
/// `resource.proto`.
package enum OTLPProtobuf {
    /// Attribute values inside attribute values, and everything around them.
    private static let limits = WireLimits(depth: 32, fields: 5_000_000)

    /// - Throws: `invalid_argument`.
    package static func batches(_ body: [UInt8]) throws -> [SpanBatch] {
        try WireReader.read(body, limits: limits) { reader in
            var batches: [SpanBatch] = []
            while let field = try reader.next() {
                if field == WireField(1, .bytes) {
                    batches.append(try reader.message { try batch(&$0) })
                } else {
                    try reader.skip(field)
                }
            }
            return batches
        }
    }

    private static func batch(_ reader: inout WireReader) throws -> SpanBatch {
        var batch = SpanBatch(resource: [:], spans: [])
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .bytes):
                try reader.message { resource in
                    while let field = try resource.next() {
                        if field == WireField(1, .bytes) {
                            batch.resource.members.append(try resource.message { try keyValue(&$0) })
                        } else {
                            try resource.skip(field)
                        }
                    }
                }
            case (2, .bytes):
                try reader.message { scope in
                    while let field = try scope.next() {
                        if field == WireField(2, .bytes) {
                            batch.spans.append(try scope.message { try span(&$0) })
                        } else {
                            try scope.skip(field)
                        }
                    }
                }
            default: try reader.skip(field)
            }
        }
        return batch
    }

    private static func span(_ reader: inout WireReader) throws -> SpanDraft {
        var span = SpanDraft(traceID: "", spanID: "", name: "", start: 0, end: 0)
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .bytes): span.traceID = try OTLPID.trace(try reader.slice())
            case (2, .bytes): span.spanID = try OTLPID.span(try reader.slice())
            case (4, .bytes): span.parentID = try OTLPID.parent(try reader.slice())
            case (5, .bytes): span.name = try reader.string()
            case (7, .fixed64): span.start = try OTLPTime.checked(try reader.fixed64())
            case (8, .fixed64): span.end = try OTLPTime.checked(try reader.fixed64())
            case (9, .bytes): span.attributes.members.append(try reader.message { try keyValue(&$0) })
            case (11, .bytes): span.events.append(try reader.message { try event(&$0) })
            case (13, .bytes): span.links.append(try reader.message { try link(&$0) })
            case (15, .bytes): try reader.message { try status(&$0, of: &span) }
            default: try reader.skip(field)
            }
        }
        try OTLPID.require(span)
        return span
    }

    private static func status(_ reader: inout WireReader, of span: inout SpanDraft) throws {
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (2, .bytes): span.statusMessage = try reader.string()
            case (3, .varint): span.status = SpanDraft.Status(rawValue: Int(truncatingIfNeeded: try reader.varint())) ?? .unset
            default: try reader.skip(field)
            }
        }
    }

    private static func event(_ reader: inout WireReader) throws -> SpanDraft.Event {
        var event = SpanDraft.Event(name: "", time: 0, attributes: [:])
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .fixed64): event.time = try OTLPTime.checked(try reader.fixed64())
            case (2, .bytes): event.name = try reader.string()
            case (3, .bytes): event.attributes.members.append(try reader.message { try keyValue(&$0) })
            default: try reader.skip(field)
            }
        }
        return event
    }

    private static func link(_ reader: inout WireReader) throws -> SpanDraft.Link {
        var link = SpanDraft.Link(traceID: "", spanID: "", attributes: [:])
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .bytes): link.traceID = try OTLPID.trace(try reader.slice())
            case (2, .bytes): link.spanID = try OTLPID.span(try reader.slice())
            case (4, .bytes): link.attributes.members.append(try reader.message { try keyValue(&$0) })
            default: try reader.skip(field)
            }
        }
        return link
    }

    private static func keyValue(_ reader: inout WireReader) throws -> (key: String, value: JSONValue) {
        var (key, found): (String, JSONValue) = ("", .null)
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .bytes): key = try reader.string()
            case (2, .bytes): found = try reader.message { try value(&$0) }
            default: try reader.skip(field)
            }
        }
        return (key, found)
    }

    /// `AnyValue`: nothing is null; bytes are base64.
    private static func value(_ reader: inout WireReader) throws -> JSONValue {
        var found = JSONValue.null
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .bytes): found = .string(try reader.string())
            case (2, .varint): found = .bool(try reader.varint() != 0)
            case (3, .varint): found = .int(Int64(bitPattern: try reader.varint()))
            case (4, .fixed64): found = .double(try reader.double())
            case (5, .bytes): found = .array(try reader.message { try array(&$0) })
            case (6, .bytes): found = .object(try reader.message { try object(&$0) })
            case (7, .bytes): found = .string(Base64.encode(try reader.blob()))
            default: try reader.skip(field)
            }
        }
        return found
    }

    private static func array(_ reader: inout WireReader) throws -> [JSONValue] {
        var items: [JSONValue] = []
        while let field = try reader.next() {
            if field == WireField(1, .bytes) { items.append(try reader.message { try value(&$0) }) } else { try reader.skip(field) }
        }
        return items
    }

    private static func object(_ reader: inout WireReader) throws -> JSONObject {
        var object = JSONObject()
        while let field = try reader.next() {
            if field == WireField(1, .bytes) {
                object.members.append(try reader.message { try keyValue(&$0) })
            } else {
                try reader.skip(field)
            }
        }
        return object
    }
}
