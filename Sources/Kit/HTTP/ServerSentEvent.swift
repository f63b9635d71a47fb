/// One event of a `text/event-stream` (WHATWG HTML, "Server-sent events").
package struct ServerSentEvent: Sendable, Equatable {
    /// Sent back by a client that reconnects as `Last-Event-ID`.
    package var id: String?
    /// The event's type; nil is `message`.
    package var event: String?
    package var data: String
    package var retryMilliseconds: Int?

    package init(data: String, event: String? = nil, id: String? = nil, retryMilliseconds: Int? = nil) {
        self.data = data
        self.event = event
        self.id = id
        self.retryMilliseconds = retryMilliseconds
    }

    /// Line breaks in `data` become further `data:` lines; in `id` and `event` they are dropped, because they would end the field.
    package var encoded: [UInt8] {
        var text = ""
        if let id { text += "id: \(ServerSentEvent.oneLine(id))\n" }
        if let event { text += "event: \(ServerSentEvent.oneLine(event))\n" }
        if let retryMilliseconds { text += "retry: \(retryMilliseconds)\n" }
        for line in data.split(omittingEmptySubsequences: false, whereSeparator: ServerSentEvent.breaksLine) { text += "data: \(line)\n" }
        return Array((text + "\n").utf8)
    }

    private static func oneLine(_ text: String) -> String { text.filter { !breaksLine($0) && $0 != "\0" } }

    /// The three line ends of the format; others, such as U+2028, are text.
    fileprivate static func breaksLine(_ character: Character) -> Bool { character == "\n" || character == "\r" || character == "\r\n" }
}

/// Sends events to one client; every call throws `CancellationError` once the client has left or the server stops.
package struct ServerSentEventWriter: Sendable {
    private let body: any HTTPBodyWriter

    package init(_ body: any HTTPBodyWriter) { self.body = body }

    package func send(_ event: ServerSentEvent) async throws { try await body.write(event.encoded) }

    /// A line that clients ignore; keeps proxies from closing a quiet stream.
    package func comment(_ text: String) async throws {
        try await body.write(Array(": \(text.filter { !ServerSentEvent.breaksLine($0) })\n\n".utf8))
    }
}

extension HTTPResponse {
    /// A stream of events that lasts as long as `produce` runs and the client listens.
    package static func events(_ produce: @escaping @Sendable (ServerSentEventWriter) async throws -> Void) -> HTTPResponse {
        HTTPResponse(
            headers: ["content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store", "x-accel-buffering": "no"],
            body: .stream { writer in try await produce(ServerSentEventWriter(writer)) })
    }
}
