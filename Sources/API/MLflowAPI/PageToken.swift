import Errors
import JSON

/// Page tokens as MLflow writes them: base64 of a JSON object with the offset. A token is absent on the last page; an empty one is the
/// start.
enum PageToken {
    static func encode(_ offset: Int?) -> String? {
        offset.map { base64(Array("{\"offset\": \($0)}".utf8)) }
    }

    static func decode(_ token: String?) throws -> Int {
        guard let token, !token.isEmpty else { return 0 }
        return try offset(in: try object(token))
    }

    /// A token that only continues the search it came from.
    static func encode(_ offset: Int?, search: JSONObject) -> String? {
        guard let offset else { return nil }
        var object = search
        object["offset"] = .int(Int64(offset))
        return base64(JSONValue.object(object).serialized)
    }

    static func decode(_ token: String?, search: JSONObject) throws -> Int {
        guard let token, !token.isEmpty else { return 0 }
        var object = try object(token)
        let offset = try offset(in: object)
        object["offset"] = nil
        guard object == search else {
            throw JidokaError.invalidArgument(
                "Invalid page token: it belongs to another search", hint: "start again without `page_token` when the search changes")
        }
        return offset
    }

    private static func object(_ token: String) throws -> JSONObject {
        guard token.utf8.count <= 65_536, let bytes = decodedBase64(token) else {
            throw JidokaError.invalidArgument("Invalid page token, could not base64-decode")
        }
        guard let object = (try? JSONValue.parse(bytes))?.objectValue else {
            throw JidokaError.invalidArgument("Invalid page token, parsed value=\(String(decoding: bytes.prefix(64), as: UTF8.self))")
        }
        return object
    }

    private static func offset(in object: JSONObject) throws -> Int {
        guard let offset = object["offset"]?.intValue, offset >= 0, offset <= 1 << 40 else {
            throw JidokaError.invalidArgument("Invalid page token, parsed value=\(JSONValue.object(object).text.prefix(64))")
        }
        return Int(offset)
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// RFC 4648, with padding.
    static func base64(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        var at = 0
        while at < bytes.count {
            let group = Array(bytes[at..<min(at + 3, bytes.count)])
            let word = group.enumerated().reduce(UInt32(0)) { $0 | UInt32($1.element) << UInt32(16 - 8 * $1.offset) }
            for position in 0..<4 {
                out.append(position <= group.count ? alphabet[Int(word >> UInt32(18 - 6 * position)) & 63] : UInt8(ascii: "="))
            }
            at += 3
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Both alphabets of RFC 4648; nil when it is not base64.
    static func decodedBase64(_ text: String) -> [UInt8]? {
        let symbols = text.utf8.filter { $0 != UInt8(ascii: "=") }
        guard symbols.count % 4 != 1, text.utf8.count % 4 == 0 else { return nil }
        var out: [UInt8] = []
        var word: UInt32 = 0
        var bits = 0
        for symbol in symbols {
            let plain = symbol == UInt8(ascii: "-") ? UInt8(ascii: "+") : symbol == UInt8(ascii: "_") ? UInt8(ascii: "/") : symbol
            guard let value = alphabet.firstIndex(of: plain) else { return nil }
            word = word << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        return out
    }
}
