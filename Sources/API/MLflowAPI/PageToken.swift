import Errors
import JSON

/// Page tokens as MLflow writes them: base64 of a JSON object with the offset. A token is absent on the last page; an empty one is the
/// start.
enum PageToken {
    static func encode(_ offset: Int?) -> String? {
        offset.map { Base64.encode(Array("{\"offset\": \($0)}".utf8)) }
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
        return Base64.encode(JSONValue.object(object).serialized)
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
        guard token.utf8.count <= 65_536, let bytes = Base64.decode(token) else {
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
}
