package import Clockwork

/// One cell of a row: a feature, a prediction or a label.
package enum FeatureValue: Sendable, Hashable {
    case missing
    case number(Double)
    case text(String)
}

/// How the traffic plan chose the version that answered.
package enum Route: String, Sendable, CaseIterable {
    case champion, challenger, shadow
    /// The caller named the version itself.
    case version
}

/// One answered (or failed) row.
package struct PredictionRecord: Sendable {
    /// Returned to the caller; labels come back with it. A request of n > 1 rows has ids `ID-0` … `ID-(n-1)`.
    package var id: String
    package var endpoint: String
    package var route: Route
    package var model: String
    package var version: String
    /// What stickiness hashes: a user, a session; the prediction id when the caller names none.
    package var unit: String
    package var time: Timestamp
    /// From the request's arrival to its answer.
    package var latencyMicroseconds: Int64
    /// As many as `features`; shared between the rows of an endpoint.
    package var featureNames: [String]
    package var features: [FeatureValue]
    /// The predicted class or value; `.missing` when the row failed.
    package var prediction: FeatureValue
    /// Probability of the predicted class (of the positive class when there are two), when the model gives one.
    package var score: Double?
    /// Why the row failed, else nil.
    package var error: String?

    package init(
        id: String, endpoint: String, route: Route, model: String, version: String, unit: String, time: Timestamp,
        latencyMicroseconds: Int64,
        featureNames: [String], features: [FeatureValue], prediction: FeatureValue, score: Double?, error: String?
    ) {
        self.id = id
        self.endpoint = endpoint
        self.route = route
        self.model = model
        self.version = version
        self.unit = unit
        self.time = time
        self.latencyMicroseconds = latencyMicroseconds
        self.featureNames = featureNames
        self.features = features
        self.prediction = prediction
        self.score = score
        self.error = error
    }
}

/// Where answered rows go. Implementations never block and never fail the answer: they queue at most a stated number of rows, write them
/// within the documented flush interval, and count what they had to drop.
package protocol PredictionSink: Sendable {
    func record(_ rows: [PredictionRecord])
}
