import Glibc

/// The shares on which Evidently 0.7 computes PSI, KL divergence and Jensen-Shannon distance, for people who compare with its reports.
///
/// Source: `get_binned_data` of evidently/legacy/calculations/stattests/utils.py. Missing rows count in the denominators; numeric columns
/// with more than 20 distinct reference values are cut by Sturges' rule over both samples, others by value.
package struct EvidentlyShares: Sendable {
    package let reference: [Double]
    package let current: [Double]
    let rows: (reference: Int, current: Int)

    package static func numeric(reference: NumericSample, current: NumericSample) -> Computed<EvidentlyShares> {
        guard reference.count > 0 else { return .notComputable(.emptyReference) }
        guard current.count > 0 else { return .notComputable(current.rows > 0 ? .allMissing : .emptyCurrent) }
        let both = (reference.sorted + current.sorted).sorted()
        if reference.distinctCount > 20 {
            // numpy finds no edges when the data hold NaN.
            guard reference.missing == 0, current.missing == 0 else { return .notComputable(.missingValues) }
            let range = both[both.count - 1] - both[0]
            let width = range / (log2(Double(both.count)) + 1)
            let bins = width > 0 ? Int((range / width).rounded(.up)) : 1
            let edges = BinEdges.equalWidth(sorted: both, bins: bins)
            return .value(
                EvidentlyShares(edges.counts(sorted: reference.sorted), edges.counts(sorted: current.sorted), reference.rows, current.rows))
        }
        let edges = BinEdges(distinct(sorted: both) + [.infinity])
        return .value(
            EvidentlyShares(edges.counts(sorted: reference.sorted), edges.counts(sorted: current.sorted), reference.rows, current.rows))
    }

    /// - Precondition: both samples have values.
    package static func categorical(reference: CategoryCounts, current: CategoryCounts) -> EvidentlyShares {
        let aligned = CategoryCounts.aligned(reference, current)
        return EvidentlyShares(aligned.reference, aligned.current, reference.rows, current.rows)
    }

    private init(_ reference: [Int], _ current: [Int], _ referenceRows: Int, _ currentRows: Int) {
        self.reference = reference.map { Double($0) / Double(referenceRows) }
        self.current = current.map { Double($0) / Double(currentRows) }
        rows = (referenceRows, currentRows)
    }

    package var psi: PSI {
        let p = Self.filled(reference)
        let q = Self.filled(current)
        let value = zip(p, q).reduce(0.0) { $0 + ($1.0 - $1.1) * log($1.0 / $1.1) }
        let bias = Double(max(0, p.count - 1)) * (1 / Double(rows.reference) + 1 / Double(rows.current))
        return PSI(recipe: .evidently, value: value, bias: bias, bins: p.count)
    }

    /// KL divergence of current from reference in nats, empty bins filled.
    package var divergence: Double { ShareDistances(reference: Self.filled(reference), current: Self.filled(current)).divergence }

    /// Jensen-Shannon distance (its square root, in nats), empty bins not filled.
    package var jensenShannonDistance: Double { ShareDistances(reference: reference, current: current).jensenShannonDistance }

    private static func filled(_ shares: [Double]) -> [Double] {
        let least = shares.filter { $0 > 0 }.min() ?? 0.0001
        let fill = least <= 0.0001 ? least / 1_000_000 : 0.0001
        return shares.map { $0 == 0 ? fill : $0 }
    }
}
