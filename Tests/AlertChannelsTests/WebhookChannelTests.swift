import AlertChannels
import Clockwork
import Conformance
import Digests
import Errors
import Events
import HTTP
import JSON
import Monitoring
import Outbound
import Synchronization
import Telemetry
import Testing

/// A server on a free port that answers hooks with the statuses it is told, then with 204.
private final class HookServer: Sendable {
    struct Received: Sendable {
        var headers: HTTPHeaders
        var body: [UInt8]
    }
    private struct State {
        var statuses: [Int]
        var received: [Received] = []
    }
    private let state: Mutex<State>

    init(_ statuses: [Int] = []) { state = Mutex(State(statuses: statuses)) }

    var received: [Received] { state.withLock { $0.received } }

    private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try await request.body.collect(upTo: 1 << 20)
        let status = state.withLock { state in
            state.received.append(Received(headers: request.headers, body: body))
            return state.statuses.isEmpty ? 204 : state.statuses.removeFirst()
        }
        return HTTPResponse(status: status, headers: status == 302 ? ["location": "http://127.0.0.1:1/"] : [:])
    }

    func run(_ body: (String) async throws -> Void) async throws {
        let render: @Sendable (JidokaError, HTTPRequest) -> HTTPResponse = { error, _ in
            .json(["message": .string(error.message)], status: 500)
        }
        var router = Router()
        router.add(Route(method: "POST", pattern: "/hook", permission: .write, renderError: render) { try await self.answer($0) })
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(port: 0), router: router, unknown: render, logger: Logger(sink: MemorySink()),
            metrics: MetricsRegistry())
        try server.start()
        do {
            try await body("http://127.0.0.1:\(server.port)/hook")
            await server.stop(grace: .seconds(2))
        } catch {
            await server.stop(grace: .zero)
            throw error
        }
    }
}

private let client = OutboundClient(pool: BlockingPool(threads: 2))

@Suite(.timeLimit(.minutes(1)))
struct WebhookChannelTests {
    private let alert = AlertStoreContract.sample("a1")

    @Test func `a message has the alert, its headers and a signature that verifies`() async throws {
        let hook = HookServer([200])
        try await hook.run { url in
            let channel = try WebhookChannel(name: "hook", url: url, secret: "s3cret", client: client)
            try await channel.send(alert, attempt: 2)
        }
        let received = try #require(hook.received.first)
        #expect(hook.received.count == 1)
        #expect(received.headers["content-type"] == "application/json")
        #expect(received.headers["x-jidoka-event"] == "drift.confirmed")
        #expect(received.headers["x-jidoka-delivery"] == "a1/hook")
        let expected = hexadecimal(hmacSHA256(key: Array("s3cret".utf8), message: received.body))
        #expect(received.headers["x-jidoka-signature"] == "sha256=\(expected)")
        let document = try JSONValue.parse(received.body)
        #expect(document["id"] == "a1")
        #expect(document["level"] == "P1")
        #expect(document["event"] == "drift.confirmed")
        #expect(document["subject"] == ["type": "endpoint", "id": "employment"])
        #expect(document["reason"] == "3 of 16 features drifted")
        #expect(document["fired_at"] == "2023-11-14T22:13:20.000000Z")
        #expect(document["count"] == 1)
        #expect(document["payload"]?["features"] == ["AGEP", "SCHL"])
        #expect(document["attempt"] == 2)
    }

    @Test(arguments: [nil, ""] as [String?])
    func `without a secret there is no signature`(secret: String?) async throws {
        let hook = HookServer()
        try await hook.run { try await WebhookChannel(name: "hook", url: $0, secret: secret, client: client).send(alert, attempt: 1) }
        let received = try #require(hook.received.first)
        #expect(received.headers["x-jidoka-signature"] == nil)
    }

    @Test(arguments: [200, 201, 202, 204, 299])
    func `every 2xx is a success`(status: Int) async throws {
        try await HookServer([status]).run {
            try await WebhookChannel(name: "hook", url: $0, secret: nil, client: client).send(alert, attempt: 1)
        }
    }

