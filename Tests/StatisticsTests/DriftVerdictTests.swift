import Testing

@testable import Statistics

struct DriftVerdictTests {
    private func comparison(_ reference: [Double], _ current: [Double], policy: DriftPolicy = DriftPolicy()) -> FeatureComparison {
        .numeric("f", reference: NumericSample(reference), current: NumericSample(current), policy: policy)
    }

    @Test func `Benjamini-Hochberg agrees with SciPy`() throws {
        let rows = try Fixture.table("benjamini_hochberg")
        let shuffled = rows.enumerated().sorted { ($0.offset * 7) % 25 < ($1.offset * 7) % 25 }.map(\.element)
        for (ours, row) in zip(FalseDiscovery.adjusted(shuffled.map { $0[0] }), shuffled) { #expect(agrees(ours, row[1])) }
        #expect(FalseDiscovery.adjusted([]).isEmpty)
    }

    @Test func `a look budget never spends more than alpha`() {
        let lifetime = (1...5_000).reduce(0.0) { $0 + LookBudget.lifetime.level(alpha: 0.05, look: $1) }
        #expect(lifetime < 0.05 && lifetime > 0.049)
        #expect(agrees(LookBudget.perPeriod(looks: 720).level(alpha: 0.05, look: 9_000) * 720, 0.05))
    }

    @Test(arguments: [
        (0.0, DriftSeverity.stable), (0.0999, .stable), (0.1, .watch), (0.1999, .watch), (0.2, .significant), (0.2499, .significant),
        (0.25, .severe),
    ])
    func `bands begin where the design says`(effect: Double, severity: DriftSeverity) {
        #expect(DriftBands.psi.severity(of: effect) == severity)
    }

    @Test func `a one-sigma shift of one feature among twenty is drift and the others are stable`() throws {
        var draws = Draws(seed: 21)
        let comparisons = (0..<20).map { index in
            FeatureComparison.numeric(
                "f\(index)", reference: NumericSample(draws.normals(1_000)),
                current: NumericSample(draws.normals(200, mean: index == 7 ? 1 : 0)))
        }
        let verdicts = judgeDrift(comparisons, look: 1)
        #expect(verdicts[7].verdict == .judged(.severe))
        #expect(try #require(verdicts[7].cause).evidence.test == "ks")
        #expect(verdicts.indices.filter { verdicts[$0].verdict != .judged(.stable) } == [7])
        #expect(driftedShare(verdicts) == 0.05)
    }

    @Test func `a large effect that chance explains is not drift and a certain effect that is small neither`() {
        let few = FeatureComparison.binned(
            "few", counts: AlignedCounts(categories: ["a", "b"], reference: [30, 30], current: [38, 22]), recipe: .categories)
        let many = FeatureComparison.binned(
            "many", counts: AlignedCounts(categories: ["a", "b"], reference: [500_000, 500_000], current: [51_000, 49_000]),
            recipe: .categories)
        let verdicts = judgeDrift([few, many], look: 1)
        #expect(verdicts.map(\.verdict) == [.judged(.stable), .judged(.stable)])
        #expect(!verdicts[0].signals[0].isEstablished)
        #expect(verdicts[1].signals[0].isEstablished && verdicts[1].signals[0].severity == .stable)
    }

    @Test func `too few rows is learning with the number that is missing`() throws {
        var draws = Draws(seed: 4)
        let reference = draws.normals(1_000)
        #expect(judgeDrift([comparison(reference, [])], look: 1)[0].verdict == .learning(missingRows: 50))
        #expect(judgeDrift([comparison(reference, draws.normals(20, mean: 9))], look: 1)[0].verdict == .learning(missingRows: 30))
        #expect(judgeDrift([comparison(reference, draws.normals(50, mean: 9))], look: 1)[0].verdict == .judged(.severe))
        // Fifty categories need more rows than ten bins before the index says anything.
        let wide = AlignedCounts(
            categories: (0..<50).map(String.init), reference: .init(repeating: 100, count: 50), current: .init(repeating: 1, count: 50))
        guard case .learning(let missing) = judgeDrift([.binned("w", counts: wide, recipe: .categories)], look: 1)[0].verdict else {
            Issue.record("50 rows in 50 categories are too few")
            return
        }
        #expect(missing > 40)
        #expect(driftedShare(judgeDrift([comparison(reference, [])], look: 1)) == nil)
    }

    @Test func `a reference without rows or with too few says so`() {
        #expect(judgeDrift([comparison([], [1, 2])], look: 1)[0].verdict == .notComputable(.emptyReference))
        let verdict = judgeDrift([comparison([1, 2, 3], [Double](repeating: 1, count: 500))], look: 1)[0].verdict
        #expect(verdict == .notComputable(.referenceTooSmall))
        #expect(verdict.word == "not_computable" && !verdict.isDrift)
    }

    @Test func `constant columns are stable when equal and severe when they move`() {
        let five = [Double](repeating: 5, count: 200)
        #expect(judgeDrift([comparison(five, five)], look: 1)[0].verdict == .judged(.stable))
        #expect(judgeDrift([comparison(five, [Double](repeating: 6, count: 200))], look: 1)[0].verdict == .judged(.severe))
        #expect(judgeDrift([comparison(five, (0..<200).map(Double.init))], look: 1)[0].verdict == .judged(.severe))
    }

    @Test func `flags and mostly-zero columns are not blind spots`() {
        func flags(_ share: Double) -> [Double] { (0..<1_000).map { Double($0) < share * 1_000 ? 1 : 0 } }
        #expect(judgeDrift([comparison(flags(0.5), flags(0.52))], look: 1)[0].verdict == .judged(.stable))
        #expect(judgeDrift([comparison(flags(0.5), flags(0.8))], look: 1)[0].verdict == .judged(.severe))
        func amounts(_ zeros: Int) -> [Double] { (0..<1_000).map { $0 < zeros ? 0 : Double($0) } }
        #expect(judgeDrift([comparison(amounts(950), amounts(700))], look: 1)[0].verdict == .judged(.severe))
    }

    @Test func `missing values and unseen categories are signals of their own`() throws {
        var draws = Draws(seed: 8)
        let full = draws.normals(2_000)
        let holes = full.enumerated().map { $0.offset % 8 == 0 ? Double.nan : $0.element }
        let verdict = judgeDrift([comparison(full, holes)], look: 1)[0]
        #expect(verdict.verdict == .judged(.significant))
        #expect(verdict.cause?.evidence.signal == .missingShare)

        let gone = judgeDrift([comparison(full, [Double](repeating: .nan, count: 300))], look: 1)[0]
        #expect(gone.verdict == .judged(.severe))

        let known = CategoryCounts(counts: ["a": 3_000, "b": 2_000])
        let window = CategoryCounts(counts: ["a": 590, "b": 390, "new": 20])
        let unseen = judgeDrift([.categorical("c", reference: known, current: window)], look: 1)[0]
        #expect(unseen.verdict == .judged(.watch))
        #expect(unseen.cause?.evidence.signal == .unseenCategories)

        let allMissing = judgeDrift([.categorical("c", reference: known, current: CategoryCounts(counts: [:], missing: 400))], look: 1)[0]
        #expect(allMissing.verdict == .judged(.severe))
    }

    @Test func `an identifier column neither fails nor drifts when it stays an identifier of the same kind`() {
        let reference = CategoryCounts((0..<3_000).map { "id\($0 % 1_500)" as String? })
        let current = CategoryCounts((0..<1_500).map { "id\($0)" as String? })
        #expect(judgeDrift([.categorical("id", reference: reference, current: current)], look: 1)[0].verdict == .judged(.stable))
    }

    @Test func `named recipes carry a warning when they are unsound`() {
        #expect(PSIRecipe.edgesPerSample(bins: 10).warning != nil && PSIRecipe.unitInterval(bins: 10).warning != nil)
        #expect(PSIRecipe.referenceQuantiles(bins: 10).warning == nil)
        let values = (0..<500).map(Double.init)
        let shifted = NumericSample(values.map { $0 + 10_000 })
        let blind = PSI.numeric(reference: NumericSample(values), current: shifted, recipe: .edgesPerSample(bins: 10)).value
        let sound = PSI.numeric(reference: NumericSample(values), current: shifted).value
        #expect(blind?.value == 0)
        #expect((sound?.corrected ?? 0) > 5)
        #expect(sound.map { agrees($0.bias, 9 * (2.0 / 500)) } == true)
    }
}

/// Measured false-alarm rates under no change. The seeds are fixed: a failure is a change of the statistics, not bad luck.
struct DriftNullSimulation {
    /// One look at 5 %: every wrong alarm counts, whatever the effect.
    private var strict: DriftPolicy {
        var policy = DriftPolicy()
        policy.looks = .perPeriod(looks: 1)
        policy.psiBands = DriftBands(watch: 0, significant: 0, severe: 0.25)
        return policy
    }

