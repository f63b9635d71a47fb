import Clockwork
import Errors
import JSON
import Outbound

/// The server's REST interface as commands call it: paths in, documents out, errors as the one error value.
struct APIClient: Sendable {
    /// Scheme, host and port, without a trailing slash.
    let server: String
    let actor: String
    private let client: OutboundClient
    /// For what the server works on while the caller waits: checks, verifications, gates.
    static let patience = Duration.seconds(1_800)

    init(server: String, actor: String, client: OutboundClient) {
        var text = server.contains("://") ? server : "http://\(server)"
        while text.hasSuffix("/") { text.removeLast() }
        self.server = text
        self.actor = actor
        self.client = client
    }

    func get(_ path: [String], _ query: [(String, String?)] = []) async throws -> JSONValue {
        try document(try await send(OutboundRequest("GET", url(path, query))))
    }

    func text(_ path: [String]) async throws -> String { try await send(OutboundRequest("GET", url(path, []))).text }

    /// Posts the fields together with the actor.
    func post(_ path: [String], _ fields: JSONObject = [:]) async throws -> JSONValue {
        var fields = fields
        fields["actor"] = .string(actor)
        return try await post(path, body: .object(fields))
    }

    func post(_ path: [String], body: JSONValue) async throws -> JSONValue {
        var request = OutboundRequest.json("POST", url(path, []), body)
        request.timeout = APIClient.patience
        return try document(try await send(request))
    }

    /// Posts a file, or nothing, with its facts in the query. `sent` is told of bytes as they leave.
    func upload(
        _ path: [String], _ query: [(String, String?)], file: String?, sent: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> JSONValue {
        var request = OutboundRequest("POST", url(path, query + [("actor", actor)]))
        if let file {
            request.headers = [(name: "content-type", value: "application/octet-stream")]
            request.body = .file(path: file)
            request.sent = sent
        }
        // As long as an upload moves it may take; the hours are for a peer that fell silent.
        request.timeout = .seconds(6 * 3_600)
        return try document(try await send(request))
    }

    func download(_ path: [String], _ query: [(String, String?)] = [], to file: String) async throws {
        var request = OutboundRequest("GET", url(path, query))
        request.sink = .file(path: file)
        _ = try await send(request)
    }

    /// Hands over an endless answer piece by piece, on another thread; returns when the server ends it.
    func stream(_ path: [String], _ query: [(String, String?)], _ take: @escaping @Sendable ([UInt8]) throws -> Void) async throws {
        var request = OutboundRequest("GET", url(path, query))
        request.sink = .chunks(take)
        request.timeout = nil
        request.responseBytesMax = .max
        _ = try await send(request)
    }

    // MARK: Out and in

    private func url(_ path: [String], _ query: [(String, String?)]) -> String {
        var text = "\(server)/api/v1/" + path.map(APIClient.encoded).joined(separator: "/")
        let pairs = query.compactMap { name, value in value.map { "\(name)=\(APIClient.encoded($0))" } }
        if !pairs.isEmpty { text += "?" + pairs.joined(separator: "&") }
        return text
    }

    /// Percent-encodes all but the unreserved characters of RFC 3986.
    static func encoded(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: out.unicodeScalars.append(Unicode.Scalar(byte))
            default: out += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return out
    }

    private func send(_ request: OutboundRequest) async throws -> OutboundResponse {
        let response: OutboundResponse
        do { response = try await client.send(request) } catch let error as JidokaError where error.fields["reason"] == "refused" {
            throw JidokaError(
                .unavailable, "no server answers at \(server)", hint: "start one with `jidoka up`, or name another with --server")
        }
        guard response.isSuccess else { throw refusal(response) }
        return response
    }

    private func document(_ response: OutboundResponse) throws -> JSONValue {
        do { return try response.json() } catch { throw stranger(response) }
    }

    /// `{"error": {code, message, hint, fields}}` as the value that the server threw.
    private func refusal(_ response: OutboundResponse) -> JidokaError {
        let body: JSONValue
        do { body = try response.json() } catch { return stranger(response) }
        guard let error = body["error"], let code = error["code"]?.stringValue, let message = error["message"]?.stringValue else {
            return stranger(response)
        }
        var fields: [String: String] = [:]
        for (name, value) in error["fields"]?.objectValue ?? [:] { fields[name] = value.stringValue ?? value.text }
        return JidokaError(ErrorCode(rawValue: code) ?? .internal, message, hint: error["hint"]?.stringValue, fields: fields)
    }

    private func stranger(_ response: OutboundResponse) -> JidokaError {
        let start = response.text.prefix(120).map { $0.isNewline ? " " : String($0) }.joined()
        return JidokaError(
            .internal, "\(server) answered with status \(response.status), but not as a jidoka server does: `\(start)`",
            hint: "check --server and JIDOKA_URL: another program may listen there")
    }
}
