import Errors
import Tracing

/// Ids as the area wants them: lower-case hexadecimal of full length. Shorter ones get zeros in front.
enum OTLPID {
    static func trace(_ bytes: some Collection<UInt8>) throws -> String { try text(bytes, 16, "trace") }
    static func span(_ bytes: some Collection<UInt8>) throws -> String { try text(bytes, 8, "span") }

    /// Nothing and zeros mean a root.
    static func parent(_ bytes: some Collection<UInt8>) throws -> String? {
        bytes.allSatisfy { $0 == 0 } ? nil : try text(bytes, 8, "parent span")
    }

    /// - Throws: `invalid_argument` unless trace and span have ids.
    static func require(_ span: SpanDraft) throws {
        guard !span.traceID.isEmpty, !span.spanID.isEmpty else {
            throw JidokaError.invalidArgument("a span named `\(span.name.prefix(100))` has no trace id or no span id")
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func text(_ bytes: some Collection<UInt8>, _ length: Int, _ what: String) throws -> String {
        if bytes.isEmpty { return "" }
        guard bytes.count <= length else {
            throw JidokaError.invalidArgument("a \(what) id has \(bytes.count) bytes; it has \(length)")
        }
        return String(unsafeUninitializedCapacity: length * 2) { out in
            var at = 0
            for _ in 0..<2 * (length - bytes.count) {
                out[at] = 0x30
                at += 1
            }
            for byte in bytes {
                out[at] = digits[Int(byte >> 4)]
                out[at + 1] = digits[Int(byte & 15)]
                at += 2
            }
            return at
        }
    }
}

enum OTLPTime {
    /// Nanoseconds up to the year 2262.
    static func checked(_ nanoseconds: UInt64) throws -> Int64 {
        guard let time = Int64(exactly: nanoseconds) else { throw JidokaError.invalidArgument("a time lies behind the year 2262") }
        return time
    }
}
