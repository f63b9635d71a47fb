/// What is compared about a feature. Each is a signal of its own: a feature may keep its values and lose half its rows.
package enum DriftSignal: String, Sendable, Hashable, CaseIterable {
    case values
    case missingShare = "missing_share"
    case unseenCategories = "unseen_categories"
}

/// One signal's effect size with its p-value; no judgement yet.
package struct DriftEvidence: Sendable, Hashable {
    package let signal: DriftSignal
    /// Corrected PSI, or a difference or size of a share.
    package let effect: Double
    package let pValue: Double
    /// The test behind the p-value: `ks`, `chi_square`, `fisher`.
    package let test: String
}

/// One feature of a window beside its reference: numbers only. `judgeDrift` turns the comparisons of all features into verdicts.
package struct FeatureComparison: Sendable {
    package let feature: String
    package let referenceRows: Int
    package let currentRows: Int
    package let psi: Computed<PSI>
    package let evidence: [DriftEvidence]
    /// Values still missing before this window can be judged; 0 when there are enough.
    package let missingRows: Int
    package let obstacle: NotComputable?
    /// The counts behind the PSI, for charts.
    package let counts: AlignedCounts

    package static func numeric(
        _ feature: String, reference: NumericSample, current: NumericSample, policy: DriftPolicy = DriftPolicy()
    ) -> FeatureComparison {
        let (edges, atoms) =
            reference.count > 0
            ? BinEdges.referenceQuantilesWithAtoms(sorted: reference.sorted, bins: policy.bins) : (BinEdges([-.infinity, .infinity]), 0)
        let counts = AlignedCounts(
            categories: edges.labels, reference: edges.counts(sorted: reference.sorted), current: edges.counts(sorted: current.sorted))
        let test: (String, () -> Computed<TestResult>)? =
            atoms > 0
            ? nil : ("ks", { KolmogorovSmirnov.test(reference, current, method: .bounded(cells: policy.exactCells)) })
        return compared(
            feature, counts: counts, recipe: .referenceQuantilesWithAtoms(bins: policy.bins), missing: (reference.missing, current.missing),
            unseen: nil, policy: policy, test: test)
    }

    package static func categorical(
        _ feature: String, reference: CategoryCounts, current: CategoryCounts, policy: DriftPolicy = DriftPolicy()
    ) -> FeatureComparison {
        let (counts, unseen) = CategoryCounts.pooled(reference, current, maximum: policy.maximumCategories)
        return compared(
            feature, counts: counts, recipe: .categories, missing: (reference.missing, current.missing), unseen: unseen, policy: policy,
            test: nil)
    }

    /// From the counts of bins fixed on the reference, as a kept profile or a query over the window gives them.
    package static func binned(
        _ feature: String, counts: AlignedCounts, missing: (reference: Int, current: Int) = (0, 0), recipe: PSIRecipe,
        policy: DriftPolicy = DriftPolicy()
    ) -> FeatureComparison {
        compared(feature, counts: counts, recipe: recipe, missing: missing, unseen: nil, policy: policy, test: nil)
    }

    private static func compared(
        _ feature: String, counts: AlignedCounts, recipe: PSIRecipe, missing: (reference: Int, current: Int), unseen: Int?,
        policy: DriftPolicy,
        test: (name: String, run: () -> Computed<TestResult>)?
    ) -> FeatureComparison {
        let n = counts.reference.reduce(0, +)
        let m = counts.current.reduce(0, +)
        let psi = PSI.counts(reference: counts.reference, current: counts.current, recipe: recipe)
        // Bins of the reference decide how many rows are needed, so that a window cannot talk itself into more.
        let bins = counts.reference.count { $0 > 0 }
        let needed = policy.rowsNeeded(referenceCount: n, bins: bins)
        let rows = m + missing.current
        var evidence: [DriftEvidence] = []
        var obstacle: NotComputable?
        if n == 0 {
            obstacle = .emptyReference
        } else if needed == nil {
            obstacle = .referenceTooSmall
        } else if let needed, rows >= needed {
            if m == 0 { obstacle = .allMissing }
            if missing.reference + missing.current > 0 {
                evidence.append(missingEvidence(n: n, m: m, missing: missing))
            }
            if let unseen, m >= policy.minimumRows { evidence.append(unseenEvidence(unseen, n: n, m: m)) }
            if m >= needed, let psi = psi.value {
                let result = test?.run() ?? ChiSquareTest.cautiousHomogeneity(reference: counts.reference, current: counts.current)
                switch result {
                case .value(let result):
                    evidence.append(.init(signal: .values, effect: psi.corrected, pValue: result.pValue, test: test?.name ?? "chi_square"))
                case .notComputable(let reason): obstacle = reason
                }
            }
        }
        let lacking = needed.map { max(0, $0 - m) } ?? 0
        return FeatureComparison(
            feature: feature, referenceRows: n + missing.reference, currentRows: rows, psi: psi, evidence: evidence, missingRows: lacking,
            obstacle: obstacle, counts: counts)
    }

    private static func missingEvidence(n: Int, m: Int, missing: (reference: Int, current: Int)) -> DriftEvidence {
        let before = ArmCounts(trials: n + missing.reference, successes: missing.reference)
        let now = ArmCounts(trials: m + missing.current, successes: missing.current)
        let result = ProportionTests.cautious(reference: before, current: now)
        return .init(signal: .missingShare, effect: abs(result.statistic), pValue: result.pValue, test: "fisher")
    }

    private static func unseenEvidence(_ unseen: Int, n: Int, m: Int) -> DriftEvidence {
        // The chance that all rows of categories absent from the reference fall into the window when both come from one source.
        let distribution = HypergeometricDistribution(population: n + m, marked: unseen, drawn: m)
        return .init(signal: .unseenCategories, effect: Double(unseen) / Double(m), pValue: distribution.upperTail(unseen), test: "fisher")
    }
}

extension BinEdges {
    /// `[low, high)` for every bin.
    package var labels: [String] { (0..<count).map { "[\(edges[$0]), \(edges[$0 + 1]))" } }
}
