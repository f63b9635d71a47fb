/// Control of false discoveries over many p-values.
package enum FalseDiscovery {
    /// Benjamini-Hochberg (1995) adjusted p-values, in the order given: reject those ≤ q to keep the false discovery rate ≤ q
    /// (for independent or positively dependent tests).
    package static func adjusted(_ pValues: [Double]) -> [Double] {
        let order = pValues.indices.sorted { pValues[$0] < pValues[$1] }
        var result = pValues
        var least = 1.0
        for (rank, index) in order.enumerated().reversed() {
            least = min(least, pValues[index] * Double(pValues.count) / Double(rank + 1))
            result[index] = least
        }
        return result
    }
}

/// How the chance of a wrong alarm is shared among looks that repeat. A monitor that tests at 5 % every hour would cry wolf daily.
package enum LookBudget: Sendable, Hashable {
    /// α/looks at every look: at most α wrong alarms over a period of so many looks (Bonferroni within the period), and every look is
    /// equally sharp.
    case perPeriod(looks: Int)
    /// α·6/(π²k²) at the k-th look: at most α wrong alarms for ever, at the price of looks that grow blunt.
    case lifetime

    /// The level of look `look` (from 1).
    package func level(alpha: Double, look: Int) -> Double {
        precondition(look >= 1, "looks count from 1")
        switch self {
        case .perPeriod(let looks): return alpha / Double(max(1, looks))
        case .lifetime: return alpha * 6 / (Double.pi * Double.pi * Double(look) * Double(look))
        }
    }
}
