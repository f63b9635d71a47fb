/// How far a run is. The raw values are MLflow's.
package enum RunStatus: String, Sendable, CaseIterable {
    case running = "RUNNING"
    case scheduled = "SCHEDULED"
    case finished = "FINISHED"
    case failed = "FAILED"
    case killed = "KILLED"
}

/// The facts of a run that are not logged data.
package struct RunInfo: Sendable, Hashable {
    /// 32 hexadecimal digits.
    package var id: String
    package var experimentID: String
    /// Always equal to the tag `mlflow.runName`.
    package var name: String
    package var userID: String
    package var status: RunStatus
    /// Milliseconds since 1970, as the client said.
    package var startTime: Int64
    package var endTime: Int64?
    package var artifactURI: String
    package var lifecycle: Lifecycle

    package init(
        id: String, experimentID: String, name: String, userID: String, status: RunStatus, startTime: Int64, endTime: Int64? = nil,
        artifactURI: String, lifecycle: Lifecycle = .active
    ) {
        self.id = id
        self.experimentID = experimentID
        self.name = name
        self.userID = userID
        self.status = status
        self.startTime = startTime
        self.endTime = endTime
        self.artifactURI = artifactURI
        self.lifecycle = lifecycle
    }
}

/// A run with what was logged to it. `metrics` holds the latest point of each key; lists are sorted by key.
package struct Run: Sendable, Hashable {
    package var info: RunInfo
    package var metrics: [Metric]
    package var params: [Param]
    package var tags: [Tag]
    package var datasets: [DatasetInput]
    package var modelInputs: [String]
    package var modelOutputs: [ModelOutput]

    package init(
        info: RunInfo, metrics: [Metric] = [], params: [Param] = [], tags: [Tag] = [], datasets: [DatasetInput] = [],
        modelInputs: [String] = [],
        modelOutputs: [ModelOutput] = []
    ) {
        self.info = info
        self.metrics = metrics
        self.params = params
        self.tags = tags
        self.datasets = datasets
        self.modelInputs = modelInputs
        self.modelOutputs = modelOutputs
    }
}

/// What `runs/update` may change; nil leaves as it is.
package struct RunChange: Sendable, Hashable {
    package var status: RunStatus?
    package var endTime: Int64?
    package var name: String?

    package init(status: RunStatus? = nil, endTime: Int64? = nil, name: String? = nil) {
        self.status = status
        self.endTime = endTime
        self.name = name
    }
}

/// A dataset that a run read.
package struct DatasetInput: Sendable, Hashable {
    package var name: String
    package var digest: String
    package var sourceType: String
    package var source: String
    package var schema: String?
    package var profile: String?
    /// For example `mlflow.data.context` = `training`.
    package var tags: [Tag]

    package static let contextTag = "mlflow.data.context"

    package init(
        name: String, digest: String, sourceType: String, source: String, schema: String? = nil, profile: String? = nil, tags: [Tag] = []
    ) {
        self.name = name
        self.digest = digest
        self.sourceType = sourceType
        self.source = source
        self.schema = schema
        self.profile = profile
        self.tags = tags
    }
}

/// A dataset that runs of an experiment read; `context` is nil when no run said what for.
package struct DatasetSummary: Sendable, Hashable {
    package var experimentID: String
    package var name: String
    package var digest: String
    package var context: String?

    package init(experimentID: String, name: String, digest: String, context: String?) {
        self.experimentID = experimentID
        self.name = name
        self.digest = digest
        self.context = context
    }
}

/// A logged model that a run made, at a step.
package struct ModelOutput: Sendable, Hashable {
    package var modelID: String
    package var step: Int64

    package init(modelID: String, step: Int64) {
        self.modelID = modelID
        self.step = step
    }
}
