package import Clockwork
package import JSON

/// One execution of the pipeline.
package struct PipelineRun: Sendable, Hashable {
    package enum Status: String, Sendable, CaseIterable {
        case queued, running, concluding, succeeded, failed, cancelled
        package var isFinal: Bool { self == .succeeded || self == .failed || self == .cancelled }
    }

    package var id: String
    /// Asked for twice with the same request, a run is started once.
    package var request: String?
    package var status: Status
    package var reason: String
    package var actor: String
    /// Why it started: `manual`, `drift`, `schedule`, `data`.
    package var trigger: String
    package var params: [String: String]
    /// Dataset name to the digest of the version that the run reads; filled in when the run is created.
    package var data: [String: String]
    package var definition: PipelineDefinition
    package var steps: [StepRun]
    package var createdAt: Timestamp
    package var endedAt: Timestamp?
    /// The version that the run registered.
    package var modelVersion: String?
    /// The gate's report.
    package var gate: JSONObject?
    /// True when a check (exit status 3) or the gate said no: a verdict, not a mishap.
    package var refused: Bool
    package var error: String?
    package var revision: Int64

    package init(
        id: String, request: String?, reason: String, actor: String, trigger: String, params: [String: String], data: [String: String],
        definition: PipelineDefinition, at now: Timestamp
    ) {
        self.id = id
        self.request = request
        status = .queued
        self.reason = reason
        self.actor = actor
        self.trigger = trigger
        self.params = params
        self.data = data
        self.definition = definition
        steps = definition.steps.map { StepRun(name: $0.name) }
        createdAt = now
        endedAt = nil
        modelVersion = nil
        gate = nil
        refused = false
        error = nil
        revision = 0
    }
}

/// One step of one run.
package struct StepRun: Sendable, Hashable {
    package enum Status: String, Sendable, CaseIterable {
        case waiting, running, cached, succeeded, failed, skipped, cancelled
        package var isFinal: Bool { self != .waiting && self != .running }
        package var satisfies: Bool { self == .succeeded || self == .cached }
    }

    package var name: String
    package var status: Status
    package var attempt: Int
    package var exitStatus: Int?
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    package var message: String?
    /// For a cache hit: the run that did the work.
    package var cachedFrom: String?

    package init(name: String) {
        self.name = name
        status = .waiting
        attempt = 0
    }
}
