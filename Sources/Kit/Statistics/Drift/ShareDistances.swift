import Glibc

/// Distances between two discrete distributions over the same categories or bins. Shares are normalised; both must have a positive sum.
package struct ShareDistances: Sendable, Hashable {
    package let reference: [Double]
    package let current: [Double]

    package init(reference: [Double], current: [Double]) {
        precondition(reference.count == current.count, "both samples have the same bins")
        func normalised(_ shares: [Double]) -> [Double] {
            let sum = shares.reduce(0, +)
            return shares.map { $0 / sum }
        }
        self.reference = normalised(reference)
        self.current = normalised(current)
    }

    package static func counts(reference: [Int], current: [Int]) -> Computed<ShareDistances> {
        guard reference.contains(where: { $0 > 0 }) else { return .notComputable(.emptyReference) }
        guard current.contains(where: { $0 > 0 }) else { return .notComputable(.emptyCurrent) }
        return .value(ShareDistances(reference: reference.map(Double.init), current: current.map(Double.init)))
    }

    /// On equal-width bins over both samples together.
    package static func numeric(reference: NumericSample, current: NumericSample, bins: Int = 10) -> Computed<ShareDistances> {
        guard reference.count > 0 else { return .notComputable(.emptyReference) }
        guard current.count > 0 else { return .notComputable(current.rows > 0 ? .allMissing : .emptyCurrent) }
        let ends = [
            min(reference.sorted[0], current.sorted[0]), max(reference.sorted[reference.count - 1], current.sorted[current.count - 1]),
        ]
        let edges = BinEdges.equalWidth(sorted: ends, bins: bins)
        return counts(reference: edges.counts(sorted: reference.sorted), current: edges.counts(sorted: current.sorted))
    }

    /// Half the sum of absolute differences: the share of rows that would have to change their bin.
    package var totalVariation: Double { 0.5 * sum { abs($0 - $1) } }

    /// The greatest difference of one bin's shares (TFDV's L-infinity).
    package var greatestDifference: Double { zip(reference, current).map { abs($0 - $1) }.max() ?? 0 }

    package var hellinger: Double {
        let squares = sum { (p: Double, q: Double) -> Double in
            let root = p.squareRoot() - q.squareRoot()
            return root * root
        }
        return (squares / 2).squareRoot()
    }

    /// Kullback-Leibler divergence KL(reference ‖ current) in nats; +infinity when the window lacks a category of the reference.
    package var divergence: Double { sum(Self.relativeEntropy) }
    /// KL(current ‖ reference) in nats.
    package var reverseDivergence: Double { sum { Self.relativeEntropy($1, $0) } }

    /// The square root of the Jensen-Shannon divergence in nats: 0 to √ln 2 (Lin 1991; Endres and Schindelin 2003).
    package var jensenShannonDistance: Double {
        let total = sum { p, q in
            let middle = (p + q) / 2
            return Self.relativeEntropy(p, middle) + Self.relativeEntropy(q, middle)
        }
        return max(0, total / 2).squareRoot()
    }
    /// The same in bits: 0 to 1.
    package var jensenShannonDistanceBits: Double { jensenShannonDistance / log(2).squareRoot() }

    private func sum(_ term: (Double, Double) -> Double) -> Double {
        zip(reference, current).reduce(0) { $0 + term($1.0, $1.1) }
    }

    private static func relativeEntropy(_ p: Double, _ q: Double) -> Double {
        if p == 0 { return 0 }
        return q == 0 ? .infinity : p * log(p / q)
    }
}
