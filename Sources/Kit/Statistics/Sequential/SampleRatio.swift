import Glibc

/// Whether units were assigned to arms in the shares that were planned: the sequential sample-ratio-mismatch test.
///
/// A mismatch means that assignment, logging or a filter is broken and blocks every verdict. The evidence is the Dirichlet-multinomial
/// marginal
/// likelihood over the planned multinomial's (Lindon and Malek, "Anytime-valid inference for multinomial count data", 2022): exact at
/// every look, for any
/// number of arms. Count assigned units (users, sessions), not their requests.
package struct SampleRatio: Sendable, Hashable {
    /// Planned shares, positive, of sum 1.
    package let shares: [Double]
    /// How far from the plan the mixture looks: prior units. 1,000 is sharpest around some 20,000 units.
    package let concentration: Double

    /// A mismatch below this p-value blocks.
    package static let blockingP = 0.001

    package init(shares: [Double], concentration: Double = 1_000) {
        precondition(shares.count >= 2 && shares.allSatisfy { $0 > 0 } && concentration > 0, "at least two arms with positive shares")
        let sum = shares.reduce(0, +)
        self.shares = shares.map { $0 / sum }
        self.concentration = concentration
    }

    /// ln of the e-value that the plan does not hold.
    package func logEvidence(units: [Int]) -> Double {
        precondition(units.count == shares.count, "one count an arm")
        let total = Double(units.reduce(0, +))
        var result = logGamma(concentration) - logGamma(concentration + total)
        for (count, share) in zip(units, shares) {
            let prior = concentration * share
            result += logGamma(prior + Double(count)) - logGamma(prior) - Double(count) * log(share)
        }
        return result
    }

    /// Valid at every look. A caller that keeps the least p seen so far may block for good.
    package func pValue(units: [Int]) -> Double { min(1, exp(-logEvidence(units: units))) }

    package func isMismatch(units: [Int]) -> Bool { pValue(units: units) < Self.blockingP }
}
