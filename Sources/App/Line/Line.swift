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

    package func data(named name: String) -> DataDeclaration? { data.first { $0.name == name } }
}

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

package enum TriggerDeclaration: Sendable, Hashable {
    case schedule(String)
    case drift(endpoint: String)
    case data(String)
    case push([String])
}

package struct GateDeclaration: Sendable, Hashable {
    /// The dataset whose holdout rows are judged on.
    package var data: String
    package var checks: [CheckDeclaration]
}

package enum CheckDeclaration: Sendable, Hashable {
    case atLeast(metric: String, min: Double)
    case atMost(metric: String, max: Double)
    case betterThanChampion(metric: String, by: Double)
    case slices(columns: [String], metric: String, maxGap: Double)
    case latencyP99(milliseconds: Double)
}

package struct EndpointDeclaration: Sendable, Hashable {
    package var name: String
    package var batchMax: Int
    package var batchDelay: Duration
    package var rollout: RolloutPlan
}

package struct MonitorDeclaration: Sendable, Hashable {
    package var windowRows: Int
    /// Share of drifted features that makes the window drifted.
    package var driftShare: Double
    /// Windows in a row that confirm drift.
    package var persist: Int
    package var performanceMetric: String
    package var performanceDrop: Double
}

package struct AlertDeclaration: Sendable, Hashable {
    package var event: String
    package var level: String
    package var channels: [String]
}

package struct ChannelDeclaration: Sendable, Hashable {
    package var name: String
    package var urlVariable: String
    package var secretVariable: String?
}

package enum PolicyDeclaration: Sendable, Hashable {
    case retrain(RetrainPolicy)
    /// Rollouts roll back by themselves; the entry states it.
    case rollBack(on: String)
}
