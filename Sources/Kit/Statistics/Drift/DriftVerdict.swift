/// What a monitor may say of one feature in one window.
package enum DriftVerdict: Sendable, Hashable {
    /// Too few rows: neither fine nor drifted.
    case learning(missingRows: Int)
    case notComputable(NotComputable)
    case judged(DriftSeverity)

    package var severity: DriftSeverity? { if case .judged(let severity) = self { severity } else { nil } }
    /// Significant or severe.
    package var isDrift: Bool { (severity ?? .stable) >= .significant }

    /// The word for events, pages and metrics.
    package var word: String {
        switch self {
        case .learning: "learning"
        case .notComputable: "not_computable"
        case .judged(let severity): severity.rawValue
        }
    }
}

/// One signal after false-discovery control.
package struct JudgedSignal: Sendable, Hashable {
    package let evidence: DriftEvidence
    /// Benjamini-Hochberg over all signals of all features of this look.
    package let adjustedP: Double
    /// Whether it is beyond chance at this look's level.
    package let isEstablished: Bool
    /// The band of the effect; `stable` when the effect is not established.
    package let severity: DriftSeverity
}

/// The verdict on one feature of a window, with every signal that led to it.
package struct FeatureVerdict: Sendable, Hashable {
    package let feature: String
    package let verdict: DriftVerdict
    package let signals: [JudgedSignal]

    /// The signal that set the verdict, when the feature is not stable.
    package var cause: JudgedSignal? {
        signals.filter { $0.severity > .stable }.max { ($0.severity, -$0.adjustedP) < ($1.severity, -$1.adjustedP) }
    }
}

/// Verdicts on all features of one window.
///
/// A signal counts when its effect is large and its p-value survives false-discovery control: Benjamini-Hochberg over every signal of
/// every feature,
/// at the level that the look budget leaves to this look (from 1). A feature's verdict is the worst of its signals; without an established
/// signal a feature short of rows is still learning.
package func judgeDrift(_ comparisons: [FeatureComparison], look: Int, policy: DriftPolicy = DriftPolicy()) -> [FeatureVerdict] {
    let level = policy.looks.level(alpha: policy.alpha, look: look)
    let adjusted = FalseDiscovery.adjusted(comparisons.flatMap { $0.evidence.map(\.pValue) })
    var next = 0
    return comparisons.map { comparison in
        let signals = comparison.evidence.map { evidence in
            defer { next += 1 }
            let isEstablished = adjusted[next] <= level
            let severity = isEstablished ? policy.bands(of: evidence.signal).severity(of: evidence.effect) : .stable
            return JudgedSignal(evidence: evidence, adjustedP: adjusted[next], isEstablished: isEstablished, severity: severity)
        }
        return FeatureVerdict(feature: comparison.feature, verdict: verdict(comparison, signals), signals: signals)
    }
}

private func verdict(_ comparison: FeatureComparison, _ signals: [JudgedSignal]) -> DriftVerdict {
    let worst = signals.map(\.severity).max() ?? .stable
    if worst > .stable { return .judged(worst) }
    if let obstacle = comparison.obstacle { return .notComputable(obstacle) }
    if comparison.missingRows > 0 { return .learning(missingRows: comparison.missingRows) }
    return .judged(.stable)
}

extension DriftPolicy {
    package func bands(of signal: DriftSignal) -> DriftBands {
        switch signal {
        case .values: psiBands
        case .missingShare: missingBands
        case .unseenCategories: unseenBands
        }
    }
}

/// The share of drifted features among those that could be judged; nil when none could.
package func driftedShare(_ verdicts: [FeatureVerdict]) -> Double? {
    let judged = verdicts.filter { $0.verdict.severity != nil }
    return judged.isEmpty ? nil : Double(judged.count { $0.verdict.isDrift }) / Double(judged.count)
}
