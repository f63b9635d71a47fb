import Clockwork
import Conformance
import ContinuousTraining
import Errors
import Events
import JSON
import Synchronization
import Telemetry
import Testing

/// A pipeline and rollouts that note what is asked of them and answer as they are told.
private final class Bench: RetrainActions {
    struct State {
        var requests: [String] = []
        var rollouts: [String] = []
        var refusal: JidokaError?
        var outcome: RetrainOutcome?
        var rolloutOutcome: RolloutOutcome?
    }
    let state = Mutex(State())
    func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }
    var requests: [String] { state.withLock { $0.requests } }

    func retrain(endpoint: String, rows: Int, request: String, reason: String) async throws -> String {
        try state.withLock { state in
            state.requests.append(request)
            if let refusal = state.refusal { throw refusal }
            return "run of \(request)"
        }
    }
    func outcome(run: String) async throws -> RetrainOutcome? { state.withLock { $0.outcome } }
    func startRollout(endpoint: String, version: String, request: String, reason: String) async throws -> String {
        try state.withLock { state in
            state.rollouts.append(version)
            if let refusal = state.refusal { throw refusal }
            return "rollout of \(version)"
        }
    }
    func rolloutOutcome(_ rollout: String) async throws -> RolloutOutcome? { state.withLock { $0.rolloutOutcome } }
}

/// A store that refuses the next updates after writing them, as when an answer is lost.
private struct ForgetfulStore: TrainingLoopStore {
    let store: MemoryTrainingLoopStore
    let lost: Lost
    final class Lost: Sendable { let kinds = Mutex<Set<String>>([]) }

    func loop(endpoint: String) async throws -> TrainingLoop? { try await store.loop(endpoint: endpoint) }
    func create(_ loop: TrainingLoop) async throws { try await store.create(loop) }
    func update(_ loop: TrainingLoop, events: [EventDraft]) async throws {
        if lost.kinds.withLock({ kinds in events.contains { kinds.remove($0.kind) != nil } }) {
            throw JidokaError.internal("the answer was lost")
        }
        try await store.update(loop, events: events)
    }
}

struct TrainingLoopServiceTests {
    private let bench = Bench()
    private let time = VirtualTime()
    private let log = MemoryEventLog()
    private let store: ForgetfulStore
    private let service: TrainingLoopService
    private let sink = MemorySink()

    init() {
        store = ForgetfulStore(store: MemoryTrainingLoopStore(log: log), lost: ForgetfulStore.Lost())
        service = TrainingLoopService(
            endpoint: "employment", policy: RetrainPolicy(triggers: ["drift.confirmed"]), store: store, log: log, actions: bench,
            time: time,
            ids: SeededIDs(seed: 1), logger: Logger(level: .debug, sink: sink, time: time))
    }

    private func drift(_ endpoint: String = "employment", kind: String = "drift.confirmed") -> EventDraft {
        EventDraft(kind: kind, subject: EventSubject("endpoint", endpoint), actor: "monitor", reason: "AGEP", time: time.now())
    }

    private func phase() async throws -> TrainingLoop.Phase { try await service.loop().phase }

    @Test func `a new loop begins at the head of the log`() async throws {
        try await log.append([drift(), drift()])
        await #expect(throws: JidokaError.self) { try await service.loop() }
        try await service.begin()
        try await service.step()
        #expect(try await service.loop().cursor == 2)
        #expect(bench.requests == [])
    }

    @Test func `triggers are taken in pages, whatever lies between them`() async throws {
        try await service.begin()
        try await log.append((0..<1_200).map { _ in drift("another", kind: "window.evaluated") } + [drift("another"), drift(), drift()])
        try await service.step()
        #expect(bench.requests.count == 1)
        let kinds = try await log.events(after: 1_203, limit: 10, kinds: nil, subject: nil).map(\.draft.kind)
        #expect(kinds == ["retrain.requested", "retrain.started", "retrain.suppressed"])
        let request = try #require(bench.requests.first)
        #expect(try await phase() == .training(request: request, run: "run of \(request)"))
        let loop = try await service.loop()
        try await service.step()
        #expect(try await service.loop() == loop, "a step with nothing new writes nothing")
    }

