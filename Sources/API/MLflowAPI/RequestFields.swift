import Errors
import HTTP
import JSON

/// The fields of a call: the query of a GET, the JSON body of everything else, and the names in the path.
///
/// As protobuf's JSON form: names in snake_case or camelCase (both at once is refused), integers as numbers or strings, unknown fields
/// ignored, null the same as absent. Refusals use the words of the MLflow server, which clients match.
struct RequestFields: Sendable {
    private let object: JSONObject
    private let hasCamelCase: Bool
    /// Where nested fields lie, for messages: `metrics[3].`.
    private let prefix: String
    /// Names in a query may stand once where a list is meant, and flags are text there.
    private let isQuery: Bool

    /// The largest JSON body: most fields have at most a few thousand characters.
    static let bodyMax = 8 << 20
    /// That of routes which take lists of large things: a dataset's profile may have 16 MB.
    static let largeBodyMax = 64 << 20

    init(_ object: JSONObject, prefix: String = "", isQuery: Bool = false) {
        self.object = object
        self.prefix = prefix
        self.isQuery = isQuery
        hasCamelCase = object.contains { $0.key.utf8.contains { $0 >= 0x41 && $0 <= 0x5A } }
    }

    init(_ request: HTTPRequest, upTo bodyMax: Int = bodyMax) async throws {
        var object: JSONObject
        let isQuery = (request.method == "GET" || request.method == "HEAD") && !request.query.isEmpty
        if isQuery {
            object = RequestFields.query(request)
        } else {
            object = RequestFields.object(try await RequestFields.bytes(of: request, upTo: bodyMax))
        }
        for (name, value) in request.parameters { object[name] = .string(value) }
        self.init(object, isQuery: isQuery)
    }

    private static func query(_ request: HTTPRequest) -> JSONObject {
        var object = JSONObject()
        for (name, value) in request.query {
            switch object[name] {
            case nil: object[name] = .string(value)
            case .array(let items)?: object[name] = .array(items + [.string(value)])
            case let first?: object[name] = .array([first, .string(value)])
            }
        }
        return object
    }

    /// The body of a call. - Throws: `invalid_argument` unless it says that it is JSON.
    static func bytes(of request: HTTPRequest, upTo bodyMax: Int) async throws -> [UInt8] {
        let said = request.headers["content-type"]
        if request.method == "POST", said != "application/json" {
            let type = said?.split(separator: ";").first.map { trimmed(String($0)).lowercased() }
            guard type == "application/json" else {
                throw JidokaError.invalidArgument("Bad Request. Content-Type must be one of ['application/json'].")
            }
        }
        return try await request.collectBody(upTo: bodyMax)
    }

    /// As the reference: what cannot be read counts as nothing said, and a string is read once more (old clients encode twice).
    static func object(_ bytes: [UInt8]) -> JSONObject {
        guard var value = try? JSONValue.parse(bytes) else { return [:] }
        if case .string(let text) = value, let inner = try? JSONValue.parse(text) { value = inner }
        return value.objectValue ?? [:]
    }

    private static func trimmed(_ text: String) -> String { text.split(separator: " ").joined(separator: " ") }

    func value(_ name: String) throws -> JSONValue? {
        let plain = object[name]
        guard hasCamelCase, name.contains("_") else { return plain == .null ? nil : plain }
        let camel = RequestFields.camelCase(name)
        let other = object[camel]
        if plain != nil, other != nil {
            throw JidokaError.invalidArgument("Request specifies both '\(name)' and '\(camel)'; provide only one of them.")
        }
        let found = plain ?? other
        return found == .null ? nil : found
    }

    func has(_ name: String) throws -> Bool { try value(name) != nil }

    /// What a call cannot do without is looked for under its plain name only, as in the reference.
    func isOnlyCamelCase(_ name: String) throws -> Bool { try has(name) && lacksPlain(name) }

    private func lacksPlain(_ name: String) -> Bool { prefix.isEmpty && object[name] == nil }

    func text(_ name: String) throws -> String? {
        guard let value = try value(name) else { return nil }
        guard case .string(let text) = value else { throw wrongType(value, name) }
        return text
    }

    func requiredText(_ name: String) throws -> String {
        guard let text = try text(name), !text.isEmpty, !lacksPlain(name) else { throw missing(name) }
        return text
    }

