import CMicrohttpd
import Clockwork
import Errors
import Glibc
import JSON
import Synchronization
import Telemetry

/// What all requests of one server share; the daemon's callbacks carry it as their context.
final class ServerCore: Sendable {
    let configuration: HTTPServerConfiguration
    let router: Router
    let unknown: @Sendable (JidokaError, HTTPRequest) -> HTTPResponse
    let logger: Logger
    let metrics: ServerMetrics
    let time: any TimeSource
    let ids: any IDSource
    let clients: ClientTable
    /// No new connections; kept-alive ones close after their answer.
    let draining = Atomic<Bool>(false)
    /// Nothing is started or waited for any more.
    let stopping = Atomic<Bool>(false)
    /// Handlers that have not returned, whether or not their client is still there.
    let running = Atomic<Int>(0)

    init(
        configuration: HTTPServerConfiguration, router: Router, unknown: @escaping @Sendable (JidokaError, HTTPRequest) -> HTTPResponse,
        logger: Logger, metrics: MetricsRegistry, time: any TimeSource, ids: any IDSource
    ) {
        self.configuration = configuration
        self.router = router
        self.unknown = unknown
        self.logger = logger
        self.metrics = ServerMetrics(metrics)
        self.time = time
        self.ids = ids
        clients = ClientTable { time.steadyNanoseconds() }
    }

    var isDraining: Bool { draining.load(ordering: .acquiring) }
    var isStopping: Bool { stopping.load(ordering: .acquiring) }
    var now: UInt64 { time.steadyNanoseconds() }

    func deadline(after seconds: Double) -> UInt64 { now + UInt64(max(0, seconds) * 1e9) }

    /// Starts the daemon on a listening socket, which it owns from then on.
    func startDaemon(on socket: ListenSocket) throws -> OpaquePointer {
        let threads = max(1, configuration.threads ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        var settings = jidoka_mhd_settings(
            listenSocket: socket.descriptor, threads: UInt32(threads), connectionMemory: 64 << 10,
            connectionsMax: UInt32(max(threads, configuration.connectionsMax)), idleSeconds: UInt32(max(1, configuration.idleSeconds)),
            context: Unmanaged.passUnretained(self).toOpaque(), access: accessHandler, completed: requestCompleted,
            connection: connectionChanged, target: targetReceived, unescape: leaveEscaped, log: daemonLog)
        guard let daemon = jidoka_mhd_start(&settings) else {
            close(socket.descriptor)
            throw JidokaError.unavailable("the HTTP server did not start", hint: "look at the log lines above")
        }
        return daemon
    }
}

// MARK: The daemon's callbacks: at file scope, without captures, because C calls them on its own threads.

private func core(_ context: UnsafeMutableRawPointer?) -> ServerCore { Unmanaged<ServerCore>.fromOpaque(context!).takeUnretainedValue() }

/// The request line is there: makes the request's object, which `requestCompleted` releases and nothing else.
private let targetReceived: jidoka_mhd_target = { context, target, connection in
    guard let target, let connection, let socket = jidoka_mhd_socket_context(connection) else { return nil }
    let client = Unmanaged<ClientConnection>.fromOpaque(socket).takeUnretainedValue()
    let bytes = UnsafeRawBufferPointer(start: target, count: strlen(target)).bindMemory(to: UInt8.self)
    let exchange = Exchange(server: core(context), client: client, connection: connection, target: bytes)
    return Unmanaged.passRetained(exchange).toOpaque()
}

private let accessHandler: MHD_AccessHandlerCallback = { _, connection, _, method, version, data, size, request in
    guard let connection, let method, let size, let object = request?.pointee else { return .NO }
    let exchange = Unmanaged<Exchange>.fromOpaque(object).takeUnretainedValue()
    guard size.pointee > 0, let data else { return exchange.proceed(method: method, version: version) }
    let chunk = UnsafeRawBufferPointer(start: data, count: size.pointee).bindMemory(to: UInt8.self)
    let (result, taken) = exchange.receive(chunk)
    if taken { size.pointee = 0 }
    return result
}

private let requestCompleted: MHD_RequestCompletedCallback = { _, _, request, reason in
    guard let object = request?.pointee else { return }
    request?.pointee = nil
    Unmanaged<Exchange>.fromOpaque(object).takeRetainedValue().completed(whole: reason == .REQUEST_TERMINATED_COMPLETED_OK)
}

private let connectionChanged: MHD_NotifyConnectionCallback = { context, connection, socket, change in
    guard let connection, let socket else { return }
    let core = core(context)
    if change == .CONNECTION_NOTIFY_STARTED {
        let deadline = core.deadline(after: core.configuration.headerSecondsMax)
        let client = ClientConnection(descriptor: jidoka_mhd_socket(connection), deadline: deadline)
        core.clients.add(client)
        socket.pointee = Unmanaged.passRetained(client).toOpaque()
    } else if let object = socket.pointee {
        socket.pointee = nil
        core.clients.remove(Unmanaged<ClientConnection>.fromOpaque(object).takeRetainedValue())
    }
}

/// Targets are decoded by `RequestTarget`, which refuses what is broken.
private let leaveEscaped: jidoka_mhd_unescape = { _, _, text in text.map { strlen($0) } ?? 0 }

private let daemonLog: MHD_LogCallback = { context, format, arguments in
    guard let context, let format, let arguments else { return }
    var text = [CChar](repeating: 0, count: 512)
    vsnprintf(&text, text.count, format, arguments)
    let line = String(decoding: text.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    core(context).logger.debug("http daemon", [("detail", .string(line))])
}
