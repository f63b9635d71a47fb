import Glibc

/// Chi-square tests on counts over the same categories.
package enum ChiSquareTest {
    package enum Form: Sendable {
        /// Pearson's Σ (observed − expected)²/expected.
        case pearson
        /// Pearson's with Yates' half-count correction when there is one degree of freedom (SciPy's default).
        case yates
        /// The likelihood ratio 2 Σ observed ln(observed/expected) (G test).
        case likelihoodRatio
    }

    /// Homogeneity of two samples: the 2×K contingency table with K − 1 degrees of freedom. K = 1 gives statistic 0 and p = 1.
    package static func homogeneity(reference: [Int], current: [Int], form: Form = .pearson) -> Computed<TestResult> {
        precondition(reference.count == current.count, "both samples have the same categories")
        let n = Double(reference.reduce(0, +))
        let m = Double(current.reduce(0, +))
        guard n > 0 else { return .notComputable(.emptyReference) }
        guard m > 0 else { return .notComputable(.emptyCurrent) }
        guard zip(reference, current).allSatisfy({ $0 + $1 > 0 }) else { return .notComputable(.emptyCell) }
        let dof = reference.count - 1
        if dof == 0 { return .value(TestResult(statistic: 0, pValue: 1, dof: 0)) }
        var statistic = 0.0
        for (a, b) in zip(reference, current) {
            let total = Double(a + b)
            statistic += cell(Double(a), n * total / (n + m), form, dof) + cell(Double(b), m * total / (n + m), form, dof)
        }
        return .value(TestResult(statistic: statistic, pValue: ChiSquareDistribution.survival(statistic, dof: Double(dof)), dof: dof))
    }

    /// Goodness of fit of the window to the reference's shares taken as known: what Evidently calls `chisquare`.
    ///
    /// It ignores the reference's own sampling error, so it is too eager when the reference is not much larger than the window.
    /// A category unseen in the reference gives an infinite statistic and p = 0.
    package static func goodnessOfFit(reference: [Int], current: [Int]) -> Computed<TestResult> {
        precondition(reference.count == current.count, "both samples have the same categories")
        let n = Double(reference.reduce(0, +))
        let m = Double(current.reduce(0, +))
        guard n > 0 else { return .notComputable(.emptyReference) }
        guard m > 0 else { return .notComputable(.emptyCurrent) }
        guard reference.count > 1 else { return .notComputable(.noVariation) }
        var statistic = 0.0
        for (a, b) in zip(reference, current) where a > 0 || b > 0 {
            let expected = Double(a) * (m / n)
            statistic += expected == 0 ? .infinity : (Double(b) - expected) * (Double(b) - expected) / expected
        }
        let dof = reference.count - 1
        return .value(TestResult(statistic: statistic, pValue: ChiSquareDistribution.survival(statistic, dof: Double(dof)), dof: dof))
    }

    /// Homogeneity for automatic decisions, where p-values of 10⁻⁵ count: the larger of Pearson's and the likelihood ratio's p-value, after
    /// pooling categories whose expected count is below `leastExpected` in either sample.
    ///
    /// With few rows Pearson's statistic overstates an excess in a rare category and the likelihood ratio a lack of one; the larger p is
    /// right on both sides.
    package static func cautiousHomogeneity(reference: [Int], current: [Int], leastExpected: Double = 5) -> Computed<TestResult> {
        let n = Double(reference.reduce(0, +))
        let m = Double(current.reduce(0, +))
        guard n > 0 else { return .notComputable(.emptyReference) }
        guard m > 0 else { return .notComputable(.emptyCurrent) }
        let needed = leastExpected * (n + m) / min(n, m)
        var kept: (reference: [Int], current: [Int]) = ([], [])
        var rest = (reference: 0, current: 0)
        for (a, b) in zip(reference, current) where a + b > 0 {
            if Double(a + b) >= needed {
                kept.reference.append(a)
                kept.current.append(b)
            } else {
                rest = (rest.reference + a, rest.current + b)
            }
        }
        if rest.reference + rest.current > 0 {
            // A rest still too small joins the smallest kept category.
            if Double(rest.reference + rest.current) < needed, let smallest = kept.reference.indices.min(by: { total($0) < total($1) }) {
                kept.reference[smallest] += rest.reference
                kept.current[smallest] += rest.current
            } else {
                kept.reference.append(rest.reference)
                kept.current.append(rest.current)
            }
        }
        func total(_ index: Int) -> Int { kept.reference[index] + kept.current[index] }
        guard let pearson = homogeneity(reference: kept.reference, current: kept.current, form: .pearson).value,
            let ratio = homogeneity(reference: kept.reference, current: kept.current, form: .likelihoodRatio).value
        else { return .notComputable(.emptyCell) }
        return .value(pearson.pValue >= ratio.pValue ? pearson : ratio)
    }

    /// Cramér's V of the 2×K table: 0 to 1.
    package static func cramersV(reference: [Int], current: [Int]) -> Computed<Double> {
        let rows = Double(reference.reduce(0, +) + current.reduce(0, +))
        return homogeneity(reference: reference, current: current).map { ($0.statistic / rows).squareRoot() }
    }

    private static func cell(_ observed: Double, _ expected: Double, _ form: Form, _ dof: Int) -> Double {
        switch form {
        case .pearson: return (observed - expected) * (observed - expected) / expected
        case .yates:
            let difference = abs(observed - expected)
            let corrected = dof == 1 ? difference - min(0.5, difference) : difference
            return corrected * corrected / expected
        case .likelihoodRatio: return observed == 0 ? 0 : 2 * observed * log(observed / expected)
        }
    }
}
