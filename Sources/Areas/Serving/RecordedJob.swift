import Clockwork

/// A checked request on its way through a version, as the prediction log will tell it.
struct RecordedJob: Sendable {
    var endpoint: String
    var id: String
    var unit: String
    var inputs: TensorBatch
    var rows: Int
    /// On the steady clock, in nanoseconds.
    var arrival: UInt64

    /// One record a row, with the prediction found in the outputs or with the reason of the failure.
    func records(
        on served: ServedVersion, route: Route, model: String, outputs: TensorBatch? = nil, failure: String? = nil, at now: Timestamp,
        latencyMicroseconds: Int64
    ) -> [PredictionRecord] {
        let features = served.features.rows(inputs, count: rows)
        let predictions = outputs.map { served.predictions.predictions($0, count: rows) }
        return (0..<rows).map { row in
            PredictionRecord(
                id: rows == 1 ? id : "\(id)-\(row)", endpoint: endpoint, route: route, model: model, version: served.artifact.version,
                unit: unit,
                time: now, latencyMicroseconds: latencyMicroseconds, featureNames: served.features.names, features: features[row],
                prediction: predictions?[row].prediction ?? .missing, score: predictions?[row].score, error: failure)
        }
    }
}
