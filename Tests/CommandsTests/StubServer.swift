import Clockwork
import CommandLine
import Errors
import HTTP
import JSON
import Synchronization
import Telemetry
import Testing

@testable import Commands

/// A server on a free port that gives canned answers and remembers what it was asked.
final class StubServer: Sendable {
    struct Request: Sendable {
        var method: String
        var path: String
        var query: [String: String]
        var body: [UInt8]
        var json: JSONValue? { try? JSONValue.parse(body) }
        /// `POST /api/v1/labels`
        var line: String { "\(method) \(path)" }
    }
    enum Answer: Sendable {
        case json(JSONValue, status: Int = 200)
        case text(String, status: Int = 200)
        case events([ServerSentEvent])
        /// Computed from the request.
        case computed(@Sendable (Request) -> JSONValue)
    }

    private let asked = Mutex<[Request]>([])
    private let answers: Mutex<[String: [Answer]]>
    private let started = Mutex<HTTPServer?>(nil)

    /// - Parameter answers: by `METHOD /path` below `/api/v1`; of several the last one is given again and again.
    init(_ answers: [String: [Answer]]) { self.answers = Mutex(answers) }

    var requests: [Request] { asked.withLock { $0 } }
    var url: String { "http://127.0.0.1:\(started.withLock { $0?.port ?? 0 })" }

    func start() throws {
        var router = Router()
        for method in ["GET", "POST"] {
            router.add(
                Route(method: method, pattern: "/{path...}", permission: .read, renderError: StubServer.render) { request in
                    try await self.answer(request)
                })
        }
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(port: 0), router: router, unknown: StubServer.render,
            logger: Logger(level: .error, sink: MemorySink()), metrics: MetricsRegistry())
        try server.start()
        started.withLock { $0 = server }
    }

    func stop() async { await started.withLock { $0 }?.stop(grace: .seconds(1)) }

    private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        let seen = Request(
            method: request.method, path: request.path, query: Dictionary(request.query.map { ($0.name, $0.value) }) { first, _ in first },
            body: try await request.body.collect(upTo: 16 << 20))
        asked.withLock { $0.append(seen) }
        let key = "\(seen.method) \(seen.path.replacing("/api/v1", with: "", maxReplacements: 1))"
        let answer: Answer? = answers.withLock { answers in
            guard let first = answers[key]?.first else { return nil }
            if answers[key]?.count ?? 0 > 1 { answers[key]?.removeFirst() }
            return first
        }
        switch answer {
        case .json(let value, let status): return .json(value, status: status)
        case .text(let text, let status): return .text(text, status: status)
        case .computed(let make): return .json(make(seen))
        case .events(let events): return .events { writer in for event in events { try await writer.send(event) } }
        case nil: throw JidokaError.notFound("the stub has no answer to `\(key)`", hint: "give it one")
        }
    }

    @Sendable private static func render(_ error: JidokaError, _ request: HTTPRequest) -> HTTPResponse {
        var body: JSONObject = ["code": .string(error.code.rawValue), "message": .string(error.message), "request_id": "r"]
        body["hint"] = error.hint.map(JSONValue.string)
        return .json(["error": .object(body)], status: error.code == .notFound ? 404 : 500)
    }
}

/// How a command ended and what it wrote.
struct Outcome {
    var status: Ending
    var output: String
    var error: String
    var requests: [StubServer.Request]

    func json() throws -> JSONValue { try JSONValue.parse(output) }
}

private let pool = BlockingPool(threads: 8)

func context(folder: String = "/tmp", environment: [String: String] = [:]) -> CommandContext {
    CommandContext(environment: environment, folder: folder, pool: pool)
}

/// Runs `jidoka WORDS` without a server, or with the environment as given.
func jidoka(_ words: [String], folder: String = "/tmp", environment: [String: String] = [:]) async -> Outcome {
    let console = MemoryConsole()
    let environment = environment.merging(["USER": "ada"]) { first, _ in first }
    let program = JidokaProgram.program(context(folder: folder, environment: environment))
    let status = await program.run(words, environment: environment, console: console)
    return Outcome(status: status, output: console.output, error: console.error, requests: [])
}

/// Runs `jidoka WORDS` against a server with canned answers.
func jidoka(_ words: [String], answers: [String: [StubServer.Answer]], folder: String = "/tmp") async throws -> Outcome {
    let server = StubServer(answers)
    try server.start()
    var outcome = await jidoka(words, folder: folder, environment: ["JIDOKA_URL": server.url])
    await server.stop()
    outcome.requests = server.requests
    return outcome
}
