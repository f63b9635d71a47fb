import CMicrohttpd
import Clockwork
import Errors
import JSON
import Synchronization
import Telemetry

/// One request and its answer, from the request line to the last byte.
///
/// `proceed`, `receive` and `completed` are called by the connection's event-loop thread; the handler runs in a task that begins on
/// that thread. When the handler is not done, the connection is suspended at the gate and woken by whoever brings the news.
final class Exchange: @unchecked Sendable {  // fields without a lock belong to the connection's one event-loop thread
    private enum Phase {
        case head
        case gathering(HTTPRequest, ContentCoding?)
        case streaming(UploadPipe)
        /// The whole request is here.
        case answering
    }
    let server: ServerCore
    let client: ClientConnection
    let gate: Gate
    private let connection: OpaquePointer
    private let target: Result<RequestTarget, JidokaError>
    private var phase = Phase.head
    private var gathered: [UInt8] = []
    private var received = 0
    /// The body is let in: from now on a call without data is the last one.
    private var admitted = false
    private var upload: UploadPipe?
    private var started: UInt64 = 0
    private var record = AccessRecord()
    /// A handler that answers before the end of its request lets at most so much of the rest pass by.
    private static let drainedBytesMax = 64 << 20
    /// What the log and the metrics say when the client did not wait for the answer (nginx's number; never sent).
    private static let clientClosed = 499

    private struct Shared {
        var reply: Reply?
        var task: Task<Void, Never>?
        /// Nobody waits for the answer any more.
        var cancelled = false
        var stream: DownloadPipe?
        /// The stream, when it is one of events.
        var events: DownloadPipe?
    }
    private let shared = Mutex(Shared())

    init(server: ServerCore, client: ClientConnection, connection: OpaquePointer, target: UnsafeBufferPointer<UInt8>) {
        self.server = server
        self.client = client
        self.connection = connection
        gate = Gate(connection)
        self.target = Result { try RequestTarget(target) }.mapError { JidokaError.wrapping($0) }
        client.begin(self, deadline: server.deadline(after: server.configuration.headerSecondsMax))
    }

    // MARK: Calls of the event-loop thread

    /// A call without data: the header is complete, or the body is, or a suspended connection was woken.
    func proceed(method: UnsafePointer<CChar>, version: UnsafePointer<CChar>?) -> MHD_Result {
        if server.isStopping { return .NO }
        switch phase {
        case .head: return begin(method: String(cString: method))
        case .gathering(let request, let coding):
            var request = request
            request.body = gathered.isEmpty ? .empty : .bytes(gathered)
            gathered = []
            return startWhole(request, coding)
        case .streaming(let pipe):
            if !admitted { return admit(pipe) }
            pipe.end()
            phase = .answering
            return answer()
        case .answering: return answer()
        }
    }

    /// A piece of the body. The second value tells whether it was taken.
    func receive(_ chunk: UnsafeBufferPointer<UInt8>) -> (MHD_Result, taken: Bool) {
        if server.isStopping { return (.NO, false) }
        switch phase {
        case .head, .answering: return (.NO, false)
        case .gathering(let request, let coding):
            received += chunk.count
            gathered.append(contentsOf: chunk)
            if received > server.configuration.bodyBytesMax {
                refuseRest(request)
            } else if gathered.count > server.configuration.gatherBytesMax {
                startStreaming(request, coding, begin: gathered)
                gathered = []
                admitted = true
            }
            return (.YES, true)
        case .streaming(let pipe): return stream(chunk, into: pipe)
        }
    }

    private func begin(method: String) -> MHD_Result {
        started = server.now
        server.metrics.begin()
        var request = HTTPRequest(method: method, path: "/", headers: HTTPHeaders(of: connection), remoteAddress: client.address)
        request.id = request.headers["x-request-id"].flatMap { HTTPRequest.isSafeID($0) ? $0 : nil } ?? server.ids.next()
        record.method = method
        record.requestID = request.id
        do {
            let target = try target.get()
            request.path = target.path
            request.rawPath = target.rawPath
            request.query = target.query
            record.path = target.path
            let framing = try BodyFraming(request.headers)
            let coding = framing == .none ? nil : try ContentCoding.of(request.headers["content-encoding"])
            return try begin(request, framing, coding)
        } catch {
            return refuse(.wrapping(error), request)
        }
    }

