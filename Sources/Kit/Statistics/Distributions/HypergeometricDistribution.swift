import Glibc

/// `drawn` rows taken without replacement from `population`, of which `marked` are marked: how many marked rows are drawn.
package struct HypergeometricDistribution: Sendable, Hashable {
    package let population: Int
    package let marked: Int
    package let drawn: Int

    package init(population: Int, marked: Int, drawn: Int) {
        precondition(
            (0...population).contains(marked) && (0...population).contains(drawn), "marked and drawn rows are part of the population")
        self.population = population
        self.marked = marked
        self.drawn = drawn
    }

    package var least: Int { max(0, drawn - (population - marked)) }
    package var most: Int { min(marked, drawn) }

    /// P(X = k), by Loader's three binomials.
    package func density(_ k: Int) -> Double {
        guard k >= least, k <= most else { return 0 }
        if least == most { return 1 }
        let share = Double(drawn) / Double(population)
        let rest = Double(population - drawn) / Double(population)
        let inside = binomialDensity(Double(k), of: Double(marked), p: share, q: rest)
        let outside = binomialDensity(Double(drawn - k), of: Double(population - marked), p: share, q: rest)
        return inside * outside / binomialDensity(Double(drawn), of: Double(population), p: share, q: rest)
    }

    /// P(X ≤ k).
    package func lowerTail(_ k: Int) -> Double { k < least ? 0 : min(1, tail(from: min(k, most), by: -1)) }
    /// P(X ≥ k).
    package func upperTail(_ k: Int) -> Double { k > most ? 0 : min(1, tail(from: max(k, least), by: 1)) }

    /// Sums outward by the ratio of neighbours; stops where a falling term no longer counts.
    private func tail(from start: Int, by step: Int) -> Double {
        var term = density(start)
        var sum = 0.0
        var k = start
        while k >= least, k <= most {
            sum += term
            let next = step > 0 ? upwardRatio(k) : 1 / upwardRatio(k - 1)
            if next < 1, term < sum * 1e-17 { break }
            // A start far outside the bulk has a density that underflows; begin again from its neighbour.
            term = term == 0 ? density(k + step) : term * next
            k += step
        }
        return sum
    }

    /// P(X = k + 1)/P(X = k).
    private func upwardRatio(_ k: Int) -> Double {
        Double(marked - k) * Double(drawn - k) / (Double(k + 1) * Double(population - marked - drawn + k + 1))
    }
}
