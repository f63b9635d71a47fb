import Clockwork
import ColumnStores
import Errors
import Registry
import Rollouts
import Serving

/// Traffic plans as rollouts change them.
struct ServingSwitch: TrafficSwitch {
    let serving: ServingService

    func split(endpoint: String, champion: String, candidate: String, percent: Int, actor: String, reason: String) async throws {
        try await serving.changePlan(of: endpoint, actor: actor, reason: reason) { plan in
            plan.champion = champion
            plan.challengers = [TrafficPlan.Arm(version: candidate, weight: Double(percent))]
        }
    }

    func switchOver(endpoint: String, to version: String, actor: String, reason: String) async throws {
        try await serving.changePlan(of: endpoint, actor: actor, reason: reason) { plan in
            plan.champion = version
            plan.challengers = []
        }
    }
}

/// The alias `champion` as rollouts move it. Moving it where it is already changes nothing.
struct ChampionAlias: ChampionRegistry {
    let gates: GateService

    func makeChampion(model: String, version: String, actor: String, reason: String) async throws {
        guard let number = Int(version) else { throw JidokaError.internal("version `\(version)` is not a number") }
        if try await gates.champion(of: model) == number { return }
        // The gate or its audited override was checked when the rollout started; the rollout's own verdict is the reason now.
        _ = try await gates.promote(name: model, version: number, actor: actor, reason: reason, override: true)
    }
}

/// Requests and errors from serving's counters, labels from the prediction log.
struct JoinedEvidence: EvidenceSource {
    let serving: ServingService
    let log: PredictionLog
    let limits: SlowLimits

    func evidence(endpoint: String, champion: String, candidate: String, since: Timestamp) async throws -> Evidence {
        let statistics = try serving.statistics(of: endpoint, since: since)
        let labelled = log.evidence(endpoint: endpoint, versions: [champion, candidate], since: since)
        let slow = try limits.limit(endpoint: endpoint, champion: champion, serving: serving)
        func arm(_ version: String) -> ArmEvidence {
            let counts = statistics[version] ?? VersionStatistics()
            let labels = labelled[version] ?? VersionEvidence()
            return ArmEvidence(
                requests: Int64(counts.requests), errors: Int64(counts.errors), slow: counts.latency.count(above: slow),
                labelled: Int64(labels.labelled), correct: Int64(labels.correct))
        }
        return Evidence(champion: arm(champion), candidate: arm(candidate))
    }
}