    private func begin(_ request: HTTPRequest, _ framing: BodyFraming, _ coding: ContentCoding?) throws -> MHD_Result {
        let configuration = server.configuration
        client.set(deadline: 0)
        switch framing {
        case .none: phase = .gathering(request, nil)
        case .length(let count):
            guard count <= configuration.bodyBytesMax else { throw HTTPBody.tooLarge(configuration.bodyBytesMax) }
            if count > configuration.gatherBytesMax {
                let pipe = startStreaming(request, coding, begin: [])
                return admit(pipe)
            }
            gathered.reserveCapacity(count)
            client.set(deadline: server.deadline(after: configuration.bodySecondsMax))
            phase = .gathering(request, coding)
        case .chunked:
            client.set(deadline: server.deadline(after: configuration.bodySecondsMax))
            phase = .gathering(request, coding)
        }
        return .YES
    }

    /// Answers an error of the transport and gives up the connection, whose further bytes cannot be trusted or are not wanted.
    private func refuse(_ error: JidokaError, _ request: HTTPRequest) -> MHD_Result {
        phase = .answering
        return send(Reply(refusal(error, request), to: request, exchange: self))
    }

    private func refusal(_ error: JidokaError, _ request: HTTPRequest) -> HTTPResponse {
        var response = server.unknown(error, request)
        if let status = error.fields["status"].flatMap({ Int($0) }) { response.status = status }
        response.headers["connection"] = "close"
        return response
    }

    /// A chunked body turned out too long: the daemon answers only at its end, so that the rest passes by until then.
    private func refuseRest(_ request: HTTPRequest) {
        let error = HTTPBody.tooLarge(server.configuration.bodyBytesMax)
        let pipe = UploadPipe(gate: gate)
        pipe.fail(error)
        gathered = []
        admitted = true
        phase = .streaming(pipe)
        publish(Reply(refusal(error, request), to: request, exchange: self))
    }

    private func startWhole(_ request: HTTPRequest, _ coding: ContentCoding?) -> MHD_Result {
        client.set(deadline: 0)
        phase = .answering
        var request = request
        if let coding {
            do { request.body = try request.body.inflated(coding, limit: inflationLimit) } catch {
                return refuse(.wrapping(error), request)
            }
        }
        start(request)
        return answer()
    }

    @discardableResult
    private func startStreaming(_ request: HTTPRequest, _ coding: ContentCoding?, begin: [UInt8]) -> UploadPipe {
        client.set(deadline: 0)
        let pipe = UploadPipe(gate: gate, begin: begin)
        upload = pipe
        phase = .streaming(pipe)
        var request = request
        request.body = coding.map { .inflating($0, limit: inflationLimit, from: pipe.next) } ?? .stream(pipe.next)
        start(request)
        return pipe
    }

    private var inflationLimit: InflationLimit {
        let configuration = server.configuration
        return InflationLimit(free: configuration.inflateFreeBytes, ratio: configuration.inflateRatioMax, most: configuration.bodyBytesMax)
    }

    /// Lets the body in once the handler asks for it. A handler that answers first refuses it: the client is not even told to continue.
    private func admit(_ pipe: UploadPipe) -> MHD_Result {
        while true {
            if let reply = takeReply() { return send(reply) }
            if pipe.demanded {
                admitted = true
                return .YES
            }
            if gate.suspend(unless: { pipe.demanded || hasReply }) { return .YES }
            if gate.isClosed { return .NO }
        }
    }

