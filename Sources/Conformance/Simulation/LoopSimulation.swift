import Clockwork
import ContinuousTraining
import Errors
import Events
import JSON
import Rollouts
import Telemetry

/// The closed loop of one endpoint under a virtual clock: the real `RolloutService` and `TrainingLoopService` over stores that fail, with
/// drifting traffic, pipeline runs of hours, refusing gates, lost and doubled triggers, people who interfere, and crashes between any two
/// steps. Everything follows from the seed. The invariants are checked after every step; see `LoopInvariants`.
package struct LoopSimulation {
    private static let rates = Faults.Rates(refusal: 0.02, lostAnswer: 0.02, crash: 0.02)

    private let seed: UInt64
    private let world: LoopWorld
    private let ids: SeededIDs
    private var rollouts: RolloutService
    private var loop: TrainingLoopService
    private var population = SimulatedPopulation()
    private var invariants = LoopInvariants()
    private var trace = SimulationTrace()
    private var report = SimulationReport()
    /// After a restart, until they were taken up again.
    private var mustResume = true
    private var mustBegin = true
    private var overrides = 0

    package init(seed: UInt64, stores: LoopStores = LoopStores()) {
        self.seed = seed
        world = LoopWorld(seed: seed, stores: stores, rates: LoopSimulation.rates)
        ids = SeededIDs(seed: seed)
        (rollouts, loop) = LoopSimulation.services(world, ids)
        world.pipeline.connect(rollouts)
    }

    private static func services(_ world: LoopWorld, _ ids: SeededIDs) -> (RolloutService, TrainingLoopService) {
        let logger = Logger(level: .error, sink: MemorySink(), time: world.time)
        let kept = FaultyRolloutStore(
            store: world.stores.rollouts, log: world.stores.log, faults: world.faults, acknowledged: world.acknowledged)
        let rollouts = RolloutService(
            store: kept, traffic: world.serving, registry: world.serving, evidence: world.serving, time: world.time, ids: ids,
            logger: logger)
        let loops = FaultyTrainingLoopStore(
            store: world.stores.loops, log: world.stores.log, faults: world.faults, acknowledged: world.acknowledged)
        let loop = TrainingLoopService(
            endpoint: LoopWorld.endpoint, policy: LoopWorld.policy, store: loops, log: world.log, actions: world.pipeline,
            time: world.time, ids: ids, logger: logger)
        return (rollouts, loop)
    }

    /// Runs `days` virtual days with trouble, then lets the dust settle.
    /// - Throws: `SimulationFailure` when an invariant breaks.
    package mutating func run(days: Int) async throws -> SimulationReport {
        let ticks = days * 86_400 / Int(LoopWorld.tick.seconds)
        for _ in 0..<ticks { try await tick(isCalm: false) }
        world.faults.set(.none)
        population.isCalm = true
        for _ in 0..<LoopSimulation.calmTicksMax {
            try await tick(isCalm: true)
            if try await isAtRest() { break }
        }
        guard try await isAtRest() else { throw failure("traffic flows, nothing fails, and yet a rollout does not end") }
        do { try await invariants.finish(world) } catch let broken as BrokenInvariant { throw failure(broken.what) }
        report.faults = world.faults.count
        report.acknowledged = world.acknowledged.count
        report.head = try await world.stores.log.head().hash
        return invariants.counted(in: report, world)
    }

    /// Long enough for an equally good version to be proven so.
    private static let calmTicksMax = 1_500

    private func isAtRest() async throws -> Bool {
        guard try await world.stores.rollouts.unfinished().isEmpty else { return false }
        return try await world.stores.loops.loop(endpoint: LoopWorld.endpoint)?.phase == .watching
    }

    private mutating func tick(isCalm: Bool) async throws {
        world.time.advance(by: LoopWorld.tick - .microseconds(world.time.now().microseconds % LoopWorld.tick.microseconds))
        population.move(world.random)
        world.pipeline.set(population: population.place)
        if world.faults.isDown { restart() }
        let rows = world.serving.serve(
            rows: population.rows(world.random), population: population.place, misrouted: population.misrouted, random: world.random)
        invariants.served(rows, world, population: population.place)
        report.ticks += 1
        for operation in operations(isCalm: isCalm) {
            if world.random.chance(0.5) { world.time.advance(by: .seconds(1)) }
            let outcome = await attempt(operation)
            trace.add("\(world.time.now().rfc3339) \(operation.rawValue): \(outcome)", world.faults.takeInjected())
            do {
                try await invariants.check(world, after: operation, succeeded: outcome == "ok")
            } catch let broken as BrokenInvariant { throw failure(broken.what) }
            if world.faults.isDown { break }
        }
    }

    private func operations(isCalm: Bool) -> [LoopOperation] {
        var all: [LoopOperation] = mustResume ? [.resume] : []
        if mustBegin { all.append(.begin) }
        all += world.random.chance(0.5) ? [.look, .step] : [.step, .look]
        if isCalm { return all + (world.random.chance(0.2) ? [.resumePaused, .release] : []) }
        if world.random.chance(0.05) { all.append(.signal) }
        if world.random.chance(0.06) {
            all.insert(LoopOperation.people[world.random.below(LoopOperation.people.count)], at: world.random.below(all.count))
        }
        if world.random.chance(0.004) { all.insert(.crash, at: world.random.below(all.count)) }
        return all
    }

    /// Every restart builds the services anew from what the stores hold.
    private mutating func restart() {
        world.faults.restart()
        (rollouts, loop) = LoopSimulation.services(world, ids)
        world.pipeline.connect(rollouts)
        (mustResume, mustBegin) = (true, true)
        if world.random.chance(0.1) { world.serving.forget() }
        invariants.disturbed(at: world.time.now())
        report.restarts += 1
        trace.add("\(world.time.now().rfc3339) restart", [])
    }

    private mutating func attempt(_ operation: LoopOperation) async -> String {
        do {
            switch operation {
            case .resume:
                try await rollouts.resumeAll()
                mustResume = false
            case .begin:
                try await loop.begin()
                mustBegin = false
            case .look: try await rollouts.lookAtAll()
            case .step: try await loop.step()
            case .signal: try await signal()
            case .crash:
                world.faults.crash()
            case .hold: try await loop.command(.hold(actor: "user:ann", reason: "stop"))
            case .release: try await loop.command(.release(actor: "user:ann", reason: "go on"))
            case .override: try await startBadVersion()
            case .pause, .resumePaused, .promote, .rollBack: try await command(operation)
            }
            return "ok"
        } catch { return "\(JidokaError.wrapping(error).message)" }
    }

    /// The monitor's signal: sometimes lost, sometimes doubled, sometimes of another endpoint.
    private func signal() async throws {
        if world.random.chance(0.2) { return }
        let kind = world.random.chance(0.7) ? "drift.confirmed" : "performance.dropped"
        let endpoint = world.random.chance(0.1) ? "another" : LoopWorld.endpoint
        let draft = EventDraft(
            kind: kind, subject: EventSubject("endpoint", endpoint), actor: "monitor", reason: "3 of 9 features drift",
            time: world.time.now())
        for _ in 0..<(world.random.chance(0.3) ? 2 : 1) { try await world.log.append([draft]) }
    }

    private mutating func startBadVersion() async throws {
        overrides += 1
        let version = SimulatedVersion(
            name: "bad\(overrides)", skill: world.serving.version(world.serving.registered).map { $0.skill - 0.15 } ?? 0.6,
            home: population.place,
            errorRate: 0.001, slowRate: 0.01)
        world.serving.add(version)
        let request = RolloutService.Request(
            endpoint: LoopWorld.endpoint, model: LoopWorld.endpoint, champion: world.serving.registered, candidate: version.name,
            plan: LoopWorld.plan, actor: "user:ann", reason: "trial", overridden: true)
        _ = try await rollouts.start(request)
    }

    private mutating func command(_ operation: LoopOperation) async throws {
        guard let open = try await world.stores.rollouts.unfinished().first else { return }
        invariants.touched(open.id)
        let input: RolloutMachine.Input =
            switch operation {
            case .pause: .pause(actor: "user:ann", reason: "wait")
            case .promote: .promote(actor: "user:ann", reason: "now")
            case .rollBack: .rollBack(actor: "user:ann", reason: "no")
            // A broken split does not mend itself: the count of its rows stays wrong.
            case .resumePaused where open.pause == .sampleRatioMismatch: .rollBack(actor: "user:ann", reason: "the split was broken")
            default: .resume(actor: "user:ann", reason: "go on")
            }
        _ = try await rollouts.command(input, on: open.id)
    }

    private func failure(_ what: String) -> SimulationFailure { SimulationFailure(seed: seed, invariant: what, trace: trace.lines) }
}

/// What one step of the simulation does.
enum LoopOperation: String, Sendable {
    case resume, begin, look, step, signal, crash, hold, release, override, pause, promote
    case resumePaused = "resume by a person"
    case rollBack = "roll back"

    /// What people do, the harmless more often.
    static let people: [LoopOperation] = [
        .pause, .pause, .resumePaused, .resumePaused, .resumePaused, .hold, .release, .release, .override, .override, .promote, .rollBack,
    ]
}
