import Errors
package import JSON

/// One request to another server. Only `http` and `https`; redirects are not followed, because they lead where nobody allowed it.
package struct OutboundRequest: Sendable {
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// `count` bytes of a file from `offset`; nil is to its end. Read while it is sent.
        case file(path: String, offset: UInt64 = 0, count: UInt64? = nil)
    }

    /// Where the body of a 2xx answer goes; other answers' bodies are always gathered, so that their error can be read.
    package enum Sink: Sendable {
        case memory
        /// Written to a file that is made or emptied; removed again when the request fails.
        case file(path: String)
        /// Called on the pool's thread as the pieces come; what it throws ends the request and is thrown on.
        case chunks(@Sendable ([UInt8]) throws -> Void)
    }

    package var method: String
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: Body
    package var sink: Sink = .memory
    /// Told on the pool's thread how many more bytes of a file have been sent, for progress bars.
    package var sent: (@Sendable (Int) -> Void)?
    /// For the whole exchange; nil for streams without an end.
    package var timeout: Duration? = .seconds(30)
    package var connectTimeout: Duration = .seconds(10)
    /// The request ends with `unavailable` when less than a kilobyte a second has moved for so long.
    package var stallTimeout: Duration?
    /// Where the request may go; nil: anywhere. With it no proxy and no kept connection is used.
    package var destinations: Destinations?
    /// A longer answer is cut there instead of being refused.
    package var cutsLongResponses = false
    /// A longer answer ends the request with `exhausted`.
    package var responseBytesMax: UInt64 = 64 << 20

    package init(_ method: String, _ url: String, headers: [(name: String, value: String)] = [], body: Body = .none) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }

    /// A request with a JSON body.
    package static func json(_ method: String, _ url: String, _ value: JSONValue) -> OutboundRequest {
        OutboundRequest(method, url, headers: [(name: "content-type", value: "application/json")], body: .bytes(value.serialized))
    }
}

/// What came back. `body` is empty when a sink took the bytes.
package struct OutboundResponse: Sendable {
    package var status: Int
    /// In order, names as sent.
    package var headers: [(name: String, value: String)]
    /// Empty when a sink took it.
    package var body: [UInt8]
    /// Bytes of the body, wherever they went.
    package var bytesReceived: UInt64

    /// An answer without a peer, for tests of callers.
    package init(status: Int, body: [UInt8]) {
        self.init(status: status, headers: [], body: body, bytesReceived: UInt64(body.count))
    }

    init(status: Int, headers: [(name: String, value: String)], body: [UInt8], bytesReceived: UInt64) {
        self.status = status
        self.headers = headers
        self.body = body
        self.bytesReceived = bytesReceived
    }

    package var isSuccess: Bool { (200..<300).contains(status) }
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// - Throws: `invalid_argument` when the body is no JSON.
    package func json() throws -> JSONValue { try JSONValue.parse(body) }

    /// The first header of that name, without regard to case.
    package func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }
}
