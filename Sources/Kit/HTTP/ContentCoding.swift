import CZlib
import Errors

/// A content coding that is undone in requests and may be applied to replies.
enum ContentCoding: Sendable, Equatable {
    case gzip
    /// By the standard with zlib's wrapper; senders of bare deflate data exist and are understood.
    case deflate

    /// - Throws: `invalid_argument` (415) for a coding that is not known. Nil when the body is as it is.
    static func of(_ header: String?) throws -> ContentCoding? {
        switch header?.lowercased() {
        case nil, "", "identity": return nil
        case "gzip", "x-gzip": return .gzip
        case "deflate": return .deflate
        case .some(let other):
            throw JidokaError(
                .invalidArgument, "the content encoding `\(other)` is not understood", hint: "send `gzip`, `deflate` or no encoding",
                fields: ["status": "415"])
        }
    }

    /// The better coding among those that an `Accept-Encoding` header allows; a weight of zero forbids.
    static func accepted(_ header: String?) -> ContentCoding? {
        guard let header else { return nil }
        var deflate = false
        for item in header.split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let name = parts.first, !parts.dropFirst().contains(where: { $0.hasPrefix("q=") && Double($0.dropFirst(2)) == 0 }) else {
                continue
            }
            if name == "gzip" || name == "*" { return .gzip }
            if name == "deflate" { deflate = true }
        }
        return deflate ? .deflate : nil
    }

    var name: String { self == .gzip ? "gzip" : "deflate" }

    /// The whole of `bytes` compressed at level 1: a reply is waited for. Nil when it would not shrink.
    func compress(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        guard jidoka_deflate_init(&stream, 1, self == .gzip ? 15 + 16 : 15) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        var status = Z_OK
        let out = [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, count in
            bytes.withUnsafeBufferPointer { input in
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.avail_in = UInt32(input.count)
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(buffer.count)
                status = CZlib.deflate(&stream, Z_FINISH)
            }
            count = buffer.count - Int(stream.avail_out)
        }
        return status == Z_STREAM_END ? out : nil
    }
}
