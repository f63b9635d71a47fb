/// An interval that covers the true difference treatment − control at every look at once with probability at least 1 − α: peeking is free.
package struct ConfidenceSequence: Sendable, Hashable {
    package let lower: Double
    package let upper: Double
    /// nil while an arm has too little data for any statement: the caller is `paused`, neither passed nor failed.
    package let estimate: Double?

    package func contains(_ difference: Double) -> Bool { lower <= difference && difference <= upper }
}

/// The confidence sequence of the difference of two success rates, of arms of any sizes.
///
/// An asymptotic sequence (Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas 2024) on Robbins' normal mixture. `tuningTrials` is where it is
/// tightest,
/// in effective trials n·m/(n + m): about the trials of the smaller arm by which one hopes to decide. It holds for any value chosen
/// beforehand.
package func differenceSequence(control: ArmCounts, treatment: ArmCounts, alpha: Double, tuningTrials: Int) -> ConfidenceSequence {
    sequence(DifferenceEstimate(control: control, treatment: treatment), range: -1...1, alpha: alpha, tuningTrials: tuningTrials)
}

/// The confidence sequence of the difference of two means. Says nothing below 50 values an arm; for heavy tails (latencies) compare the
/// share
/// beyond a threshold instead (`ArmCounts.init(counting:above:)`).
package func differenceSequence(control: RunningMoments, treatment: RunningMoments, alpha: Double, tuningTrials: Int) -> ConfidenceSequence
{
    sequence(
        DifferenceEstimate(control: control, treatment: treatment), range: -.infinity ... .infinity, alpha: alpha,
        tuningTrials: tuningTrials)
}

private func sequence(_ estimate: DifferenceEstimate?, range: ClosedRange<Double>, alpha: Double, tuningTrials: Int) -> ConfidenceSequence {
    precondition(alpha > 0 && alpha < 1 && tuningTrials > 0, "alpha is a probability and tuning trials are positive")
    guard let estimate else { return ConfidenceSequence(lower: range.lowerBound, upper: range.upperBound, estimate: nil) }
    let ratio = NormalMixture.bestRatio(alpha: alpha) * estimate.effectiveTrials / Double(tuningTrials)
    let boundary = NormalMixture.boundary(ratio: ratio, alpha: alpha)
    let isRefuted: (Double) -> Bool = { abs(estimate.score(against: $0)) > boundary }
    return ConfidenceSequence(
        lower: estimate.bound(towards: range.lowerBound, isRefuted: isRefuted),
        upper: estimate.bound(towards: range.upperBound, isRefuted: isRefuted),
        estimate: estimate.value)
}
