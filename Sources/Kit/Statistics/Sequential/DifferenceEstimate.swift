/// An estimated difference treatment − control with what a sequence needs to know about its error.
struct DifferenceEstimate {
    var value: Double
    /// n·m/(n + m): the trials that a comparison of two arms is worth.
    var effectiveTrials: Double
    /// The variance to hold against the hypothesis that the true difference is the argument.
    var variance: (Double) -> Double

    func score(against difference: Double) -> Double {
        let variance = variance(difference)
        if variance > 0 { return (value - difference) / variance.squareRoot() }
        return value == difference ? 0 : (value > difference ? .infinity : -.infinity)
    }

    /// The farthest difference to one side that `isRefuted` leaves standing, by bisection between the estimate (never refuted) and the end.
    func bound(towards end: Double, isRefuted: (Double) -> Bool) -> Double {
        var inside = value
        var outside = end
        if outside.isInfinite {
            var step = max(variance(value).squareRoot(), abs(value) * 1e-12, .leastNormalMagnitude)
            if end < 0 { step = -step }
            outside = value + step
            for _ in 0..<200 where !isRefuted(outside) {
                step *= 2
                outside = value + step
            }
        }
        guard isRefuted(outside) else { return end }
        for _ in 0..<80 {
            let middle = (inside + outside) / 2
            if middle == inside || middle == outside { break }
            if isRefuted(middle) { outside = middle } else { inside = middle }
        }
        // The refuted side of the last step: never narrower than proven.
        return outside
    }
}

extension DifferenceEstimate {
    /// Two proportions; nil while an arm has no trials.
    ///
    /// The variance is the larger of two: the arms' own (with half a success and half a failure added) and that of the hypothesis (rates
    /// that
    /// far apart with the pooled total). With few events the first understates a lack of successes in a small arm and the second an
    /// excess: at
    /// 5 %, tests on either alone stop wrongly in up to 15 % of A/A runs of 40 looks, on the larger in at most 3.5 % even of runs of
    /// 2,000 looks
    /// (rates 0.05 % to 99.9 %, splits 1/99 to 50/50), at almost equal power.
    init?(control: ArmCounts, treatment: ArmCounts) {
        guard control.trials > 0, treatment.trials > 0 else { return nil }
        let n = Double(control.trials)
        let m = Double(treatment.trials)
        let own = Self.smoothedVariance(control) / n + Self.smoothedVariance(treatment) / m
        let pooled = (Double(control.successes + treatment.successes) + 0.5) / (n + m + 1)
        self.init(value: treatment.rate - control.rate, effectiveTrials: n * m / (n + m)) { difference in
            let before = min(max(pooled - difference * m / (n + m), 0), 1)
            let after = min(max(pooled + difference * n / (n + m), 0), 1)
            return max(own, before * (1 - before) / n + after * (1 - after) / m)
        }
    }

    private static func smoothedVariance(_ arm: ArmCounts) -> Double {
        let rate = (Double(arm.successes) + 0.5) / (Double(arm.trials) + 1)
        return rate * (1 - rate)
    }

    /// Fewer values an arm than this say too little about their own variance.
    static let leastValues = 50

    /// Two means; nil below 50 values an arm. The variance is the larger of Welch's and the pooled one.
    init?(control: RunningMoments, treatment: RunningMoments) {
        guard control.count >= Self.leastValues, treatment.count >= Self.leastValues else { return nil }
        let n = Double(control.count)
        let m = Double(treatment.count)
        let separate = control.sampleVariance / n + treatment.sampleVariance / m
        let common = (control.sampleVariance * (n - 1) + treatment.sampleVariance * (m - 1)) / (n + m - 2)
        let variance = max(separate, common * (1 / n + 1 / m))
        self.init(
            value: treatment.mean - control.mean, effectiveTrials: n * m / (n + m), variance: { _ in variance })
    }
}
