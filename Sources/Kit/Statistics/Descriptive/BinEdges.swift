import Glibc

/// Ascending edges e₀ < e₁ < … of numeric bins [eᵢ, eᵢ₊₁); the last bin takes its right edge too. Open ends are infinite edges.
///
/// A monitor keeps the edges and the reference's counts, and needs no reference row afterwards.
package struct BinEdges: Sendable, Hashable {
    package let edges: [Double]

    /// - Precondition: at least two edges, strictly ascending.
    package init(_ edges: [Double]) {
        precondition(edges.count >= 2 && zip(edges, edges.dropFirst()).allSatisfy { $0 < $1 }, "edges ascend strictly")
        self.edges = edges
    }

    package var count: Int { edges.count - 1 }

    /// Equal widths over the range of sorted data, as `numpy.histogram(data, bins)`; half a unit to each side of constant data.
    package static func equalWidth(sorted values: [Double], bins: Int) -> BinEdges {
        var low = values.first ?? 0
        var high = values.last ?? 1
        if low == high { (low, high) = (low - 0.5, high + 0.5) }
        let spaced = evenlySpaced(from: low, through: high, count: bins)
        // Data whose range is below the spacing of doubles at that offset cannot be cut into `bins` parts.
        return BinEdges(distinct(sorted: spaced))
    }

    /// The reference's quantiles with duplicates dropped and both ends open.
    package static func referenceQuantiles(sorted reference: [Double], bins: Int) -> BinEdges {
        let inner = distinct(sorted: quantileCuts(sorted: reference, bins: bins)).dropFirst().dropLast()
        return BinEdges([-.infinity] + inner + [.infinity])
    }

    /// The reference's quantiles with both ends open, where a value that fills a whole bin (an atom: a default, a zero, a flag) gets a
    /// bin of its own.
    ///
    /// Dropping duplicate quantiles instead makes a column of mostly one value a single bin, blind to every change.
    package static func referenceQuantilesWithAtoms(sorted reference: [Double], bins: Int) -> (edges: BinEdges, atoms: Int) {
        let cuts = quantileCuts(sorted: reference, bins: bins)
        var edges: [Double] = [-.infinity]
        var atoms = 0
        for (index, cut) in cuts.enumerated() {
            let repeated = index > 0 && cuts[index - 1] == cut
            if repeated {
                if edges.last == cut.nextUp { continue }
                if edges.last != cut { edges.append(cut) }
                if cut.nextUp.isFinite { edges.append(cut.nextUp) }
                atoms += 1
            } else if index > 0, index < cuts.count - 1, cut > edges[edges.count - 1] {
                edges.append(cut)
            }
        }
        return (BinEdges(edges + [.infinity]), atoms)
    }

    private static func quantileCuts(sorted values: [Double], bins: Int) -> [Double] {
        evenlySpaced(from: 0, through: 1, count: bins).map { quantile(sorted: values, $0) }
    }

    /// The first and last bin without an outer end, so that no value is lost.
    package var withOpenEnds: BinEdges { BinEdges([-.infinity] + edges.dropFirst().dropLast() + [.infinity]) }

    /// How many of the sorted values fall in each bin; values outside every bin are not counted.
    package func counts(sorted values: [Double]) -> [Int] {
        var counts: [Int] = []
        var start = lowerBound(values, edges[0])
        for bin in 0..<count {
            let isLast = bin == count - 1
            let end = isLast ? lowerBound(values, edges[count].nextUp) : lowerBound(values, edges[bin + 1])
            counts.append(end - start)
            start = end
        }
        return counts
    }

    /// The bin of one value; nil outside every bin.
    package func bin(of value: Double) -> Int? {
        guard value >= edges[0], value <= edges[count] else { return nil }
        return min(lowerBound(edges, value.nextUp) - 1, count - 1)
    }
}

/// The number of sorted values below `bound` (all of them when `bound` is +infinity's successor).
func lowerBound(_ values: [Double], _ bound: Double) -> Int {
    var low = 0
    var high = values.count
    while low < high {
        let middle = (low + high) / 2
        if values[middle] < bound { low = middle + 1 } else { high = middle }
    }
    return low
}

func distinct(sorted values: [Double]) -> [Double] {
    var result: [Double] = []
    for value in values where result.last != value { result.append(value) }
    return result
}