    @Test func `an event that names the endpoint in its payload concerns it`() async throws {
        try await service.begin()
        var draft = drift()
        draft.subject = EventSubject("monitor", "m1")
        draft.payload = ["endpoint": "employment"]
        try await log.append([draft])
        try await service.step()
        #expect(bench.requests.count == 1)
    }

    @Test(arguments: [ErrorCode.unavailable, .conflict, .exhausted])
    func `what passes is asked for again with the same request`(code: ErrorCode) async throws {
        try await service.begin()
        try await log.append([drift()])
        bench.set { $0.refusal = JidokaError(code, "busy") }
        await #expect(throws: JidokaError.self) { try await service.step() }
        await #expect(throws: JidokaError.self) { try await service.step() }
        bench.set { $0.refusal = nil }
        try await service.step()
        #expect(bench.requests.count == 3)
        #expect(Set(bench.requests).count == 1)
        guard case .training = try await phase() else { return #expect(Bool(false), "not training") }
    }

    @Test(arguments: [ErrorCode.failedPrecondition, .invalidArgument, .notFound, .internal])
    func `what lasts ends the retrain and says why`(code: ErrorCode) async throws {
        try await service.begin()
        try await log.append([drift()])
        bench.set { $0.refusal = JidokaError(code, "only 12 labelled rows") }
        try await service.step()
        #expect(try await phase() == .watching)
        let last = try await log.events(after: 0, limit: 100, kinds: ["retrain.failed"], subject: nil).last
        #expect(last?.draft.reason == "only 12 labelled rows")
    }

    @Test func `a run whose start could not be stored is not forgotten`() async throws {
        try await service.begin()
        try await log.append([drift()])
        store.lost.kinds.withLock { _ = $0.insert("retrain.started") }
        await #expect(throws: JidokaError.self) { try await service.step() }
        guard case .requested = try await phase() else { return #expect(Bool(false), "the loop forgot the run") }
        try await service.step()
        #expect(Set(bench.requests).count == 1)
        guard case .training = try await phase() else { return #expect(Bool(false), "not training") }
    }

    @Test func `the run and the rollout are followed to their end`() async throws {
        try await service.begin()
        try await log.append([drift()])
        try await service.step()
        try await service.step()
        bench.set { $0.outcome = .produced(version: "7") }
        try await service.step()
        #expect(bench.state.withLock { $0.rollouts } == ["7"])
        try await service.step()
        bench.set { $0.rolloutOutcome = RolloutOutcome(promoted: true, why: "baked") }
        try await service.step()
        #expect(try await phase() == .watching)
        let kinds = try await log.events(after: 1, limit: 100, kinds: nil, subject: nil).map(\.draft.kind)
        #expect(kinds == ["retrain.requested", "retrain.started", "retrain.produced", "retrain.promoted"])
    }

    @Test func `the runner begins when it can, steps on its interval and outlives errors`() async throws {
        let runner = TrainingLoopRunner(
            loop: service, endpoint: "employment", interval: .seconds(5), time: time,
            logger: Logger(level: .debug, sink: sink, time: time))
        let task = Task { try await runner.run() }
        await time.waitForSleepers(1)
        try await log.append([drift()])
        bench.set { $0.refusal = .unavailable("busy") }
        time.advance(by: .seconds(5))
        await time.waitForSleepers(1)
        #expect(sink.lines.map(\.message) == ["the training loop could not go on"])
        bench.set { $0.refusal = nil }
        time.advance(by: .seconds(5))
        await time.waitForSleepers(1)
        guard case .training = try await phase() else { return #expect(Bool(false), "not training") }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
