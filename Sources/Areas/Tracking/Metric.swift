/// One point of a metric's history.
package struct Metric: Sendable, Hashable {
    package var key: String
    /// Any double; NaN is kept as NaN, infinities are kept as the largest finite doubles.
    package var value: Double
    /// Milliseconds since 1970, not negative, as the client said.
    package var timestamp: Int64
    package var step: Int64
    /// The logged model that the point belongs to as well.
    package var modelID: String?
    package var datasetName: String?
    package var datasetDigest: String?
    /// Set on points that are read from a logged model.
    package var runID: String?

    package init(
        key: String, value: Double, timestamp: Int64, step: Int64 = 0, modelID: String? = nil, datasetName: String? = nil,
        datasetDigest: String? = nil, runID: String? = nil
    ) {
        self.key = key
        self.value = value
        self.timestamp = timestamp
        self.step = step
        self.modelID = modelID
        self.datasetName = datasetName
        self.datasetDigest = datasetDigest
        self.runID = runID
    }

    /// The order that decides which point is the latest: by step, then time, then value (NaN counts as 0, as MLflow stores it).
    package func isLater(than other: Metric) -> Bool {
        let mine = value.isNaN ? 0 : value
        let theirs = other.value.isNaN ? 0 : other.value
        return (step, timestamp, mine) > (other.step, other.timestamp, theirs)
    }
}

/// A write-once setting of a run.
package struct Param: Sendable, Hashable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// What one logging call adds to a run. Keys of `params` are distinct.
package struct RunBatch: Sendable, Hashable {
    package var runID: String
    package var metrics: [Metric]
    package var params: [Param]
    package var tags: [Tag]
    /// True for `log-batch`, whose refusal of changed params is worded for several at once.
    package var isBatch: Bool

    package init(runID: String, metrics: [Metric] = [], params: [Param] = [], tags: [Tag] = [], isBatch: Bool = true) {
        self.runID = runID
        self.metrics = metrics
        self.params = params
        self.tags = tags
        self.isBatch = isBatch
    }

    /// The new name of the run when the batch sets the tag that mirrors it.
    package var runName: String? { tags.last { $0.key == ReservedTag.runName }?.value }
}

/// Tags that the program itself reads.
package enum ReservedTag {
    package static let runName = "mlflow.runName"
    package static let parent = "mlflow.parentRunId"
    package static let user = "mlflow.user"
    package static let loggedModels = "mlflow.log-model.history"
    package static let modelVersions = "mlflow.modelVersions"
}
