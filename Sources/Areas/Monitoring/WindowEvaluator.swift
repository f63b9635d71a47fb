package import Clockwork
package import Statistics

/// The reference, sorted and counted once for all windows.
package struct PreparedReference: Sendable {
    enum Column: Sendable {
        case numbers(NumericSample)
        case categories(CategoryCounts)
    }
    package let digest: String
    package let rows: Int
    let names: [String]
    let columns: [Column]

    package init(digest: String, names: [String], columns: [FeatureColumn]) {
        self.digest = digest
        self.names = names
        rows = columns.first?.count ?? 0
        self.columns = columns.map { column in
            switch column {
            case .numbers(let cells): .numbers(NumericSample(cells.lazy.map { $0.isNaN ? nil : $0 }))
            case .texts(let cells): .categories(CategoryCounts(cells))
            }
        }
    }
}

/// Judges one window: a pure function of the window and the reference.
package enum WindowEvaluator {
    package static func evaluate(
        _ window: PredictionWindow, against reference: PreparedReference, configuration: MonitorConfiguration, number: Int64,
        champion: String,
        at now: Timestamp
    ) -> WindowReport {
        let comparisons = zip(window.featureNames, window.features).compactMap { name, current -> FeatureComparison? in
            guard let index = reference.names.firstIndex(of: name) else { return nil }
            return compare(name, reference.columns[index], current)
        }
        let verdicts = judgeDrift(comparisons, look: Int(number + 1))
        let share = driftedShare(verdicts)
        return WindowReport(
            endpoint: configuration.endpoint, number: number, rows: window.rows, from: window.times.first ?? now,
            to: window.times.last ?? now,
            champion: champion, evaluatedAt: now, referenceDigest: reference.digest, referenceRows: reference.rows,
            features: zip(comparisons, verdicts).map(report), driftedShare: share, isDrifted: (share ?? 0) >= configuration.driftShare,
            predictions: summary(window), performance: performance(window, at: now))
    }

    private static func compare(_ name: String, _ reference: PreparedReference.Column, _ current: FeatureColumn) -> FeatureComparison {
        switch (reference, current) {
        case (.numbers(let before), .numbers(let cells)):
            .numeric(name, reference: before, current: NumericSample(cells.lazy.map { $0.isNaN ? nil : $0 }))
        case (.categories(let before), .texts(let cells)): .categorical(name, reference: before, current: CategoryCounts(cells))
        case (.categories(let before), .numbers(let cells)):
            .categorical(name, reference: before, current: CategoryCounts(cells.map { $0.isNaN ? nil : canonical($0) }))
        case (.numbers(let before), .texts(let cells)):
            // A number that arrives as text is unusable as a number: what cannot be read counts as missing.
            .numeric(name, reference: before, current: NumericSample(cells.map { $0.flatMap(Double.init) }))
        }
    }

    /// Numbers as categories: whole ones without a fraction.
    package static func canonical(_ value: Double) -> String { Int64(exactly: value).map(String.init) ?? String(value) }

    private static func report(_ comparison: FeatureComparison, _ verdict: FeatureVerdict) -> FeatureReport {
        let values = verdict.signals.first { $0.evidence.signal == .values }
        let psi = comparison.psi.value
        let n = Double(max(1, comparison.counts.reference.reduce(0, +)))
        let m = Double(max(1, comparison.counts.current.reduce(0, +)))
        let bins = comparison.counts.categories.indices.map { index in
            FeatureReport.Bin(
                label: comparison.counts.categories[index], reference: Double(comparison.counts.reference[index]) / n,
                current: Double(comparison.counts.current[index]) / m)
        }
        return FeatureReport(
            name: comparison.feature, verdict: verdict.verdict.word, isDrifted: verdict.verdict.isDrift, psi: psi?.value,
            psiBias: psi?.bias,
            psiCorrected: psi?.corrected, test: values?.evidence.test, pValue: values?.evidence.pValue, adjustedP: values?.adjustedP,
            missingShareReference: 1
                - (comparison.referenceRows == 0 ? 0 : Double(comparison.counts.reference.reduce(0, +)) / Double(comparison.referenceRows)),
            missingShareCurrent: 1
                - (comparison.currentRows == 0 ? 0 : Double(comparison.counts.current.reduce(0, +)) / Double(comparison.currentRows)),
            reason: reason(verdict), bins: bins)
    }

    private static func reason(_ verdict: FeatureVerdict) -> String {
        switch verdict.verdict {
        case .learning(let missing): return "\(missing) more rows are needed"
        case .notComputable(let obstacle): return "not computable: \(obstacle.text)"
        case .judged:
            guard let cause = verdict.cause else { return "no large and established change" }
            let effect = (cause.evidence.effect * 1_000).rounded() / 1_000
            switch cause.evidence.signal {
            case .values: return "PSI \(effect), corrected for sample size"
            case .missingShare: return "the share of missing values changed by \(effect)"
            case .unseenCategories: return "a share of \(effect) lies in categories that the reference never had"
            }
        }
    }

    private static func summary(_ window: PredictionWindow) -> WindowReport.PredictionSummary {
        let scores = window.scores.filter { !$0.isNaN }
        var counts: [String: Int] = [:]
        for value in texts(of: window.prediction) { if let value { counts[value, default: 0] += 1 } }
        let total = Double(max(1, counts.values.reduce(0, +)))
        let shares =
            counts.count > 20
            ? []
            : counts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.map {
                WindowReport.PredictionSummary.Share(value: $0.key, share: Double($0.value) / total)
            }
        return .init(shares: shares, meanScore: scores.isEmpty ? nil : scores.reduce(0, +) / Double(scores.count))
    }

    /// Any column as texts; whole numbers without a fraction.
    package static func texts(of column: FeatureColumn) -> [String?] {
        switch column {
        case .numbers(let cells): cells.map { $0.isNaN ? nil : canonical($0) }
        case .texts(let cells): cells
        }
    }

    /// Metrics over the rows whose label has arrived. The positive class of binary metrics is `1` or `true`, else the greater of the two.
    package static func performance(_ window: PredictionWindow, at now: Timestamp) -> WindowReport.Performance {
        let labels = texts(of: window.labels)
        let predictions = texts(of: window.prediction)
        var matrix = ConfusionMatrix<String>()
        var versions: [String: (labelled: Int64, correct: Int64)] = [:]
        for index in labels.indices {
            guard let label = labels[index], let prediction = predictions[index] else { continue }
            matrix.add(label: label, prediction: prediction)
            versions[window.versions[index], default: (0, 0)].labelled += 1
            if label == prediction { versions[window.versions[index], default: (0, 0)].correct += 1 }
        }
        let labelled = Int64(labels.count { $0 != nil })
        let coverage = Double(labelled) / Double(max(1, labels.count))
        guard matrix.total > 0 else {
            return .init(labelled: labelled, coverage: coverage, metrics: [:], accuracyInterval: nil, versions: [], asOf: now)
        }
        return .init(
            labelled: labelled, coverage: coverage, metrics: metrics(of: matrix), accuracyInterval: wilsonInterval(matrix.correct),
            f1Interval: f1Interval(of: matrix),
            versions: versions.sorted { $0.key < $1.key }.map {
                .init(version: $0.key, labelled: $0.value.labelled, accuracy: Double($0.value.correct) / Double($0.value.labelled))
            }, asOf: now)
    }

    /// accuracy and f1, and for two classes precision and recall; those that cannot be computed are left out.
    package static func metrics(of matrix: ConfusionMatrix<String>) -> [String: Double] {
        guard matrix.total > 0 else { return [:] }
        var metrics = ["accuracy": matrix.accuracy]
        if matrix.classes.count <= 2, let positive = positive(matrix.classes) {
            let scores = matrix.scores(of: positive)
            metrics["precision"] = scores.precision
            metrics["recall"] = scores.recall
            metrics["f1"] = scores.f1
        } else {
            metrics["f1"] = matrix.macroF1
            metrics["precision"] = matrix.macroPrecision
            metrics["recall"] = matrix.macroRecall
        }
        return metrics.filter { !$0.value.isNaN }
    }

    /// 95 % interval of the F1 of two classes; nil with more.
    ///
    /// F1 is 2J/(1 + J) of J = TP/(TP + FP + FN), a share of the rows in which the class occurs, and rises with it: the ends of J's Wilson
    /// interval give the ends of F1's.
    private static func f1Interval(of matrix: ConfusionMatrix<String>) -> ClosedRange<Double>? {
        guard matrix.classes.count <= 2, let positive = positive(matrix.classes) else { return nil }
        let scores = matrix.scores(of: positive)
        let rows = scores.truePositives + scores.falsePositives + scores.falseNegatives
        guard rows > 0 else { return nil }
        let share = wilsonInterval(ArmCounts(trials: rows, successes: scores.truePositives))
        return 2 * share.lowerBound / (1 + share.lowerBound)...2 * share.upperBound / (1 + share.upperBound)
    }

    private static func positive(_ classes: Set<String>) -> String? {
        for word in ["1", "true", "True"] where classes.contains(word) { return word }
        return classes.max()
    }
}
