import JSON
import Clockwork
import Conformance
import Errors
import Events
import Monitoring
import Synchronization
import Telemetry
import Testing

/// A channel that fails as often as it is told to.
private final class FakeChannel: AlertChannel {
    private struct State {
        var failures: Int
        var sent: [(id: String, attempt: Int, count: Int64)] = []
    }
    private let state: Mutex<State>
    init(failures: Int = 0) { state = Mutex(State(failures: failures)) }

    var attempts: [Int] { state.withLock { $0.sent.map(\.attempt) } }
    var ids: [String] { state.withLock { $0.sent.map(\.id) } }

    func send(_ alert: Alert, attempt: Int) async throws {
        let fails = state.withLock { state in
            state.sent.append((id: alert.id, attempt: attempt, count: alert.count))
            state.failures -= 1
            return state.failures >= 0
        }
        if fails { throw JidokaError.unavailable("channel answered with status 500") }
    }
}

struct AlertServiceTests {
    private let log = MemoryEventLog()
    private let time = VirtualTime()
    private let store: MemoryAlertStore

    init() { store = MemoryAlertStore(log: log) }

    private func service(_ rules: [AlertRule], _ channels: [String: any AlertChannel]) -> AlertService {
        AlertService(
            rules: { rules }, channels: { channels }, store: store, log: log, time: time, ids: SystemIDs(time: time),
            logger: Logger(sink: MemorySink()))
    }

    private func happen(_ kind: String, about endpoint: String = "e") {
        log.add([
            EventDraft(
                kind: kind, subject: EventSubject("endpoint", endpoint), actor: "monitor:e", reason: "3 of 16", payload: ["window": 4],
                time: time.now())
        ])
    }

    private func kinds() async throws -> [String] {
        try await log.events(after: 0, limit: 1_000, kinds: nil, subject: nil).map(\.draft.kind).filter { $0.hasPrefix("alert.") }
    }

    private let drift = [AlertRule(event: "drift.confirmed", level: .p1, channels: ["hook"])]

    @Test func `an event with a rule makes an alert and reaches its channels`() async throws {
        let hook = FakeChannel()
        let service = service(drift, ["hook": hook])
        happen("drift.suspected")
        happen("drift.confirmed")
        try await service.takeEvents()
        try await service.deliver()
        try await service.deliver()
        #expect(hook.attempts == [1])
        let alert = try #require(try await service.alerts(limit: 10).first)
        #expect(alert.event == "drift.confirmed" && alert.level == .p1 && alert.state == .firing && alert.reason == "3 of 16")
        #expect(alert.payload["event_sequence"] == 2)
        #expect(alert.payload["window"] == 4)
        #expect(try await kinds() == ["alert.fired", "alert.delivered"])
    }

    @Test func `the same cause is counted and told once until someone looks after it`() async throws {
        let hook = FakeChannel()
        let service = service(drift, ["hook": hook])
        for _ in 0..<3 {
            happen("drift.confirmed")
            try await service.takeEvents()
            try await service.deliver()
        }
        #expect(hook.attempts.count == 1)
        let alert = try #require(try await service.alerts(limit: 10).first)
        #expect(alert.count == 3)
        happen("drift.confirmed", about: "other")
        try await service.takeEvents()
        #expect(try await service.alerts(limit: 10).count == 2)
        let acknowledged = try await service.acknowledge(alert.id, actor: "user:alice", reason: "on it")
        #expect(acknowledged.state == .acknowledged && acknowledged.acknowledgedBy == "user:alice")
        #expect(try await store.alert(alert.id) == acknowledged)
        happen("drift.confirmed")
        try await service.takeEvents()
        #expect(try await service.alerts(limit: 10).count == 3)
        await #expect(throws: JidokaError.self) { try await service.acknowledge(alert.id, actor: "user:bob", reason: "me too") }
        await #expect(throws: JidokaError.self) { try await service.acknowledge("nope", actor: "user:bob", reason: "") }
    }

    @Test(arguments: ["drift.cleared", "monitor.enabled"])
    func `the end of the cause resolves the alert, and the next drift is told again`(ending: String) async throws {
        let hook = FakeChannel()
        let service = service(drift, ["hook": hook])
        happen("drift.confirmed")
        happen("drift.confirmed", about: "other")
        happen(ending)
        happen("drift.confirmed")
        try await service.takeEvents()
        try await service.deliver()
        let alerts = try await service.alerts(limit: 10).filter { $0.subject.id == "e" }
        #expect(alerts.map(\.state).sorted { $0.rawValue < $1.rawValue } == [.firing, .resolved])
        #expect(hook.ids.count == 3)
        #expect(try await kinds().count { $0 == "alert.resolved" } == 1)
        try await service.takeEvents()
        #expect(try await service.alerts(limit: 10).count == 3)
    }

    @Test func `several rules on one event make one alert at the most urgent level for all channels`() async throws {
        let (pager, chat) = (FakeChannel(), FakeChannel())
        let rules = [
            AlertRule(event: "drift.confirmed", level: .p2, channels: ["chat"]),
            AlertRule(event: "drift.confirmed", level: .p0, channels: ["pager", "chat"]),
        ]
        let service = service(rules, ["pager": pager, "chat": chat])
        happen("drift.confirmed")
        try await service.takeEvents()
        try await service.deliver()
        #expect(try await service.alerts(limit: 10).map(\.level) == [.p0])
        #expect(pager.attempts == [1])
        #expect(chat.attempts == [1])
    }

    @Test func `a failed message is sent again, ever later, and is then a dead letter`() async throws {
        let hook = FakeChannel(failures: 100)
        let service = service(drift, ["hook": hook])
        happen("drift.confirmed")
        try await service.takeEvents()
        var waits: [Int] = []
        var waited = 0
        for _ in 0..<10_000 where try await kinds().last != "alert.dead_lettered" {
            let before = hook.attempts.count
            try await service.deliver()
            if hook.attempts.count > before {
                waits.append(waited)
                waited = 0
            }
            time.advance(by: .seconds(1))
            waited += 1
        }
        #expect(waits == [0, 1, 5, 30, 120, 600, 3_600])
        #expect(hook.attempts == [1, 2, 3, 4, 5, 6, 7])
        time.advance(by: .seconds(86_400))
        try await service.deliver()
        #expect(hook.attempts.count == 7)
        let letter = try await log.events(after: 0, limit: 100, kinds: ["alert.dead_lettered"], subject: nil)
        #expect(letter.first?.draft.reason == "given up after 7 attempts: channel answered with status 500")
    }

    @Test func `a channel that is not declared fails like one that does not answer`() async throws {
        let service = service(drift, [:])
        happen("drift.confirmed")
        try await service.takeEvents()
        try await service.deliver()
        #expect(try await store.due(at: time.now() + .seconds(1), limit: 10).map(\.attempt) == [2])
    }

    @Test func `each event counts once, however often the log is read`() async throws {
        let service = service(drift, [:])
        for _ in 0..<1_203 { happen("window.evaluated") }
        happen("drift.confirmed")
        try await service.takeEvents()
        try await service.takeEvents()
        #expect(try await service.alerts(limit: 10).map(\.count) == [1])
        #expect(try await store.cursor() == 1_205)
    }
}
