package import JSON

/// One answer.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: Body

    package enum Body: Sendable {
        case bytes([UInt8])
        /// A file from `offset`, `count` bytes; sent without copying it through the program.
        case file(path: String, offset: UInt64, count: UInt64)
        /// Written while it is sent; the writer suspends when the client is slow and throws `CancellationError` when it left.
        case stream(@Sendable (any HTTPBodyWriter) async throws -> Void)
    }

    package init(status: Int = 200, headers: HTTPHeaders = [:], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["content-type": "text/plain; charset=utf-8"], body: .bytes(Array(text.utf8)))
    }

    package static func json(_ bytes: [UInt8], status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["content-type": "application/json"], body: .bytes(bytes))
    }

    package static func json(_ value: JSONValue, status: Int = 200) -> HTTPResponse { .json(value.serialized, status: status) }

    /// The body when it is bytes at hand; tests look at it.
    package var bytes: [UInt8] { if case .bytes(let bytes) = body { bytes } else { [] } }
}

/// Takes a streamed body piece by piece. `write` suspends while the client is slow, and throws `CancellationError` once it has left.
package protocol HTTPBodyWriter: Sendable {
    func write(_ bytes: [UInt8]) async throws
}