    @Test(arguments: [302, 400, 404, 429, 500, 503])
    func `any other status is a failure that names it`(status: Int) async throws {
        let hook = HookServer([status])
        try await hook.run { url in
            let channel = try WebhookChannel(name: "hook", url: url, secret: nil, client: client)
            let error = await #expect(throws: JidokaError.self) { try await channel.send(alert, attempt: 1) }
            #expect(error?.code == .unavailable)
            #expect(error?.message == "channel `hook` answered with status \(status)")
        }
        #expect(hook.received.count == 1)
    }

    @Test func `nobody who listens is a failure`() async throws {
        let channel = try WebhookChannel(name: "hook", url: "http://127.0.0.1:1/hook", secret: nil, client: client)
        let error = await #expect(throws: JidokaError.self) { try await channel.send(alert, attempt: 1) }
        #expect(error?.code == .unavailable)
    }

    @Test(arguments: ["", "ftp://x/y", "file:///etc/passwd", "hook", "http://", "gopher://x", " http://x"])
    func `only http and https are called`(url: String) {
        let error = #expect(throws: JidokaError.self) { try WebhookChannel(name: "hook", url: url, secret: nil, client: client) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("`hook`") == true)
    }
}

/// The whole way: event, rule, store, webhook, with the clock in the test's hand.
@Suite(.timeLimit(.minutes(1)))
struct DeliveryTests {
    private let log = MemoryEventLog()
    private let time = VirtualTime()
    private let store: MemoryAlertStore

    init() { store = MemoryAlertStore(log: log) }

    private func service(_ url: String) throws -> AlertService {
        let channel = try WebhookChannel(name: "hook", url: url, secret: "s", client: client)
        return AlertService(
            rules: { [AlertRule(event: "drift.confirmed", level: .p1, channels: ["hook"])] }, channels: { ["hook": channel] }, store: store,
            log: log, time: time, ids: SystemIDs(time: time), logger: Logger(sink: MemorySink()))
    }

    private func drift() {
        log.add([
            EventDraft(
                kind: "drift.confirmed", subject: EventSubject("endpoint", "e"), actor: "monitor:e", reason: "drift", time: time.now())
        ])
    }

    private func kinds() async throws -> [String] {
        try await log.events(after: 0, limit: 100, kinds: nil, subject: nil).map(\.draft.kind)
    }

    @Test func `a hook that fails twice gets the message the third time`() async throws {
        let hook = HookServer([500, 503])
        try await hook.run { url in
            let service = try service(url)
            drift()
            try await service.takeEvents()
            for wait in [0, 1, 5] as [Int64] {
                time.advance(by: .seconds(wait))
                try await service.deliver()
            }
            try await service.deliver()
        }
        #expect(try hook.received.map { try JSONValue.parse($0.body)["attempt"] } == [1, 2, 3])
        #expect(Set(hook.received.map { $0.headers["x-jidoka-delivery"] }).count == 1)
        #expect(try await kinds() == ["drift.confirmed", "alert.fired", "alert.delivered"])
    }

    @Test func `a hook that never answers 2xx ends as a dead letter`() async throws {
        let hook = HookServer(Array(repeating: 500, count: 50))
        try await hook.run { url in
            let service = try service(url)
            drift()
            try await service.takeEvents()
            for _ in 0..<10 {
                try await service.deliver()
                time.advance(by: .seconds(3_600))
            }
        }
        #expect(hook.received.count == 7)
        #expect(try await kinds() == ["drift.confirmed", "alert.fired", "alert.dead_lettered"])
    }

    @Test func `further drift is in the count of a message that waits`() async throws {
        let hook = HookServer([500])
        try await hook.run { url in
            let service = try service(url)
            drift()
            try await service.takeEvents()
            try await service.deliver()
            for _ in 0..<4 { drift() }
            try await service.takeEvents()
            time.advance(by: .seconds(1))
            try await service.deliver()
        }
        #expect(try hook.received.map { try JSONValue.parse($0.body)["count"] } == [1, 5])
    }
}
