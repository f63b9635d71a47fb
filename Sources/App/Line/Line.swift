package import ContinuousTraining
package import JSON
package import Pipelines
package import Rollouts

/// A project's line as `jidoka.yaml` declares it: plain values, checked, with no path or name left to guess. See docs/reference/line.md.
package struct Line: Sendable {
    package var name: String
    package var data: [DataDeclaration]
    package var pipeline: PipelineDefinition?
    package var triggers: [TriggerDeclaration]
    /// The registered model that the pipeline makes.
    package var model: String?
    package var gate: GateDeclaration?
    package var endpoint: EndpointDeclaration?
    package var monitor: MonitorDeclaration?
    package var alerts: [AlertDeclaration]
    package var channels: [ChannelDeclaration]
    package var policies: [PolicyDeclaration]

    /// When to retrain: the declared policies; without one, a `drift` trigger means the default policy.
    package var retrainPolicies: [RetrainPolicy] {
        let declared = policies.compactMap { if case .retrain(let policy) = $0 { policy } else { nil } }
        if !declared.isEmpty { return declared }
        return triggers.contains { $0 == .drift(endpoint: endpoint?.name ?? "") } ? [RetrainPolicy(triggers: ["drift.confirmed"])] : []
    }

    package func data(named name: String) -> DataDeclaration? { data.first { $0.name == name } }
}

/// One dataset of the project.
package struct DataDeclaration: Sendable, Hashable {
    package var name: String
    /// Relative to the project folder.
    package var path: String
    package var time: String?
    package var key: String?
    package var label: String?
    /// Share of rows kept from training, for the gate: 0 to 0.9.
    package var holdout: Double
    package var expectations: [ExpectationDeclaration]
}

/// One entry of a suite, not yet checked against the vocabulary of the area.
package struct ExpectationDeclaration: Sendable, Hashable {
    package var name: String
    package var arguments: JSONObject
    /// `file:line:column`, for errors.
    package var place: String
}

/// Why the pipeline starts by itself.
package enum TriggerDeclaration: Sendable, Hashable {
    case drift(endpoint: String)
}

/// What a version must pass, and on which rows it is judged.
package struct GateDeclaration: Sendable, Hashable {
    /// The dataset whose holdout rows are judged on.
    package var data: String
    package var checks: [CheckDeclaration]
}

/// One condition of the gate.
package enum CheckDeclaration: Sendable, Hashable {
    case atLeast(metric: String, min: Double)
    case atMost(metric: String, max: Double)
    case betterThanChampion(metric: String, by: Double)
    case slices(columns: [String], metric: String, maxGap: Double)
    case latencyP99(milliseconds: Double)
}

/// The named place that answers predictions, how it batches, and how a new version gets its traffic.
package struct EndpointDeclaration: Sendable, Hashable {
    package var name: String
    package var batchMax: Int
    package var batchDelay: Duration
    package var rollout: RolloutPlan
}

/// How the endpoint is watched.
package struct MonitorDeclaration: Sendable, Hashable {
    package var windowRows: Int
    /// Share of drifted features that makes the window drifted.
    package var driftShare: Double
    /// Windows in a row that confirm drift.
    package var persist: Int
    package var performanceMetric: String
    package var performanceDrop: Double
}

/// On an event of this kind, tell these channels. `level` is P0, P1 or P2.
package struct AlertDeclaration: Sendable, Hashable {
    package var event: String
    package var level: String
    package var channels: [String]
}

/// A webhook. Its address and secret are read from the environment, so that neither stands in the file.
package struct ChannelDeclaration: Sendable, Hashable {
    package var name: String
    package var urlVariable: String
    package var secretVariable: String?
}

/// What is done on an event without asking anybody.
package enum PolicyDeclaration: Sendable, Hashable {
    case retrain(RetrainPolicy)
    /// Rollouts roll back by themselves; the entry states it.
    case rollBack(on: String)
}
