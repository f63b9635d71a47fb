package import Clockwork

/// One column of a window or a reference; missing cells are NaN or nil.
package enum FeatureColumn: Sendable {
    case numbers([Double])
    case texts([String?])

    package var count: Int {
        switch self {
        case .numbers(let cells): cells.count
        case .texts(let cells): cells.count
        }
    }
}

/// Consecutive predictions of one endpoint, by column. All arrays have the same length.
package struct PredictionWindow: Sendable {
    /// Positions in the endpoint's log, counted from 0.
    package var rows: Range<Int64>
    package var featureNames: [String]
    package var features: [FeatureColumn]
    package var prediction: FeatureColumn
    /// NaN where the model gives none.
    package var scores: [Double]
    /// The ground truth as far as it has arrived: NaN or nil where it has not.
    package var labels: FeatureColumn
    package var versions: [String]
    package var times: [Timestamp]

    package init(
        rows: Range<Int64>, featureNames: [String], features: [FeatureColumn], prediction: FeatureColumn, scores: [Double],
        labels: FeatureColumn,
        versions: [String], times: [Timestamp]
    ) {
        self.rows = rows
        self.featureNames = featureNames
        self.features = features
        self.prediction = prediction
        self.scores = scores
        self.labels = labels
        self.versions = versions
        self.times = times
    }
}

/// What monitoring reads of the prediction log. Champion, challenger and named-version rows count; shadow and failed rows do not.
package protocol PredictionHistory: Sendable {
    /// Rows logged so far for an endpoint, including those not yet sealed into segments.
    func count(endpoint: String) async throws -> Int64
    /// The rows of a range that lies inside `0..<count`, with the labels that have arrived; at most 200,000 rows.
    func window(endpoint: String, rows: Range<Int64>) async throws -> PredictionWindow
    /// How many rows of the range have a label by now.
    func labelled(endpoint: String, rows: Range<Int64>) async throws -> Int64
}

/// What monitoring compares with: the training data of the champion.
package protocol ReferenceSource: Sendable {
    /// The named columns of a dataset version, sampled evenly down to at most `rowsMax` rows.
    func columns(datasetDigest: String, names: [String], rowsMax: Int) async throws -> [FeatureColumn]
}

/// The truth about one prediction.
package struct Label: Sendable, Hashable {
    package enum Value: Sendable, Hashable {
        case number(Double)
        case text(String)
    }
    package var predictionID: String
    package var value: Value
    /// When the truth was observed; nil when the caller did not say.
    package var time: Timestamp?

    package init(predictionID: String, value: Value, time: Timestamp?) {
        self.predictionID = predictionID
        self.value = value
        self.time = time
    }
}

/// Labels by prediction id, in any order and however late; the newest label of an id counts.
package protocol LabelStore: Sendable {
    /// Durable on return. At most 10,000 labels a call. Answers how many were new and how many replaced or repeated an earlier one.
    func add(_ labels: [Label], at arrival: Timestamp) async throws -> (accepted: Int, repeated: Int)
}
