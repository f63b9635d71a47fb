import Clockwork
import ColumnStores
import Errors
import Events
import Glibc
import HTTP
import JSON
import JidokaAPI
import Line
import RPC
import SQL
import SQLStores
import Serving
import Telemetry
import Tracking

/// The whole server in one call.
package enum JidokaServer {
    /// Between the wish to stop and the cutting of requests in flight.
    private static let grace = Duration.seconds(10)

    /// Where a server answers.
    package struct Addresses: Sendable {
        /// `http://127.0.0.1:5000`
        package var url: String
        /// `127.0.0.1:8001`; nil where gRPC is not spoken.
        package var grpc: String?
    }

    /// Runs until the task is cancelled; `onReady` is told the addresses once the server answers. On return everything that was
    /// acknowledged is on the disk.
    package static func run(
        _ settings: ServerSettings, environment: [String: String], onReady: @Sendable (Addresses) async -> Void
    ) async throws {
        try settings.check()
        guard let level = LogLevel(rawValue: settings.logLevel) else {
            throw JidokaError.invalidArgument(
                "unknown log level `\(settings.logLevel)`", hint: "known: \(LogLevel.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let home = try HomeFolder(path: settings.home)
        let logger = Logger(level: level, sink: StandardErrorSink())
        let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let parts = try await Composition.make(settings, home: home, environment: environment, logger: logger, cores: cores)
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(host: settings.host, port: UInt16(settings.port)), router: parts.router,
            unknown: JidokaErrors.render, logger: logger, metrics: parts.metrics)
        let rpc: RPCServer?
        do {
            try await parts.start()
            rpc = try parts.startGRPC()
            do { try server.start() } catch {
                await rpc?.stop(grace: .zero)
                throw error
            }
        } catch {
            await parts.finish()
            throw error
        }
        let host = settings.host == "0.0.0.0" ? "127.0.0.1" : settings.host
        let shown = host.contains(":") ? "[\(host)]" : host
        let url = "http://\(shown):\(server.port)"
        parts.address.set(url)
        await onReady(Addresses(url: url, grpc: rpc.map { "\(shown):\($0.port)" }))
        await parts.serve()
        async let drained: Void? = rpc?.stop(grace: grace)
        await server.stop(grace: grace)
        await drained
        await parts.finish()
    }
}

extension Composition {
    /// What must be true before the first request is answered.
    func start() async throws {
        try await tracking.start()
        try await serving.restore()
        let started = EventDraft(
            kind: "server.started", subject: EventSubject("server", settings.home), actor: "system", reason: "version \(jidokaVersion)",
            payload: ["line": JSONValue(line.line?.name)], time: SystemTime().now())
        try await events.append([started])
    }

    /// Runs all services until the task is cancelled.
    func serve() async {
        await withTaskGroup(of: Void.self) { group in
            for service in running {
                group.addTask { [logger] in await Composition.keepRunning(service, logger: logger) }
            }
            await Composition.untilCancelled()
            group.cancelAll()
        }
    }

    /// A service that fails is started again after a second: what it left undone is in its store.
    static func keepRunning(_ service: any Service, logger: Logger) async {
        while !Task.isCancelled {
            do {
                try await service.run()
                return
            } catch is CancellationError { return } catch {
                logger.error("a service failed and is started again", [("service", .string(service.name)), ("error", .string("\(error)"))])
            }
            do { try await SystemTime().sleep(for: .seconds(1)) } catch { return }
        }
    }

    private static func untilCancelled() async {
        let (stream, _) = AsyncStream.makeStream(of: Void.self)
        for await _ in stream {}
    }

    /// Puts everything that waits on the disk.
    func finish() async {
        await serving.close()
        do {
            try await log.flush()
            let stopped = EventDraft(
                kind: "server.stopped", subject: EventSubject("server", settings.home), actor: "system", reason: "asked to stop",
                time: SystemTime().now())
            try await events.append([stopped])
        } catch { logger.error("not everything could be written at the stop", [("error", .string("\(error)"))]) }
        database.close()
    }
}
