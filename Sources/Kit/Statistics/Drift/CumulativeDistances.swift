import Glibc

/// Distances between the empirical distribution functions of two samples, in the unit of the data.
package enum CumulativeDistances {
    /// Wasserstein-1 (earth mover's) distance: ∫ |F − G|.
    package static func wasserstein(_ reference: NumericSample, _ current: NumericSample) -> Computed<Double> {
        integral(reference, current) { abs($0) }
    }

    /// Wasserstein-1 over the reference's population standard deviation (not below 0.001), as Evidently norms it.
    package static func normedWasserstein(_ reference: NumericSample, _ current: NumericSample) -> Computed<Double> {
        let deviation = RunningMoments(reference.sorted).populationDeviation
        return wasserstein(reference, current).map { $0 / max(deviation, 0.001) }
    }

    /// Energy distance: √(2 ∫ (F − G)²) (Székely 2003).
    package static func energy(_ reference: NumericSample, _ current: NumericSample) -> Computed<Double> {
        integral(reference, current) { $0 * $0 }.map { (2 * $0).squareRoot() }
    }

    private static func integral(_ reference: NumericSample, _ current: NumericSample, _ weight: (Double) -> Double) -> Computed<Double> {
        guard reference.count > 0 else { return .notComputable(.emptyReference) }
        guard current.count > 0 else { return .notComputable(current.rows > 0 ? .allMissing : .emptyCurrent) }
        let a = reference.sorted
        let b = current.sorted
        var (i, j) = (0, 0)
        var sum = 0.0
        var previous = min(a[0], b[0])
        while i < a.count || j < b.count {
            let value = i < a.count && (j == b.count || a[i] <= b[j]) ? a[i] : b[j]
            sum += weight(Double(i) / Double(a.count) - Double(j) / Double(b.count)) * (value - previous)
            while i < a.count, a[i] == value { i += 1 }
            while j < b.count, b[j] == value { j += 1 }
            previous = value
        }
        return .value(sum)
    }
}
