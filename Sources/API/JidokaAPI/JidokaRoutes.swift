package import Errors
package import HTTP
import JSON

/// Declares routes under `/api/v1` with Jidoka's own error body, and remembers their one sentence for the OpenAPI document.
struct JidokaRoutes {
    var router: Router

    mutating func add(_ method: String, _ pattern: String, _ permission: Permission, _ summary: String, _ handler: @escaping HTTPHandler) {
        router.add(
            Route(
                method: method, pattern: "/api/v1" + pattern, permission: permission, summary: summary, renderError: JidokaErrors.render,
                handler: handler))
    }
}

/// The one table from error codes to statuses, and the error body `{"error": {code, message, hint, fields, request_id}}`.
package enum JidokaErrors {
    package static func status(_ code: ErrorCode) -> Int {
        switch code {
        case .notFound: 404
        case .alreadyExists, .conflict: 409
        case .invalidArgument: 400
        case .failedPrecondition: 412
        case .unauthenticated: 401
        case .permissionDenied: 403
        case .exhausted: 429
        case .unavailable: 503
        case .internal: 500
        }
    }

    /// `fields["status"]` wins where the transport knows better, for example 413.
    @Sendable package static func render(_ error: JidokaError, _ request: HTTPRequest) -> HTTPResponse {
        var fields = error.fields
        let status = fields.removeValue(forKey: "status").flatMap { Int($0) } ?? status(error.code)
        var body: JSONObject = ["code": .string(error.code.rawValue), "message": .string(error.message)]
        body["hint"] = error.hint.map(JSONValue.string)
        if !fields.isEmpty {
            body["fields"] = .object(JSONObject(fields.sorted { $0.key < $1.key }.map { (key: $0.key, value: .string($0.value)) }))
        }
        body["request_id"] = .string(request.id)
        return .json(["error": .object(body)], status: status)
    }
}

/// A request's JSON body, read field by field with errors that name the field.
struct RequestFields {
    private let object: JSONObject
    private static let bytesMax = 8 << 20

    /// An empty body counts as `{}`. - Throws: `invalid_argument` for anything but an object, and for fields outside `known`.
    init(_ request: HTTPRequest, known: [String]) async throws {
        let bytes = try await request.collectBody(upTo: RequestFields.bytesMax)
        let value = bytes.isEmpty ? .object([:]) : try JSONValue.parse(bytes)
        guard let object = value.objectValue else {
            throw JidokaError.invalidArgument("the body must be a JSON object", hint: "write it as { … }")
        }
        for key in object.keys where !known.contains(key) {
            throw JidokaError.invalidArgument(
                "unknown field `\(key)`",
                hint: nearestName(to: key, among: known).map { "did you mean `\($0)`?" } ?? "known: \(known.joined(separator: ", "))")
        }
        self.object = object
    }

    func optionalText(_ name: String) throws -> String? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let text = value.stringValue else { throw JidokaError.invalidArgument("`\(name)` must be a string") }
        return text
    }

    func text(_ name: String) throws -> String {
        guard let text = try optionalText(name), !text.isEmpty else {
            throw JidokaError.invalidArgument("`\(name)` is missing", hint: "send it as a string")
        }
        return text
    }

    /// - Throws: `invalid_argument` when it is missing or no whole number.
    func wholeNumber(_ name: String) throws -> Int64 {
        guard let number = object[name]?.intValue else { throw JidokaError.invalidArgument("`\(name)` must be a whole number") }
        return number
    }

    func flag(_ name: String) throws -> Bool {
        guard let value = object[name], !value.isNull else { return false }
        guard let flag = value.boolValue else { throw JidokaError.invalidArgument("`\(name)` must be true or false") }
        return flag
    }

    func integer(_ name: String) throws -> Int64? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let number = value.intValue else { throw JidokaError.invalidArgument("`\(name)` must be a whole number") }
        return number
    }

    func items(_ name: String) throws -> [JSONValue]? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let items = value.arrayValue else {
            throw JidokaError.invalidArgument("`\(name)` must be a list", hint: "write it as [ … ]")
        }
        return items
    }

    /// An object of strings; numbers and booleans count as their text.
    func texts(_ name: String) throws -> [String: String] {
        guard let value = object[name], !value.isNull else { return [:] }
        guard let map = value.objectValue else { throw JidokaError.invalidArgument("`\(name)` must be an object") }
        var texts: [String: String] = [:]
        for (key, item) in map {
            guard item.arrayValue == nil, item.objectValue == nil, !item.isNull else {
                throw JidokaError.invalidArgument("`\(name).\(key)` must be a string or a number")
            }
            texts[key] = item.stringValue ?? item.text
        }
        return texts
    }

    /// Who asks: `actor` of the body, `user:anonymous` without one. Access control will put the caller's own name here.
    func actor() throws -> String { try optionalText("actor") ?? "user:anonymous" }
}

extension HTTPRequest {
    /// `limit` of the query, 1...1000.
    func limit(default standard: Int) throws -> Int {
        guard let text = query("limit") else { return standard }
        guard let limit = Int(text), (1...1_000).contains(limit) else {
            throw JidokaError.invalidArgument("`limit` must be a number between 1 and 1000, not `\(text)`")
        }
        return limit
    }

    func integer(_ name: String, default standard: Int64) throws -> Int64 {
        guard let text = query(name) else { return standard }
        guard let number = Int64(text) else { throw JidokaError.invalidArgument("`\(name)` must be a whole number, not `\(text)`") }
        return number
    }
}
