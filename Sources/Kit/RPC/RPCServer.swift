import CGRPC
package import Clockwork
import Errors
import HTTP
import JSON
import Synchronization
package import Telemetry

/// The gRPC server: libgrpc's callback server behind a C face. It knows methods by their paths and messages as bytes; health and
/// reflection are its own (`RPCHealth`, `RPCReflection`), all else is given to it.
package final class RPCServer: Sendable {
    private enum Phase {
        case new
        case running(server: OpaquePointer, port: UInt16)
        case stopped
    }
    private struct State: @unchecked Sendable {  // the server's handle is only used by `start` and `stop`, one after the other
        var phase = Phase.new
    }
    private let core: RPCServerCore
    private let host: String
    private let wanted: UInt16
    private let state = Mutex(State())

    /// - Parameters:
    ///   - port: 0 takes a free one.
    ///   - messageMax: bytes of one message; longer ones are refused with RESOURCE_EXHAUSTED.
    package init(
        host: String, port: UInt16, methods: [RPCMethod], messageMax: Int = 256 << 20, authoriser: any RPCAuthoriser = AllowEveryone(),
        logger: Logger, metrics: MetricsRegistry, time: any TimeSource = SystemTime()
    ) {
        self.host = host
        wanted = port
        core = RPCServerCore(
            methods, messageMax: messageMax, authoriser: authoriser, logger: logger, metrics: metrics, time: time)
    }

    /// Binds and serves; returns at once. - Throws: `unavailable` when the port is taken, with a hint how to choose another.
    package func start() throws {
        try state.withLock { state in
            guard case .new = state.phase else { preconditionFailure("an RPC server starts once") }
            libraryLogger.withLock { $0 = core.logger }
            jidoka_rpc_log(libraryLog)
            let address = host.contains(":") ? "[\(host)]:\(wanted)" : "\(host):\(wanted)"
            var port: Int32 = 0
            let server = address.withCString { address in
                var settings = jidoka_rpc_settings(
                    address: address, messageMax: Int32(clamping: core.messageMax), context: Unmanaged.passUnretained(core).toOpaque(),
                    opened: callOpened, received: messageReceived, written: messageWritten, cancelled: callCancelled, closed: callClosed)
                return jidoka_rpc_start(&settings, &port)
            }
            guard let server else {
                throw JidokaError.unavailable(
                    "the port \(wanted) of \(host) cannot be listened on: another process may have it",
                    hint: "choose another with --grpc-port, or 0 for none")
            }
            state.phase = .running(server: server, port: UInt16(port))
        }
    }

    /// The port that is listened on; 0 before `start`.
    package var port: UInt16 {
        state.withLock { state in if case .running(_, let port) = state.phase { port } else { 0 } }
    }

    /// Takes no new calls and no further messages of streams, lets running ones finish for at most `grace`, then cancels them. Returns when
    /// all have ended.
    package func stop(grace: Duration) async {
        let taken: State = state.withLock { state in
            defer { state.phase = .stopped }
            return state
        }
        guard case .running = taken.phase else { return }
        for call in core.streams.withLock({ Array($0.values) }) { call.drain() }
        await withCheckedContinuation { continuation in
            startThread {
                if case .running(let server, _) = taken.phase { jidoka_rpc_stop(server, grace.microseconds / 1_000) }
                continuation.resume()
            }
        }
    }
}

/// What all calls of one server share; gRPC's callbacks carry it as their context.
final class RPCServerCore: Sendable {
    let methods: [String: RPCMethod]
    let messageMax: Int
    let time: any TimeSource
    let metrics: RPCMetrics
    let authoriser: any RPCAuthoriser
    /// Open calls of streaming methods: they are told of a stop.
    let streams = Mutex<[ObjectIdentifier: RPCCall]>([:])
    let logger: Logger

    init(
        _ methods: [RPCMethod], messageMax: Int, authoriser: any RPCAuthoriser, logger: Logger, metrics: MetricsRegistry,
        time: any TimeSource
    ) {
        self.methods = Dictionary(uniqueKeysWithValues: methods.map { ($0.path, $0) })
        self.messageMax = messageMax
        self.authoriser = authoriser
        self.logger = logger
        self.metrics = RPCMetrics(metrics)
        self.time = time
    }

    func ended(_ call: RPCCall, _ code: RPCStatus.Code, since opened: UInt64, bytes: Int) {
        streams.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(call)) }
        let nanoseconds = time.steadyNanoseconds() &- opened
        metrics.end(code, nanoseconds: nanoseconds)
        logger.info(
            "call",
            [
                ("method", .string(call.path)), ("status", .int(Int64(code.rawValue))), ("bytes", .int(Int64(bytes))),
                ("us", .int(Int64(nanoseconds / 1_000))),
            ])
    }

    func failed(_ call: RPCCall, _ error: any Error) {
        logger.error("handler failed", [("method", .string(call.path)), ("error", .string(JidokaError.wrapping(error).description))])
    }
}

/// The library has one log for all servers of a process: that of the newest server.
private let libraryLogger = Mutex<Logger?>(nil)

private let libraryLog: @convention(c) (Int32, UnsafePointer<CChar>?) -> Void = { severity, message in
    guard let message, let logger = libraryLogger.withLock({ $0 }) else { return }
    let text = String(cString: message)
    // What the library calls errors are mostly connections that end: failures of calls reach their handlers.
    if severity >= 2 { logger.warning("grpc", [("message", .string(text))]) } else { logger.debug("grpc", [("message", .string(text))]) }
}

// MARK: gRPC's callbacks: at file scope, without captures, because C calls them on its own threads.

private func call(_ user: UnsafeMutableRawPointer?) -> RPCCall { Unmanaged<RPCCall>.fromOpaque(user!).takeUnretainedValue() }

/// Makes the call's object, which `callClosed` releases and nothing else.
private let callOpened: @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?) -> UnsafeMutableRawPointer? = { context, handle in
    guard let context, let handle else { return nil }
    let opened = RPCCall(handle, server: Unmanaged<RPCServerCore>.fromOpaque(context).takeUnretainedValue())
    // gRPC keeps back what is started here until it knows the call's object: no callback comes before this returns.
    opened.open()
    return Unmanaged.passRetained(opened).toOpaque()
}

private let messageReceived: @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?) -> Void = { user, message in
    call(user).received(message.map { RPCMessage($0) })
}

private let messageWritten: @convention(c) (UnsafeMutableRawPointer?, Int32) -> Void = { user, ok in call(user).written(ok != 0) }

private let callCancelled: @convention(c) (UnsafeMutableRawPointer?) -> Void = { user in call(user).cancelled() }

private let callClosed: @convention(c) (UnsafeMutableRawPointer?) -> Void = { user in
    if let user { Unmanaged<RPCCall>.fromOpaque(user).release() }
}