    /// (rows, reference rows, windows); 20 features each.
    @Test(arguments: [(50, 400, 60), (200, 500, 20), (1_000, 2_000, 6), (20_000, 20_000, 1)])
    func `windows of rows raise no alarm by chance`(rows: Int, referenceRows: Int, windows: Int) {
        var draws = Draws(seed: UInt64(rows))
        let references = (0..<20).map { _ in NumericSample(draws.uniforms(referenceRows)) }
        var byChance = 0
        var alarms = 0
        for window in 1...windows {
            let comparisons = references.enumerated().map {
                FeatureComparison.numeric(
                    "f\($0.offset)", reference: $0.element, current: NumericSample(draws.uniforms(rows)), policy: strict)
            }
            byChance += judgeDrift(comparisons, look: window, policy: strict).contains { $0.verdict.isDrift } ? 1 : 0
            alarms += judgeDrift(comparisons, look: window).count { $0.verdict != .judged(.stable) }
        }
        #expect(alarms == 0)
        #expect(byChance <= max(1, windows / 10), "\(byChance) of \(windows) windows at 5 %")
    }

    /// Kept profiles: counts of ten bins, 20 features, and a long-tailed category.
    @Test(arguments: [50, 300, 2_000, 20_000])
    func `windows of counts keep the level of the test`(rows: Int) {
        var draws = Draws(seed: 77 &+ UInt64(rows))
        let windows = 250
        let shares: [Double] = [0.4, 0.25, 0.12, 0.08, 0.05, 0.04, 0.03, 0.015, 0.01, 0.005]
        let even = (CountTable.poisson(2_000), CountTable.poisson(Double(rows) / 10))
        let uneven = shares.map { (CountTable.poisson(20_000 * $0), CountTable.poisson(Double(rows) * $0)) }
        var byChance = 0
        var alarms = 0
        for window in 1...windows {
            let comparisons = (0..<20).map { feature in
                let counts = AlignedCounts(
                    categories: [], reference: (0..<10).map { (feature % 2 == 0 ? even : uneven[$0]).0.draw(&draws) },
                    current: (0..<10).map { (feature % 2 == 0 ? even : uneven[$0]).1.draw(&draws) })
                return FeatureComparison.binned("f\(feature)", counts: counts, recipe: .categories, policy: strict)
            }
            byChance += judgeDrift(comparisons, look: window, policy: strict).contains { $0.verdict.isDrift } ? 1 : 0
            alarms += judgeDrift(comparisons, look: window).count { $0.verdict.isDrift }
        }
        #expect(alarms == 0)
        // 5 % of 250 is 12.5; 20 is two standard deviations above.
        #expect(byChance <= 20, "\(byChance) of \(windows) windows at 5 %")
    }
}
