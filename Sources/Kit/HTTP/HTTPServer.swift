import CMicrohttpd
package import Clockwork
package import Errors
import Glibc
import JSON
import Synchronization
package import Telemetry

/// The HTTP/1.1 server: libmicrohttpd in poll mode with one event-loop thread for each core.
///
/// Handlers start on the event-loop thread, so that one that never suspends costs no hop; whatever blocks goes to a `BlockingPool`.
/// Errors of the transport (400, 413, 415) and of the router (404, 405) are rendered by `unknown`; a handler's by its route.
package final class HTTPServer: Sendable {
    private enum Phase {
        case new
        case running(daemon: OpaquePointer, port: UInt16)
        case stopped
    }
    private struct State: @unchecked Sendable {  // the daemon's handle is only used by `start` and `stop`, one after the other
        var phase = Phase.new
    }
    private let core: ServerCore
    private let state = Mutex(State())

    package init(
        configuration: HTTPServerConfiguration, router: Router, unknown: @escaping @Sendable (JidokaError, HTTPRequest) -> HTTPResponse,
        logger: Logger, metrics: MetricsRegistry, time: any TimeSource = SystemTime(), ids: any IDSource = SystemIDs()
    ) {
        core = ServerCore(
            configuration: configuration, router: router, unknown: unknown, logger: logger, metrics: metrics, time: time, ids: ids)
    }

    deinit {
        // Released without a stop, for instance by an error during start-up: cut everything, but do not wait for it.
        guard case .running(let daemon, let port) = state.withLock({ $0.phase }) else { return }
        core.logger.warning("http server released while it runs", [("port", .int(Int64(port)))])
        core.draining.store(true, ordering: .releasing)
        HTTPServer.end(HTTPServer.quiesce(daemon), core) {}
    }

    /// Binds and serves; returns at once. - Throws: `unavailable` when the port is taken, with a hint how to choose another.
    package func start() throws {
        try state.withLock { state in
            guard case .new = state.phase else { preconditionFailure("an HTTP server starts once") }
            let socket = try ListenSocket(host: core.configuration.host, port: core.configuration.port)
            let daemon = try core.startDaemon(on: socket)
            startThread(core.clients.watch)
            state.phase = .running(daemon: daemon, port: socket.port)
        }
    }

    /// The port that is listened on; 0 before `start`.
    package var port: UInt16 {
        state.withLock { state in
            if case .running(_, let port) = state.phase { port } else { 0 }
        }
    }

    /// Connections that are open now, idle ones too.
    package var connectionsOpen: Int { core.clients.count }

    /// Takes no new connections, ends event streams, lets running requests finish for at most `grace`, then cancels their handlers and
    /// cuts what is left. Returns when all threads have ended. Handlers that ignore cancellation are left behind.
    package func stop(grace: Duration) async {
        let taken: State = state.withLock { state in
            defer { state.phase = .stopped }
            return state
        }
        guard case .running(let daemon, _) = taken.phase else { return }
        core.draining.store(true, ordering: .releasing)
        let handle = HTTPServer.quiesce(daemon)
        for exchange in core.clients.all.compactMap(\.exchange) { exchange.endEventStream() }
        await idle(within: grace)
        for exchange in core.clients.all.compactMap(\.exchange) { exchange.clientLeft() }
        await idle(within: .seconds(1))
        await withCheckedContinuation { continuation in HTTPServer.end(handle, core) { continuation.resume() } }
    }

    /// Stops the daemon on a thread of its own, because that waits for the event loops. None of its connections may be suspended then.
    private static func end(_ handle: Handle, _ core: ServerCore, then: @escaping @Sendable () -> Void) {
        core.stopping.store(true, ordering: .releasing)
        core.clients.stop()
        startThread {
            // After the first round a request that had not yet seen `stopping` may have been suspended; none can after the second.
            for _ in 0..<2 { for exchange in core.clients.all.compactMap(\.exchange) { exchange.gate.close() } }
            MHD_stop_daemon(handle.daemon)
            close(handle.listening)
            then()
        }
    }

    private struct Handle: @unchecked Sendable {  // goes to the one thread that stops the daemon
        let daemon: OpaquePointer
        let listening: Int32
    }

    /// Refuses new connections from now on. The socket is closed only after the daemon: until then its number must not name another.
    private static func quiesce(_ daemon: OpaquePointer) -> Handle {
        let listening = MHD_quiesce_daemon(daemon)
        shutdown(listening, Int32(SHUT_RDWR))
        return Handle(daemon: daemon, listening: listening)
    }

    /// Returns when nothing is in flight, or after `limit`, or when the caller's task is cancelled.
    private func idle(within limit: Duration) async {
        let end = core.now + UInt64(max(0, limit.microseconds)) * 1_000
        while core.metrics.inFlight > 0 || core.running.load(ordering: .acquiring) > 0, core.now < end {
            do { try await core.time.sleep(for: .milliseconds(5)) } catch { return }
        }
    }
}
