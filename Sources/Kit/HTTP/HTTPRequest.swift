package import Errors

/// One request. `path` is percent-decoded and begins with `/`; `rawPath` is as sent, without the query.
package struct HTTPRequest: Sendable {
    package var method: String
    package var path: String
    package var rawPath: String
    /// Decoded, in order, keys repeated as sent.
    package var query: [(name: String, value: String)]
    package var headers: HTTPHeaders
    package var body: HTTPBody
    /// What the route's `{names}` matched.
    package var parameters: [String: String]
    /// The caller's `x-request-id` when it is 1...64 safe characters, else a new id; echoed in the answer, on log lines and in errors.
    package var id: String
    package var remoteAddress: String

    package init(
        method: String, path: String, rawPath: String? = nil, query: [(name: String, value: String)] = [], headers: HTTPHeaders = [:],
        body: HTTPBody = .empty, parameters: [String: String] = [:], id: String = "", remoteAddress: String = "127.0.0.1"
    ) {
        self.method = method
        self.path = path
        self.rawPath = rawPath ?? path
        self.query = query
        self.headers = headers
        self.body = body
        self.parameters = parameters
        self.id = id
        self.remoteAddress = remoteAddress
    }

    /// Takes a whole first part off the path, when it is there.
    mutating func drop(prefix: String) {
        guard path.hasPrefix(prefix), rawPath.hasPrefix(prefix), path.utf8.count == prefix.utf8.count || path.hasPrefix(prefix + "/") else {
            return
        }
        path = path == prefix ? "/" : String(path.dropFirst(prefix.count))
        rawPath = rawPath == prefix ? "/" : String(rawPath.dropFirst(prefix.count))
    }

    package func query(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The whole body. A declared length beyond the limit is refused before the client is asked for a byte of it.
    /// - Throws: `exhausted` (413) when it is longer than `limit` bytes.
    package func collectBody(upTo limit: Int) async throws -> [UInt8] {
        if let declared = headers["content-length"].flatMap({ Int($0) }), declared > limit { throw HTTPBody.tooLarge(limit) }
        return try await body.collect(upTo: limit)
    }

    /// A path parameter that the route's pattern declares.
    package func parameter(_ name: String) throws -> String {
        guard let value = parameters[name] else { throw JidokaError.internal("the route declares no `\(name)`") }
        return value
    }
}

extension HTTPRequest {
    /// Whether an id that a caller sent may be repeated in headers and log lines.
    static func isSafeID(_ id: String) -> Bool {
        let bytes = id.utf8
        return !bytes.isEmpty && bytes.count <= 64
            && bytes.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x3A: true
                default: false
                }
            }
    }
}

/// Header fields in order; names compare without case.
package struct HTTPHeaders: Sendable, ExpressibleByDictionaryLiteral, Sequence {
    package var fields: [(name: String, value: String)]

    package init(_ fields: [(name: String, value: String)] = []) { self.fields = fields }
    package init(dictionaryLiteral elements: (String, String)...) { fields = elements.map { (name: $0.0, value: $0.1) } }

    package subscript(name: String) -> String? {
        get { fields.first { HTTPHeaders.sameName($0.name, name) }?.value }
        set {
            fields.removeAll { HTTPHeaders.sameName($0.name, name) }
            if let newValue { fields.append((name: name, value: newValue)) }
        }
    }

    package func makeIterator() -> IndexingIterator<[(name: String, value: String)]> { fields.makeIterator() }

    /// Without regard to the case of ASCII letters.
    static func sameName(_ a: String, _ b: String) -> Bool {
        let a = a.utf8
        let b = b.utf8
        return a.count == b.count && zip(a, b).allSatisfy { $0 == $1 || lower($0) == lower($1) }
    }

    private static func lower(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte | 0x20 : byte }
}

/// A request's body, read once: whole when small, or chunk by chunk with back-pressure. Content encodings are already undone.
package enum HTTPBody: Sendable {
    case empty
    case bytes([UInt8])
    /// Gives the next chunk, nil at the end.
    case stream(@Sendable () async throws -> [UInt8]?)

    /// The whole body. - Throws: `exhausted` (413) when it is longer than `limit` bytes.
    package func collect(upTo limit: Int) async throws -> [UInt8] {
        switch self {
        case .empty: return []
        case .bytes(let bytes):
            guard bytes.count <= limit else { throw HTTPBody.tooLarge(limit) }
            return bytes
        case .stream(let next):
            var all: [UInt8] = []
            while let chunk = try await next() {
                guard all.count + chunk.count <= limit else { throw HTTPBody.tooLarge(limit) }
                all.append(contentsOf: chunk)
            }
            return all
        }
    }

    /// Hands over chunk after chunk.
    package func forEachChunk(_ take: ([UInt8]) async throws -> Void) async throws {
        switch self {
        case .empty: return
        case .bytes(let bytes): if !bytes.isEmpty { try await take(bytes) }
        case .stream(let next): while let chunk = try await next() { try await take(chunk) }
        }
    }

    package static func tooLarge(_ limit: Int) -> JidokaError {
        JidokaError(.exhausted, "the body is larger than \(limit) bytes", hint: "send less in one request", fields: ["status": "413"])
    }
}
