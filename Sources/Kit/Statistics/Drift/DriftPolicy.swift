/// The bands of a drifted feature, in order. `watch` is a P2, `significant` a P1, `severe` a P1 that also asks for a retrain.
package enum DriftSeverity: String, Sendable, Hashable, CaseIterable, Comparable {
    case stable, watch, significant, severe

    package static func < (a: DriftSeverity, b: DriftSeverity) -> Bool { a.rank < b.rank }
    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// From which effect on each band begins (inclusive).
package struct DriftBands: Sendable, Hashable {
    package var watch: Double
    package var significant: Double
    package var severe: Double

    package init(watch: Double, significant: Double, severe: Double) {
        precondition(watch <= significant && significant <= severe, "bands ascend")
        self.watch = watch
        self.significant = significant
        self.severe = severe
    }

    package func severity(of effect: Double) -> DriftSeverity {
        if effect >= severe { return .severe }
        if effect >= significant { return .significant }
        return effect >= watch ? .watch : .stable
    }

    /// Of the corrected PSI.
    package static let psi = DriftBands(watch: 0.1, significant: 0.2, severe: 0.25)
    /// Of a change in the share of missing values, in either direction.
    package static let missingShare = DriftBands(watch: 0.02, significant: 0.05, severe: 0.2)
    /// Of the window's share in categories that the reference never saw.
    package static let unseenShare = DriftBands(watch: 0.01, significant: 0.05, severe: 0.2)
}

/// What a monitor holds against a window.
package struct DriftPolicy: Sendable, Hashable {
    package var bins = PSIRecipe.standardBins
    /// Categories kept apart; the rest of the reference is one category.
    package var maximumCategories = 50
    /// The chance of any wrong alarm that `looks` shares out.
    package var alpha = 0.05
    /// The default is an hourly window over 30 days.
    package var looks = LookBudget.perPeriod(looks: 720)
    /// Fewer values than this on either side are never judged.
    package var minimumRows = 50
    /// The least resolution: PSI's standard deviation under no change must not exceed it, else the window is still `learning`.
    package var resolution = 0.1
    package var psiBands = DriftBands.psi
    package var missingBands = DriftBands.missingShare
    package var unseenBands = DriftBands.unseenShare
    /// The Kolmogorov-Smirnov p-value is exact up to so many cells n·m.
    package var exactCells = 1_000_000

    package init() {}

    /// Values a window needs to be judged against `referenceCount` values in `bins` bins; nil when no window would be enough.
    ///
    /// Under no change PSI ≈ (1/n + 1/m)·χ²(bins − 1), whose standard deviation is (1/n + 1/m)·√(2(bins − 1)).
    package func rowsNeeded(referenceCount: Int, bins: Int) -> Int? {
        guard referenceCount >= minimumRows else { return nil }
        guard bins > 1 else { return minimumRows }
        let room = resolution / (2 * Double(bins - 1)).squareRoot() - 1 / Double(referenceCount)
        guard room > 1 / 1e12 else { return nil }
        return max(minimumRows, Int((1 / room).rounded(.up)))
    }
}
