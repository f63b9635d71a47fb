import Glibc

/// Metrics of predicted probabilities or scores against binary labels.
package enum ProbabilityScores {
    /// The area under the ROC curve: the chance that a positive row scores above a negative one, ties counting half (Mann-Whitney).
    package static func rocAUC(labels: [Bool], scores: [Double]) -> Computed<Double> {
        precondition(labels.count == scores.count, "one score a label")
        let positives = labels.count { $0 }
        let negatives = labels.count - positives
        guard positives > 0, negatives > 0 else { return .notComputable(.oneClass) }
        let order = scores.indices.sorted { scores[$0] < scores[$1] }
        var rankSum = 0.0
        var start = 0
        while start < order.count {
            var end = start
            while end < order.count, scores[order[end]] == scores[order[start]] { end += 1 }
            // NaN equals nothing, not even itself; it counts as a score of its own.
            end = max(end, start + 1)
            let rank = Double(start + end + 1) / 2
            rankSum += rank * Double(order[start..<end].count { labels[$0] })
            start = end
        }
        let p = Double(positives)
        return .value((rankSum - p * (p + 1) / 2) / (p * Double(negatives)))
    }

    /// Mean −ln of the probability given to the true class; probabilities are kept off 0 and 1 by the spacing of doubles at 1, as
    /// scikit-learn does.
    package static func logLoss(labels: [Bool], probabilities: [Double]) -> Computed<Double> {
        precondition(labels.count == probabilities.count, "one probability a label")
        guard !labels.isEmpty else { return .notComputable(.emptyCurrent) }
        let sum = zip(labels, probabilities).reduce(0.0) { $0 - log(kept($1.0 ? $1.1 : 1 - $1.1)) }
        return .value(sum / Double(labels.count))
    }

    /// The same over any number of classes: `labels[i]` indexes row i of `probabilities`, whose rows are normalised.
    package static func logLoss(labels: [Int], probabilities: [[Double]]) -> Computed<Double> {
        precondition(labels.count == probabilities.count, "one row of probabilities a label")
        guard !labels.isEmpty else { return .notComputable(.emptyCurrent) }
        let sum = zip(labels, probabilities).reduce(0.0) { $0 - log(kept($1.1[$1.0] / $1.1.reduce(0, +))) }
        return .value(sum / Double(labels.count))
    }

    /// The mean squared distance of the probability from the truth.
    package static func brier(labels: [Bool], probabilities: [Double]) -> Computed<Double> {
        precondition(labels.count == probabilities.count, "one probability a label")
        guard !labels.isEmpty else { return .notComputable(.emptyCurrent) }
        let sum = zip(labels, probabilities).reduce(0.0) { sum, row in
            let error = row.1 - (row.0 ? 1 : 0)
            return sum + error * error
        }
        return .value(sum / Double(labels.count))
    }

    private static func kept(_ p: Double) -> Double { min(max(p, Double.ulpOfOne), 1 - Double.ulpOfOne) }
}
