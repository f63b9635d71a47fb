import Testing

@testable import Statistics

struct DescriptiveTests {
    @Test func `moments of parts merge into the moments of the whole`() {
        var draws = Draws(seed: 11)
        let values = draws.normals(900, mean: 1e9, deviation: 2) + (0..<100).map { _ in 1e9 + draws.exponential() * 5 }
        let whole = RunningMoments(values)
        var parts = RunningMoments()
        for start in stride(from: 0, to: 1_000, by: 170) { parts.merge(RunningMoments(values[start..<min(start + 170, 1_000)])) }
        #expect(parts.count == 1_000 && parts.minimum == whole.minimum && parts.maximum == whole.maximum)
        #expect(agrees(parts.mean, whole.mean, relative: 1e-15))
        #expect(agrees(parts.sampleVariance, whole.sampleVariance, relative: 1e-11))
        #expect(agrees(parts.skewness, whole.skewness, relative: 1e-9))
        #expect(agrees(parts.excessKurtosis, whole.excessKurtosis, relative: 1e-9))
    }

    @Test func `moments of nothing and of one value are NaN where they do not exist`() {
        #expect(RunningMoments().mean.isNaN && RunningMoments().populationVariance.isNaN)
        let one = RunningMoments([3])
        #expect(one.mean == 3 && one.populationVariance == 0 && one.sampleVariance.isNaN && one.skewness.isNaN)
    }

    @Test(arguments: [(0.0, 1.0), (0.25, 1.75), (0.5, 2.5), (1.0, 4.0)])
    func `quantiles are linear between neighbours`(share: Double, expected: Double) {
        #expect(quantile(sorted: [1, 2, 3, 4], share) == expected)
        #expect(quantile(sorted: [], share).isNaN)
        #expect(quantile(sorted: [7], share) == 7)
    }

    @Test func `a bin takes its left edge and the last bin its right one`() {
        let edges = BinEdges([0, 1, 2, 3])
        let values: [Double] = [-1, 0, 0.5, 1, 2, 3, 3, 4]
        #expect(edges.counts(sorted: values) == [2, 1, 3])
        #expect(values.map { edges.bin(of: $0) } == [nil, 0, 0, 1, 2, 2, 2, nil])
        #expect(edges.withOpenEnds.counts(sorted: values).reduce(0, +) == values.count)
    }

    @Test func `an atom keeps a bin of its own and smooth data the plain deciles`() {
        let smooth = (0..<200).map(Double.init)
        let plain = BinEdges.referenceQuantiles(sorted: smooth, bins: 10)
        let withAtoms = BinEdges.referenceQuantilesWithAtoms(sorted: smooth, bins: 10)
        #expect(withAtoms.edges == plain && withAtoms.atoms == 0)
        let mostlyZero = [Double](repeating: 0, count: 95) + [1, 2, 3, 4, 5]
        let (edges, atoms) = BinEdges.referenceQuantilesWithAtoms(sorted: mostlyZero, bins: 10)
        #expect(atoms > 0 && edges.counts(sorted: mostlyZero) == [0, 95, 5])
        let extreme = [Double](repeating: .greatestFiniteMagnitude, count: 20)
        #expect(BinEdges.referenceQuantilesWithAtoms(sorted: extreme, bins: 10).edges.counts(sorted: extreme) == [0, 20])
    }

    @Test func `values that are not finite count as missing`() {
        let sample = NumericSample([3, .nan, 1, .infinity, 2] as [Double])
        #expect(sample.sorted == [1, 2, 3] && sample.missing == 2 && sample.missingShare == 0.4)
        #expect(NumericSample([1, nil] as [Double?]).missing == 1)
    }

    @Test func `categories beyond the limit and unseen ones are pooled`() {
        let reference = CategoryCounts(counts: ["a": 50, "b": 30, "c": 5, "d": 4])
        let current = CategoryCounts(["a", "b", "b", "d", "x", "y", nil])
        let (counts, unseen) = CategoryCounts.pooled(reference, current, maximum: 2)
        #expect(counts.categories == ["a", "b", "(rare)", "(unseen)"])
        #expect(counts.reference == [50, 30, 9, 0] && counts.current == [1, 2, 1, 2])
        #expect(unseen == 2 && current.missing == 1)
    }
}
