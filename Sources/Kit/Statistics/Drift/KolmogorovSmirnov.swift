import Glibc

/// The two-sample, two-sided Kolmogorov-Smirnov test (Smirnov 1939).
package enum KolmogorovSmirnov {
    package enum Method: Sendable, Hashable {
        /// Lattice paths, O(n·m) unless the sizes are equal.
        case exact
        /// The distribution of one sample of round(n·m/(n + m)) rows, as SciPy's `asymp`.
        case asymptotic
        /// Exact up to 10,000 rows a side, as SciPy's `auto`.
        case auto
        /// Exact while n·m ≤ `cells`: what monitors use, since a verdict needs no exact tail of a large sample.
        case bounded(cells: Int)
    }

    package static func test(_ reference: NumericSample, _ current: NumericSample, method: Method = .auto) -> Computed<TestResult> {
        guard reference.count > 0 else { return .notComputable(.emptyReference) }
        guard current.count > 0 else { return .notComputable(current.rows > 0 ? .allMissing : .emptyCurrent) }
        let n = reference.count
        let m = current.count
        let statistic = distance(reference.sorted, current.sorted)
        let isExact =
            switch method {
            case .exact: true
            case .asymptotic: false
            case .auto: max(n, m) <= 10_000
            case .bounded(let cells): n.multipliedReportingOverflow(by: m).partialValue <= cells && n <= cells && m <= cells
            }
        if isExact {
            let lcm = n / greatestCommonDivisor(n, m) * m
            let h = Int((statistic * Double(lcm)).rounded())
            return .value(TestResult(statistic: statistic, pValue: TwoSampleKolmogorov.survival(n: n, m: m, h: h)))
        }
        let effective = Double(n) * Double(m) / (Double(n) + Double(m))
        let pValue = OneSampleKolmogorov.survival(n: Int(effective.rounded(.toNearestOrEven)), statistic)
        return pValue.isNaN ? .notComputable(.tooFewRows) : .value(TestResult(statistic: statistic, pValue: pValue))
    }

    /// sup |F − G| of two sorted samples, both non-empty, in one merge.
    package static func distance(_ a: [Double], _ b: [Double]) -> Double {
        var (i, j) = (0, 0)
        var greatest = 0.0
        while i < a.count, j < b.count {
            let value = min(a[i], b[j])
            while i < a.count, a[i] == value { i += 1 }
            while j < b.count, b[j] == value { j += 1 }
            greatest = max(greatest, abs(Double(i) / Double(a.count) - Double(j) / Double(b.count)))
        }
        return greatest
    }
}
