import Clockwork
import Errors
import JSON
import Synchronization
import Telemetry

@testable import HTTP

/// A server on a free port with the routes that the tests ask; stopped by `withServer`.
struct TestServer: Sendable {
    let server: HTTPServer
    let log: MemorySink
    let metrics: MetricsRegistry
    var port: UInt16 { server.port }

    func ask(_ text: String) async throws -> RawClient.Answer {
        try await blocking { [port] in
            let client = try RawClient(port: port)
            try client.send(text)
            return try client.answer()
        }
    }

    func get(_ path: String, _ headers: String = "") async throws -> RawClient.Answer {
        try await ask("GET \(path) HTTP/1.1\r\nHost: t\r\n\(headers)\r\n")
    }

    func post(_ path: String, _ body: [UInt8], _ headers: String = "") async throws -> RawClient.Answer {
        try await blocking { [port] in
            let client = try RawClient(port: port)
            try client.send("POST \(path) HTTP/1.1\r\nHost: t\r\nContent-Length: \(body.count)\r\n\(headers)\r\n")
            try client.send(body)
            return try client.answer()
        }
    }
}

private let clientPool = BlockingPool(threads: 16)

/// Runs blocking socket work away from the threads that handlers need.
func blocking<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T { try await clientPool.run(body) }

func renderForTests(_ error: JidokaError, _ request: HTTPRequest) -> HTTPResponse {
    let statuses: [ErrorCode: Int] = [.notFound: 404, .invalidArgument: 400, .exhausted: 429, .unavailable: 503, .internal: 500]
    let status = error.fields["status"].flatMap { Int($0) } ?? statuses[error.code] ?? 500
    return .json(["code": .string(error.code.rawValue), "message": .string(error.message)], status: status)
}

func route(_ method: String, _ pattern: String, _ handler: @escaping HTTPHandler) -> Route {
    Route(method: method, pattern: pattern, permission: .read, summary: nil, renderError: renderForTests, handler: handler)
}

func withServer(
    _ configuration: HTTPServerConfiguration = .init(), routes: [Route], _ body: (TestServer) async throws -> Void
) async throws {
    var router = Router()
    for route in routes { router.add(route) }
    let log = MemorySink()
    let metrics = MetricsRegistry()
    let server = HTTPServer(
        configuration: configuration, router: router, unknown: renderForTests, logger: Logger(level: .debug, sink: log), metrics: metrics)
    try server.start()
    do {
        try await body(TestServer(server: server, log: log, metrics: metrics))
        await server.stop(grace: .seconds(2))
    } catch {
        await server.stop(grace: .zero)
        throw error
    }
}

/// Waits until `condition` holds, at most ten seconds; tells whether it did.
func eventually(_ condition: @Sendable () -> Bool) async -> Bool {
    let time = SystemTime()
    for _ in 0..<1_000 {
        if condition() { return true }
        do { try await time.sleep(for: .milliseconds(10)) } catch { return false }
    }
    return condition()
}

final class Flag: Sendable {
    private let value = Mutex(0)
    func raise(_ amount: Int = 1) { value.withLock { $0 += amount } }
    var count: Int { value.withLock { $0 } }
}
