/// How often each true label got each predicted one.
package struct ConfusionMatrix<Label: Hashable & Sendable>: Sendable {
    package private(set) var counts: [Pair: Int] = [:]
    package private(set) var total = 0

    package struct Pair: Hashable, Sendable {
        package let label: Label
        package let prediction: Label
    }

    package init() {}

    /// - Precondition: equally many labels and predictions.
    package init(labels: some Collection<Label>, predictions: some Collection<Label>) {
        precondition(labels.count == predictions.count, "one prediction a label")
        for (label, prediction) in zip(labels, predictions) { add(label: label, prediction: prediction) }
    }

    package mutating func add(label: Label, prediction: Label, count: Int = 1) {
        counts[Pair(label: label, prediction: prediction), default: 0] += count
        total += count
    }

    package mutating func merge(_ other: ConfusionMatrix) {
        for (pair, count) in other.counts { add(label: pair.label, prediction: pair.prediction, count: count) }
    }

    package func count(label: Label, prediction: Label) -> Int { counts[Pair(label: label, prediction: prediction)] ?? 0 }

    /// Every class that occurs as a label or as a prediction.
    package var classes: Set<Label> { Set(counts.keys.flatMap { [$0.label, $0.prediction] }) }

    package var correct: ArmCounts {
        ArmCounts(trials: total, successes: counts.filter { $0.key.label == $0.key.prediction }.values.reduce(0, +))
    }

    /// NaN without rows.
    package var accuracy: Double { correct.rate }

    /// The scores of one class against the rest.
    package func scores(of positive: Label) -> ClassScores {
        var scores = ClassScores(truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0)
        for (pair, count) in counts {
            switch (pair.label == positive, pair.prediction == positive) {
            case (true, true): scores.truePositives += count
            case (false, true): scores.falsePositives += count
            case (true, false): scores.falseNegatives += count
            case (false, false): scores.trueNegatives += count
            }
        }
        return scores
    }

    /// Unweighted means over all classes (scikit-learn's `average="macro"`); NaN without rows.
    package var macroPrecision: Double { macro(\.precision) }
    package var macroRecall: Double { macro(\.recall) }
    package var macroF1: Double { macro(\.f1) }

    private func macro(_ score: KeyPath<ClassScores, Double>) -> Double {
        let classes = classes
        return classes.reduce(0.0) { $0 + scores(of: $1)[keyPath: score] } / Double(classes.count)
    }
}

/// Counts of one class against the rest. Ratios without a denominator are 0, as in scikit-learn.
package struct ClassScores: Sendable, Hashable {
    package var truePositives: Int
    package var falsePositives: Int
    package var falseNegatives: Int
    package var trueNegatives: Int

    package var precision: Double { ratio(truePositives, truePositives + falsePositives) }
    package var recall: Double { ratio(truePositives, truePositives + falseNegatives) }
    package var f1: Double { ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives) }
    package var falsePositiveRate: Double { ratio(falsePositives, falsePositives + trueNegatives) }

    private func ratio(_ top: Int, _ bottom: Int) -> Double { bottom == 0 ? 0 : Double(top) / Double(bottom) }
}
