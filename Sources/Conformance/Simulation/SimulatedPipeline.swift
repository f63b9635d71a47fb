import Clockwork
import ContinuousTraining
import Errors
import Rollouts
import Synchronization

/// A pipeline that takes hours and may fail, a gate that may refuse, and the way from a produced version to its rollout.
final class SimulatedPipeline: RetrainActions {
    struct Run: Sendable {
        var id: String
        var start: Timestamp
        var end: Timestamp
        var outcome: RetrainOutcome
    }
    private struct State {
        /// By request: the same request again starts nothing new.
        var runs: [String: Run] = [:]
        var rollouts: RolloutService?
        var population = 0.0
        var versions = 0
        /// When a run was asked for while another was under way.
        var overlap: String?
    }
    private let state = Mutex(State())
    private let serving: SimulatedServing
    private let faults: Faults
    private let time: any TimeSource
    private let random: SeededRandom
    private let plan: RolloutPlan

    init(serving: SimulatedServing, faults: Faults, time: any TimeSource, random: SeededRandom, plan: RolloutPlan) {
        self.serving = serving
        self.faults = faults
        self.time = time
        self.random = random
        self.plan = plan
    }

    /// A restarted server brings a service of its own.
    func connect(_ rollouts: RolloutService) { state.withLock { $0.rollouts = rollouts } }
    func set(population: Double) { state.withLock { $0.population = population } }
    var runs: [Run] { state.withLock { $0.runs.values.sorted { ($0.start, $0.id) < ($1.start, $1.id) } } }
    var overlap: String? { state.withLock { $0.overlap } }

    func retrain(endpoint: String, rows: Int, request: String, reason: String) async throws -> String {
        try await faults.attempt("retrain") {
            let now = time.now()
            let lacksRows = random.chance(0.03)
            return try state.withLock { state in
                if let known = state.runs[request] { return known.id }
                if lacksRows { throw JidokaError.failedPrecondition("only 12 labelled rows") }
                if let other = state.runs.values.first(where: { $0.end > now }) { state.overlap = "\(request) while \(other.id) runs" }
                state.versions += 1
                let run = Run(
                    id: "run-\(state.runs.count + 1)", start: now, end: now + .seconds(600 * random.within(3...60)),
                    outcome: outcome(version: "v\(state.versions + 1)", population: state.population))
                state.runs[request] = run
                return run.id
            }
        }
    }

    private func outcome(version: String, population: Double) -> RetrainOutcome {
        let made = SimulatedVersion(
            name: version, skill: random.chance(0.2) ? 0.62 : 0.78 + 0.04 * random.uniform(), home: population,
            errorRate: random.chance(0.1) ? 0.05 : 0.001, slowRate: random.chance(0.1) ? 0.3 : 0.01)
        switch random.uniform() {
        case ..<0.15: return .failed(why: "step `train` exited with 1")
        case ..<0.3: return .gateRefused(version: version, why: "accuracy is below 0.7")
        default:
            serving.add(made)
            return .produced(version: version)
        }
    }

    func outcome(run: String) async throws -> RetrainOutcome? {
        try await faults.attempt("outcome", isRead: true) {
            let found = state.withLock { state in state.runs.values.first { $0.id == run } }
            guard let found else { throw JidokaError.notFound("no run `\(run)`") }
            return found.end <= time.now() ? found.outcome : nil
        }
    }

    /// Idempotent by the version: each request makes one, and a rollout whose start was not answered is found by it.
    func startRollout(endpoint: String, version: String, request: String, reason: String) async throws -> String {
        guard let rollouts = state.withLock({ $0.rollouts }) else { throw JidokaError.unavailable("the server starts") }
        return try await faults.attempt("start rollout") {
            let known = try await rollouts.rollouts(endpoint: endpoint, limit: 100)
            if let started = known.first(where: { $0.candidate == version }) { return started.id }
            return try await rollouts.start(
                RolloutService.Request(
                    endpoint: endpoint, model: endpoint, champion: serving.registered, candidate: version, plan: plan,
                    actor: "policy:retrain", reason: reason, overridden: false)
            ).id
        }
    }

    func rolloutOutcome(_ rollout: String) async throws -> RolloutOutcome? {
        guard let rollouts = state.withLock({ $0.rollouts }) else { throw JidokaError.unavailable("the server starts") }
        let current = try await rollouts.rollout(rollout)
        return current.state.isFinal ? RolloutOutcome(promoted: current.state == .done, why: current.reason) : nil
    }
}
