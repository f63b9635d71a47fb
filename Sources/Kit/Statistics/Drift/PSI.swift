import Glibc

/// The population stability index Σ (q − p) ln(q/p) of reference shares p and current shares q.
package struct PSI: Sendable, Hashable {
    package let recipe: PSIRecipe
    package let value: Double
    /// What sampling alone adds when nothing changed: (bins − 1)(1/n + 1/m) (Yurdakul 2018: PSI ≈ (1/n + 1/m)·χ²).
    package let bias: Double
    package let bins: Int

    /// The value less its bias, never below 0: what verdicts judge.
    package var corrected: Double { max(0, value - bias) }

    /// Shares below this count as this, so that an empty bin adds a finite amount.
    package static let leastShare = 0.001

    /// From the counts of the same bins in both samples; bins empty in both do not count.
    package static func counts(
        reference: [Int], current: [Int], recipe: PSIRecipe, referenceRows: Int? = nil, currentRows: Int? = nil
    ) -> Computed<PSI> {
        precondition(reference.count == current.count, "both samples have the same bins")
        let n = Double(referenceRows ?? reference.reduce(0, +))
        let m = Double(currentRows ?? current.reduce(0, +))
        guard n > 0 else { return .notComputable(.emptyReference) }
        guard m > 0 else { return .notComputable(.emptyCurrent) }
        var value = 0.0
        var bins = 0
        for (a, b) in zip(reference, current) where a > 0 || b > 0 {
            let p = max(Double(a) / n, leastShare)
            let q = max(Double(b) / m, leastShare)
            value += (q - p) * log(q / p)
            bins += 1
        }
        return .value(PSI(recipe: recipe, value: value, bias: Double(max(0, bins - 1)) * (1 / n + 1 / m), bins: bins))
    }

    package static func numeric(
        reference: NumericSample, current: NumericSample, recipe: PSIRecipe = .referenceQuantiles(bins: PSIRecipe.standardBins)
    ) -> Computed<PSI> {
        guard reference.count > 0 else { return .notComputable(.emptyReference) }
        guard current.count > 0 else { return .notComputable(current.rows > 0 ? .allMissing : .emptyCurrent) }
        func shared(_ edges: BinEdges) -> Computed<PSI> {
            // Values outside the edges belong to no bin and yet to the sample: they count in the shares' denominator.
            counts(
                reference: edges.counts(sorted: reference.sorted), current: edges.counts(sorted: current.sorted), recipe: recipe,
                referenceRows: reference.count, currentRows: current.count)
        }
        switch recipe {
        case .referenceQuantiles(let bins): return shared(.referenceQuantiles(sorted: reference.sorted, bins: bins))
        case .referenceQuantilesWithAtoms(let bins):
            return shared(BinEdges.referenceQuantilesWithAtoms(sorted: reference.sorted, bins: bins).edges)
        case .equalWidth(let bins): return shared(.equalWidth(sorted: reference.sorted, bins: bins))
        case .equalWidthOpenEnds(let bins): return shared(BinEdges.equalWidth(sorted: reference.sorted, bins: bins).withOpenEnds)
        case .unitInterval(let bins): return shared(BinEdges(evenlySpaced(from: 0, through: 1, count: bins)))
        case .edgesPerSample(let bins):
            return counts(
                reference: BinEdges.equalWidth(sorted: reference.sorted, bins: bins).counts(sorted: reference.sorted),
                current: BinEdges.equalWidth(sorted: current.sorted, bins: bins).counts(sorted: current.sorted), recipe: recipe,
                referenceRows: reference.count, currentRows: current.count)
        case .evidently:
            return EvidentlyShares.numeric(reference: reference, current: current).map { $0.psi }
        case .categories:
            let values = distinct(sorted: (reference.sorted + current.sorted).sorted())
            let edges = BinEdges(values + [.infinity])
            return shared(edges)
        }
    }

    package static func categorical(reference: CategoryCounts, current: CategoryCounts, recipe: PSIRecipe = .categories) -> Computed<PSI> {
        guard reference.count > 0 else { return .notComputable(.emptyReference) }
        guard current.count > 0 else { return .notComputable(current.rows > 0 ? .allMissing : .emptyCurrent) }
        if recipe == .evidently { return .value(EvidentlyShares.categorical(reference: reference, current: current).psi) }
        let aligned = CategoryCounts.aligned(reference, current)
        return counts(reference: aligned.reference, current: aligned.current, recipe: .categories)
    }
}
