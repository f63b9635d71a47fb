/// Tests of one proportion between two samples at a fixed time. For looks that repeat see `differenceSequence`.
package enum ProportionTests {
    /// Fisher's exact test, two-sided: the sum of all tables no more likely than the observed one (as R and SciPy). `statistic` is the
    /// sample odds
    /// ratio current/reference. Without both successes and failures, or with an empty sample, there is nothing to compare.
    package static func fisherExact(reference: ArmCounts, current: ArmCounts) -> Computed<TestResult> {
        guard reference.trials > 0 else { return .notComputable(.emptyReference) }
        guard current.trials > 0 else { return .notComputable(.emptyCurrent) }
        let successes = reference.successes + current.successes
        guard successes > 0, successes < reference.trials + current.trials else { return .notComputable(.noVariation) }
        let distribution = table(reference, current)
        // Tables of equal probability differ in the last digits.
        let limit = distribution.density(current.successes) * (1 + 1e-7)
        var outside: Double
        if current.successes >= mode(distribution) {
            outside = distribution.upperTail(current.successes)
            if let other = firstBelow(distribution, limit) { outside += distribution.lowerTail(other) }
        } else {
            outside = distribution.lowerTail(current.successes)
            if let other = firstAbove(distribution, limit) { outside += distribution.upperTail(other) }
        }
        let top = Double(current.successes) * Double(reference.trials - reference.successes)
        let bottom = Double(current.trials - current.successes) * Double(reference.successes)
        return .value(TestResult(statistic: top / bottom, pValue: min(1, outside)))
    }

    /// Twice the smaller exact tail: valid at any size, a little conservative; sums only the tail, so it is cheap for any counts.
    package static func cautious(reference: ArmCounts, current: ArmCounts) -> TestResult {
        let distribution = table(reference, current)
        let tail = min(distribution.lowerTail(current.successes), distribution.upperTail(current.successes))
        return TestResult(statistic: current.rate - reference.rate, pValue: min(1, 2 * tail))
    }

    /// The pooled z test (normal approximation).
    package static func pooledZ(reference: ArmCounts, current: ArmCounts) -> Computed<TestResult> {
        guard reference.trials > 0 else { return .notComputable(.emptyReference) }
        guard current.trials > 0 else { return .notComputable(.emptyCurrent) }
        let pooled = Double(reference.successes + current.successes) / Double(reference.trials + current.trials)
        let variance = pooled * (1 - pooled) * (1 / Double(reference.trials) + 1 / Double(current.trials))
        guard variance > 0 else { return .notComputable(.noVariation) }
        let z = (reference.rate - current.rate) / variance.squareRoot()
        return .value(TestResult(statistic: z, pValue: NormalDistribution.twoSided(z)))
    }

    private static func table(_ reference: ArmCounts, _ current: ArmCounts) -> HypergeometricDistribution {
        HypergeometricDistribution(
            population: reference.trials + current.trials, marked: reference.successes + current.successes, drawn: current.trials)
    }

    private static func mode(_ d: HypergeometricDistribution) -> Int {
        Int(Double(d.drawn + 1) * Double(d.marked + 1) / Double(d.population + 2))
    }

    /// The greatest k below the mode with density ≤ limit: densities rise up to the mode.
    private static func firstBelow(_ d: HypergeometricDistribution, _ limit: Double) -> Int? {
        var (low, high) = (d.least - 1, max(mode(d), d.least))
        while high - low > 1 {
            let middle = (low + high) / 2
            if d.density(middle) <= limit { low = middle } else { high = middle }
        }
        return low < d.least ? nil : low
    }

    /// The least k at or above the mode with density ≤ limit (the mode itself only when its lower neighbour is as likely).
    private static func firstAbove(_ d: HypergeometricDistribution, _ limit: Double) -> Int? {
        var (low, high) = (min(mode(d), d.most) - 1, d.most + 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if d.density(middle) <= limit { high = middle } else { low = middle }
        }
        return high > d.most ? nil : high
    }
}
