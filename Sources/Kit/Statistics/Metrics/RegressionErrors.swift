/// Errors of predicted numbers in one pass; two of them merge into the errors of both.
package struct RegressionErrors: Sendable, Hashable {
    private var labels = RunningMoments()
    private var absolute = 0.0
    private var squared = 0.0

    package init() {}

    /// - Precondition: equally many labels and predictions.
    package init(labels: some Collection<Double>, predictions: some Collection<Double>) {
        precondition(labels.count == predictions.count, "one prediction a label")
        for (label, prediction) in zip(labels, predictions) { add(label: label, prediction: prediction) }
    }

    package mutating func add(label: Double, prediction: Double) {
        let error = prediction - label
        labels.add(label)
        absolute += abs(error)
        squared += error * error
    }

    package mutating func merge(_ other: RegressionErrors) {
        labels.merge(other.labels)
        absolute += other.absolute
        squared += other.squared
    }

    package var count: Int { labels.count }
    /// Mean absolute error, in the unit of the label; NaN without rows.
    package var meanAbsolute: Double { absolute / Double(count) }
    /// Root mean squared error, in the unit of the label; NaN without rows.
    package var rootMeanSquared: Double { (squared / Double(count)).squareRoot() }
    /// 1 − squared errors over squared deviations from the labels' mean.
    package var rSquared: Computed<Double> {
        let variation = labels.populationVariance * Double(count)
        guard count >= 2 else { return .notComputable(.tooFewRows) }
        return variation > 0 ? .value(1 - squared / variation) : .notComputable(.noVariation)
    }
}