    private func stream(_ chunk: UnsafeBufferPointer<UInt8>, into pipe: UploadPipe) -> (MHD_Result, taken: Bool) {
        while true {
            if hasReply {
                received += chunk.count
                record.drained += chunk.count
                return record.drained > Exchange.drainedBytesMax ? (.NO, false) : (.YES, true)
            }
            if received + chunk.count > server.configuration.bodyBytesMax {
                pipe.fail(HTTPBody.tooLarge(server.configuration.bodyBytesMax))
            }
            if pipe.offer(chunk) {
                received += chunk.count
                return (.YES, true)
            }
            if gate.suspend(unless: { pipe.hasRoom || hasReply }) { return (.YES, false) }
            if gate.isClosed { return (.NO, false) }
        }
    }

    private func answer() -> MHD_Result {
        while true {
            if let reply = takeReply() { return send(reply) }
            if gate.suspend(unless: { hasReply }) { return .YES }
            if gate.isClosed { return .NO }
        }
    }

    private func send(_ reply: Reply) -> MHD_Result {
        record.status = shared.withLock { $0.cancelled } ? Exchange.clientClosed : reply.status
        record.bytes = reply.count
        record.download = reply.download
        return reply.queue(on: connection)
    }

    /// The last call: the answer is sent, or the connection is gone.
    func completed(whole: Bool) {
        gate.close()
        let configuration = server.configuration
        client.end(deadline: server.deadline(after: Double(configuration.idleSeconds) + configuration.headerSecondsMax))
        guard started != 0 else { return }
        if !whole {
            upload?.fail(JidokaError.unavailable("the client left before its request was complete"))
            cancelTask()
        }
        record.download?.close(cleanly: false)
        let nanoseconds = server.now - started
        if record.status == 0 { record.status = Exchange.clientClosed }
        server.metrics.end(method: record.method, status: record.status, nanoseconds: nanoseconds)
        record.log(to: server.logger, whole: whole, microseconds: nanoseconds / 1_000)
    }

    // MARK: The handler

    private func start(_ request: HTTPRequest) {
        server.running.wrappingAdd(1, ordering: .acquiringAndReleasing)
        let task = Task.immediate { [self] in
            defer { server.running.wrappingSubtract(1, ordering: .acquiringAndReleasing) }
            let response = await server.router.respond(to: request, unknown: server.unknown) { [server] error, request in
                guard error.code == .internal, !(error.cause is CancellationError) else { return }
                server.logger.error("handler failed", [("request_id", .string(request.id)), ("error", .string(error.description))])
            }
            let reply = Reply(response, to: request, exchange: self)
            let download = reply.download
            publish(reply)
            guard let download, case .stream(let write) = response.body else { return }
            do {
                try await write(download)
                download.end()
            } catch {
                download.cut()
                if !(error is CancellationError) {
                    let cause = JidokaError.wrapping(error).description
                    server.logger.warning("reply cut short", [("request_id", .string(request.id)), ("error", .string(cause))])
                }
            }
        }
        let cancelled = shared.withLock { shared in
            shared.task = task
            return shared.cancelled
        }
        if cancelled { task.cancel() }
    }

    private var hasReply: Bool { shared.withLock { $0.reply != nil } }
    private func takeReply() -> Reply? { shared.withLock { $0.reply.take() } }

    private func publish(_ reply: Reply) {
        shared.withLock { shared in
            shared.reply = reply
            shared.stream = reply.download
            shared.events = reply.isEventStream ? reply.download : nil
        }
        if reply.isEventStream, server.isDraining { reply.download?.close(cleanly: true) }
        gate.wake()
    }

    // MARK: Calls of other threads

    private func cancelTask() {
        let task = shared.withLock { shared in
            shared.cancelled = true
            return shared.task
        }
        task?.cancel()
    }

    /// Nobody waits for the answer: the handler is told, and a suspended stream is ended. Harmless when the request is over.
    func clientLeft() {
        if gate.isClosed { return }
        cancelTask()
        shared.withLock { $0.stream }?.close(cleanly: false)
    }

    /// The server is about to stop: an event stream, which has no end of its own, ends now.
    func endEventStream() {
        guard let events = shared.withLock({ $0.events }) else { return }
        events.close(cleanly: true)
        cancelTask()
    }
}
