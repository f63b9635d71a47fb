import ContinuousTraining
import Rollouts

/// Everything around the two services that outlives a crash of theirs.
struct LoopWorld: Sendable {
    static let endpoint = "employment"
    static let tick = Duration.seconds(900)
    static let plan = RolloutPlan(labelsMin: 300, margin: 0.01, bakeRequests: 2_000, patience: .seconds(2_700))
    static let policy = RetrainPolicy(
        triggers: ["drift.confirmed", "performance.dropped"], rows: 8_000, cooldown: .seconds(6 * 3_600), budgetPerDay: 3)

    let stores: LoopStores
    let time = VirtualTime()
    let random: SeededRandom
    let faults: Faults
    let acknowledged = AcknowledgedWrites()
    let serving: SimulatedServing
    let pipeline: SimulatedPipeline
    let log: FaultyEventLog

    init(seed: UInt64, stores: LoopStores, rates: Faults.Rates) {
        self.stores = stores
        random = SeededRandom(seed: seed)
        faults = Faults(rates: rates, random: random)
        serving = SimulatedServing(
            champion: SimulatedVersion(name: "v1", skill: 0.8, home: 0, errorRate: 0.001, slowRate: 0.01), faults: faults,
            start: time.now(), tickLength: LoopWorld.tick, labelDelay: 2)
        pipeline = SimulatedPipeline(serving: serving, faults: faults, time: time, random: random, plan: LoopWorld.plan)
        log = FaultyEventLog(log: stores.log, faults: faults, acknowledged: acknowledged)
    }
}
