import Clockwork
import Conformance
import Errors
import Events
import Rollouts
import Synchronization
import Telemetry
import Testing

/// Serving and registry that note what is asked of them, and can hold or refuse it.
private final class Stage: TrafficSwitch, ChampionRegistry, EvidenceSource {
    struct State {
        var calls: [String] = []
        var evidence: [String: Evidence] = [:]
        var since: [Timestamp] = []
        var refusals: [String: JidokaError] = [:]
        /// Calls that wait until they are let go.
        var held: String?
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    let state = Mutex(State())

    var calls: [String] { state.withLock { $0.calls } }
    func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    private func take(_ call: String) async throws {
        let refusal = state.withLock { $0.refusals[call] }
        if let refusal { throw refusal }
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                if state.held != call { return true }
                state.waiting.append(continuation)
                return false
            }
            if goesOn { continuation.resume() }
        }
        state.withLock { $0.calls.append(call) }
    }

    func letGo() {
        let waiting = state.withLock { state in
            defer { (state.held, state.waiting) = (nil, []) }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func waitForHeld() async { while state.withLock({ $0.waiting.isEmpty }) { await Task.yield() } }

    func split(endpoint: String, champion: String, candidate: String, percent: Int, actor: String, reason: String) async throws {
        try await take("split \(endpoint) \(candidate) \(percent)")
    }
    func switchOver(endpoint: String, to version: String, actor: String, reason: String) async throws {
        try await take("switch \(endpoint) \(version)")
    }
    func makeChampion(model: String, version: String, actor: String, reason: String) async throws {
        try await take("champion \(version)")
    }
    func evidence(endpoint: String, champion: String, candidate: String, since: Timestamp) async throws -> Evidence {
        try await take("evidence \(endpoint)")
        return state.withLock { state in
            state.since.append(since)
            return state.evidence[endpoint] ?? Evidence()
        }
    }
}

struct RolloutServiceTests {
    private let stage = Stage()
    private let time = VirtualTime()
    private let log = MemoryEventLog()
    private let store: MemoryRolloutStore
    private let sink = MemorySink()
    private let service: RolloutService

    init() {
        store = MemoryRolloutStore(log: log)
        service = RolloutService(
            store: store, traffic: stage, registry: stage, evidence: stage, time: time, ids: SeededIDs(seed: 1),
            logger: Logger(level: .debug, sink: sink, time: time))
    }

    private func request(_ endpoint: String = "employment", plan: RolloutPlan = RolloutPlan()) -> RolloutService.Request {
        RolloutService.Request(
            endpoint: endpoint, model: "employment", champion: "1", candidate: "2", plan: plan, actor: "user:ann", reason: "new data",
            overridden: false)
    }

    @Test func `a start is told, split and stored`() async throws {
        let rollout = try await service.start(request())
        #expect(rollout.state == .canary && rollout.isSplit)
        #expect(stage.calls == ["split employment 2 10"])
        let events = try await log.events(after: 0, limit: 10, kinds: nil, subject: nil)
        #expect(events.map(\.draft.kind) == ["rollout.started"])
        #expect(try await store.rollout(rollout.id) == rollout)
    }

    @Test(arguments: [[], [0, 100], [10, 10], [50, 10], [10, 101], [-5]])
    func `a plan that cannot be is refused with an example`(steps: [Int]) async throws {
        let error = await #expect(throws: JidokaError.self) { try await service.start(request(plan: RolloutPlan(steps: steps))) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.hint?.contains("10,50,100") ?? false)
    }

    @Test func `a rollout of the champion, a second one and an unknown one are refused`() async throws {
        var same = request()
        same.candidate = "1"
        #expect(await #expect(throws: JidokaError.self) { try await service.start(same) }?.code == .failedPrecondition)
        _ = try await service.start(request())
        #expect(await #expect(throws: JidokaError.self) { try await service.start(request()) }?.code == .conflict)
        #expect(await #expect(throws: JidokaError.self) { try await service.rollout("none") }?.code == .notFound)
    }

    @Test func `a version that cannot be loaded is rolled back`() async throws {
        stage.set { $0.refusals["split employment 2 10"] = .unavailable("no memory") }
        let rollout = try await service.start(request())
        #expect(rollout.state == .rolledBack)
        #expect(rollout.reason == "the traffic could not be split: no memory")
        #expect(stage.calls == ["switch employment 1", "champion 1"])
    }

    @Test func `a command on an ended rollout is refused`() async throws {
        let rollout = try await service.start(request())
        _ = try await service.command(.rollBack(actor: "user:ann", reason: "no"), on: rollout.id)
        let error = await #expect(throws: JidokaError.self) {
            try await service.command(.promote(actor: "user:ann", reason: "now"), on: rollout.id)
        }
        #expect(error?.code == .failedPrecondition)
    }

    @Test func `a rollback asked for during a promotion comes after it and has the last word`() async throws {
        let service = service
        let rollout = try await service.start(request())
        stage.set { $0.held = "switch employment 2" }
        async let promoted = service.command(.promote(actor: "user:ann", reason: "now"), on: rollout.id)
        await stage.waitForHeld()
        async let rolledBack = service.command(.rollBack(actor: "user:bob", reason: "no"), on: rollout.id)
        for _ in 0..<100 { await Task.yield() }
        stage.letGo()
        #expect(try await promoted.state == .baking)
        #expect(try await rolledBack.state == .rolledBack)
        #expect(
            stage.calls == ["split employment 2 10", "champion 2", "switch employment 2", "switch employment 1", "champion 1"])
    }

    @Test func `counts of the canary are never taken for the bake's`() async throws {
        let service = service
        let rollout = try await service.start(request())
        stage.set { state in
            state.evidence["employment"] = evidence(2_000)
            state.held = "evidence employment"
        }
        async let looked: Void = service.lookAtAll()
        await stage.waitForHeld()
        async let promoted = service.command(.promote(actor: "user:ann", reason: "now"), on: rollout.id)
        for _ in 0..<100 { await Task.yield() }
        stage.letGo()
        try await looked
        #expect(try await promoted.state == .baking)
        #expect(try await service.rollout(rollout.id).evidence == Evidence())
    }

    @Test func `each step is judged on the rows since its own split came into force`() async throws {
        _ = try await service.start(request())
        stage.set { $0.evidence["employment"] = evidence(5_000) }
        time.advance(by: .seconds(30))
        try await service.lookAtAll()
        time.advance(by: .seconds(30))
        try await service.lookAtAll()
        #expect(stage.state.withLock { $0.since } == [at(0), at(30)])
    }

    @Test func `the trouble of one endpoint keeps no other waiting`() async throws {
        let broken = try await service.start(request("a"))
        time.advance(by: .seconds(1))
        let fine = try await service.start(request("b"))
        stage.set { state in
            state.refusals["evidence a"] = .unavailable("the disk refused a read")
            state.evidence["b"] = evidence(5_000)
        }
        await #expect(throws: JidokaError.self) { try await service.lookAtAll() }
        #expect(try await service.rollout(broken.id).percent == 10)
        #expect(try await service.rollout(fine.id).percent == 50)
    }

    @Test func `an action that failed is tried again at each look`() async throws {
        let rollout = try await service.start(request())
        stage.set { $0.refusals["switch employment 2"] = .unavailable("busy") }
        #expect(try await service.command(.promote(actor: "user:ann", reason: "now"), on: rollout.id).state == .promoting)
        try await service.lookAtAll()
        #expect(try await service.rollout(rollout.id).state == .promoting)
        stage.set { $0.refusals = [:] }
        try await service.lookAtAll()
        #expect(try await service.rollout(rollout.id).state == .baking)
        #expect(stage.calls.suffix(2) == ["champion 2", "switch employment 2"])
    }

    @Test func `the looker takes up what was left, looks on its interval and outlives errors`() async throws {
        let rollout = try await service.start(request())
        stage.set { state in
            state.calls = []
            state.refusals["evidence employment"] = .unavailable("the disk refused a read")
            state.evidence["employment"] = evidence(5_000)
        }
        let looker = RolloutLooker(
            rollouts: service, interval: .seconds(5), time: time, logger: Logger(level: .debug, sink: sink, time: time))
        let task = Task { try await looker.run() }
        await time.waitForSleepers(1)
        #expect(stage.calls == ["split employment 2 10"])
        time.advance(by: .seconds(5))
        await time.waitForSleepers(1)
        #expect(sink.lines.map(\.message) == ["rollouts could not be looked at"])
        stage.set { $0.refusals = [:] }
        time.advance(by: .seconds(5))
        await time.waitForSleepers(1)
        #expect(try await service.rollout(rollout.id).percent == 50)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
