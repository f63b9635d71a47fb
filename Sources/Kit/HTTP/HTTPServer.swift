import CMicrohttpd
package import Clockwork
package import Errors
import Glibc
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
        if case .running = state.withLock({ $0.phase }) { preconditionFailure("an HTTP server must be stopped before it is released") }
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
        let listening = MHD_quiesce_daemon(daemon)
        if listening >= 0 { close(listening) }
        for exchange in core.clients.all.compactMap(\.exchange) { exchange.endEventStream() }
        await idle(within: grace)
        for exchange in core.clients.all.compactMap(\.exchange) { exchange.clientLeft() }
        await idle(within: .seconds(1))
        core.stopping.store(true, ordering: .releasing)
        for exchange in core.clients.all.compactMap(\.exchange) { exchange.gate.close() }
        core.clients.stop()
        let handle = Handle(daemon: daemon)
        let core = self.core
        await withCheckedContinuation { continuation in
            startThread {
                // A request that slipped in before it saw `stopping` may have been suspended after the first round.
                for exchange in core.clients.all.compactMap(\.exchange) { exchange.gate.close() }
                MHD_stop_daemon(handle.daemon)
                continuation.resume()
            }
        }
    }

    private struct Handle: @unchecked Sendable {  // goes to the one thread that stops the daemon
        let daemon: OpaquePointer
    }

    /// Returns when nothing is in flight, or after `limit`, or when the caller's task is cancelled.
    private func idle(within limit: Duration) async {
        let end = core.now + UInt64(max(0, limit.microseconds)) * 1_000
        while core.metrics.inFlight > 0 || core.running.load(ordering: .acquiring) > 0, core.now < end {
            do { try await core.time.sleep(for: .milliseconds(5)) } catch { return }
        }
    }
}
