import Errors
package import JSON
package import Outbound

/// The server that things are delivered to, as JSON in and out.
package struct TargetServer: Sendable {
    package typealias Send = @Sendable (OutboundRequest) async throws -> OutboundResponse
    package let url: String
    package let actor: String
    private let send: Send

    /// - Parameter send: one exchange; tests let it fail before or after the server has seen the request.
    package init(url: String, actor: String, send: @escaping Send) {
        self.url = url
        self.actor = actor
        self.send = send
    }

    /// A new value for every home: the hash of its first event.
    package func identity() async throws -> String {
        let first = try await exchange("GET", "/api/v1/events?after=0&limit=1")
        guard let hash = first[0]?["hash"]?.stringValue else {
            throw JidokaError(.unavailable, "\(url) has no event log", hint: "is it a jidoka server?")
        }
        return hash
    }

    func adopt(_ kind: String, _ fields: JSONObject, from source: String) async throws -> JSONValue {
        var fields = fields
        fields["from"] = .string(source)
        fields["actor"] = .string(actor)
        return try await exchange("POST", "/api/v1/adopt/\(kind)", .object(fields))
    }

    @discardableResult
    func mlflow(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        try await exchange(method, "/api/2.0/mlflow/\(path)", body)
    }

    package func exchange(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        var request = body.map { OutboundRequest.json(method, url + path, $0) } ?? OutboundRequest(method, url + path)
        request.timeout = .seconds(600)
        return try answer(try await send(request)).json()
    }

    func upload(_ file: String, to artifact: String) async throws {
        let path = artifact.split(separator: "/").map { TargetServer.encoded(String($0)) }.joined(separator: "/")
        var request = OutboundRequest("PUT", "\(url)/api/2.0/mlflow-artifacts/artifacts/\(path)", body: .file(path: file))
        request.headers = [(name: "content-type", value: "application/octet-stream")]
        request.timeout = .seconds(6 * 3_600)
        _ = try answer(try await send(request))
    }

    func download(_ artifact: String, to file: String) async throws {
        let path = artifact.split(separator: "/").map { TargetServer.encoded(String($0)) }.joined(separator: "/")
        var request = OutboundRequest("GET", "\(url)/api/2.0/mlflow-artifacts/artifacts/\(path)")
        request.sink = .file(path: file)
        request.timeout = .seconds(6 * 3_600)
        request.responseBytesMax = .max
        _ = try answer(try await send(request))
    }

    /// Percent-encodes all but the unreserved characters of RFC 3986.
    static func encoded(_ text: String) -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)
        return text.utf8.map { byte in
            if plain.contains(byte) { return String(UnicodeScalar(byte)) }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    private func answer(_ response: OutboundResponse) throws -> OutboundResponse {
        if response.isSuccess { return response }
        let body = try? response.json()
        let message = body?["error"]?["message"]?.stringValue ?? body?["message"]?.stringValue
        let code: ErrorCode =
            switch response.status {
            case 400: .invalidArgument
            case 404: .notFound
            case 409: .conflict
            case 412: .failedPrecondition
            case 429: .exhausted
            case 500: .internal
            default: .unavailable
            }
        throw JidokaError(
            code, message ?? "\(url) answered with status \(response.status)", hint: body?["error"]?["hint"]?.stringValue,
            fields: ["status": String(response.status)])
    }
}
