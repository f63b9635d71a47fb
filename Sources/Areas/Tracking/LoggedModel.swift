package import Clockwork
package import Filters

/// The raw values are MLflow's.
package enum LoggedModelStatus: String, Sendable, CaseIterable {
    case pending = "LOGGED_MODEL_PENDING"
    case ready = "LOGGED_MODEL_READY"
    case failed = "LOGGED_MODEL_UPLOAD_FAILED"
}

/// A model that a run made, before anybody registers it.
package struct LoggedModel: Sendable, Hashable {
    /// `m-` and 32 hexadecimal digits.
    package var id: String
    package var experimentID: String
    package var name: String
    package var artifactURI: String
    package var status: LoggedModelStatus
    package var modelType: String
    package var sourceRunID: String
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var params: [Param]
    package var tags: [Tag]
    /// The latest point of each key, dataset and run.
    package var metrics: [Metric]

    package init(
        id: String, experimentID: String, name: String, artifactURI: String, status: LoggedModelStatus = .pending, modelType: String,
        sourceRunID: String, createdAt: Timestamp, updatedAt: Timestamp, params: [Param] = [], tags: [Tag] = [], metrics: [Metric] = []
    ) {
        self.id = id
        self.experimentID = experimentID
        self.name = name
        self.artifactURI = artifactURI
        self.status = status
        self.modelType = modelType
        self.sourceRunID = sourceRunID
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.params = params
        self.tags = tags
        self.metrics = metrics
    }
}

/// A search for logged models in some experiments.
package struct LoggedModelSearch: Sendable {
    package var experimentIDs: [String]
    package var filter: FilterTree<LoggedModelCondition>
    /// When given, metric conditions and orders look only at points on one of these datasets.
    package var datasets: [DatasetReference]
    package var orders: [LoggedModelOrder]
    package var offset: Int
    package var limit: Int

    package init(
        experimentIDs: [String], filter: FilterTree<LoggedModelCondition> = .everything, datasets: [DatasetReference] = [],
        orders: [LoggedModelOrder] = [], offset: Int = 0, limit: Int
    ) {
        self.experimentIDs = experimentIDs
        self.filter = filter
        self.datasets = datasets
        self.orders = orders
        self.offset = offset
        self.limit = limit
    }
}

/// A dataset by name, and by digest when given.
package struct DatasetReference: Sendable, Hashable {
    package var name: String
    package var digest: String?

    package init(name: String, digest: String?) {
        self.name = name
        self.digest = digest
    }
}