    /// `run_id`, or its older name `run_uuid`.
    func runID() throws -> String {
        if let id = try text("run_id"), !id.isEmpty, !lacksPlain("run_id") { return id }
        if let id = try text("run_uuid"), !id.isEmpty { return id }
        throw missing("run_id")
    }

    func integer(_ name: String) throws -> Int64? {
        guard let value = try value(name) else { return nil }
        if let number = value.intValue { return number }
        if case .string(let text) = value {
            if let number = Int64(text) { return number }
            if let number = Double(text), let whole = Int64(exactly: number) { return whole }
        }
        throw wrongType(value, name)
    }

    func requiredInteger(_ name: String) throws -> Int64 {
        guard let number = try integer(name) else { throw missing(name) }
        return number
    }

    /// Also `"NaN"`, `"Infinity"`, `"-Infinity"` and numbers in strings.
    func requiredNumber(_ name: String) throws -> Double {
        guard let value = try value(name) else { throw missing(name) }
        if let number = value.doubleValue { return number }
        switch value {
        case .bool(let flag): return flag ? 1 : 0
        case .string(""): throw missing(name)
        case .string(let text):
            if let number = RequestFields.decimal(text) { return number }
            throw wrongType(value, name)
        default: throw wrongType(value, name)
        }
    }

    /// Spaces around it are fine, hexadecimal digits are not.
    private static func decimal(_ text: String) -> Double? {
        let bytes = text.utf8
        guard !bytes.contains(UInt8(ascii: "x")), !bytes.contains(UInt8(ascii: "X")) else { return nil }
        return Double(text) ?? Double(trimmed(text))
    }

    func flag(_ name: String) throws -> Bool? {
        guard let value = try value(name) else { return nil }
        switch value {
        case .bool(let flag): return flag
        case .string(let text) where isQuery:
            switch text.lowercased() {
            case "true": return true
            case "false": return false
            default: throw JidokaError.invalidArgument("Invalid boolean value: \(text), must be 'true' or 'false'.")
            }
        default: throw wrongType(value, name)
        }
    }

    /// A list of objects.
    func objects(_ name: String) throws -> [RequestFields] {
        guard let value = try value(name) else { return [] }
        guard case .array(let items) = value else { throw wrongType(value, name) }
        return try items.enumerated().map { index, item in
            guard let object = item.objectValue else { throw wrongType(item, "\(name)[\(index)]") }
            return RequestFields(object, prefix: "\(prefix)\(name)[\(index)].")
        }
    }

    /// A list of texts; a query that has the name once means one.
    func texts(_ name: String) throws -> [String] {
        guard let value = try value(name) else { return [] }
        switch value {
        case .string(let text) where isQuery: return [text]
        case .array(let items):
            return try items.map { item in
                switch item {
                case .string(let text): text
                case .int(let number): String(number)
                default: throw wrongType(value, name)
                }
            }
        default: throw wrongType(value, name)
        }
    }

    func object(_ name: String) throws -> RequestFields? {
        guard let value = try value(name) else { return nil }
        guard let object = value.objectValue else { throw wrongType(value, name) }
        return RequestFields(object, prefix: "\(prefix)\(name).")
    }

    func missing(_ name: String) -> JidokaError {
        .invalidArgument(
            "Missing value for required parameter '\(prefix)\(name)'. See the API docs for more information about request parameters.")
    }

    func wrongType(_ value: JSONValue, _ name: String) -> JidokaError {
        let written = value.text
        let shown = written.utf8.count > 200 ? "\(written.prefix(200))…" : written
        return .invalidArgument(
            "Invalid value \(shown) for parameter '\(prefix)\(name)' supplied:  Hint: Value was of type '\(RequestFields.type(value))'. "
                + "See the API docs for more information about request parameters.")
    }

    /// The type's name in Python, as the reference says it.
    private static func type(_ value: JSONValue) -> String {
        switch value {
        case .null: "NoneType"
        case .bool: "bool"
        case .int: "int"
        case .double: "float"
        case .string: "str"
        case .array: "list"
        case .object: "dict"
        }
    }

    private static func camelCase(_ name: String) -> String {
        let parts = name.split(separator: "_")
        return parts.dropFirst().reduce(String(parts.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }
}
