import Clockwork
import Foundation

/// Seeded draws for simulations.
struct Draws {
    private var source: SplitMix64
    init(seed: UInt64) { source = SplitMix64(seed: seed) }

    mutating func uniform() -> Double { Double(source.next() >> 11) * 0x1p-53 }
    mutating func uniforms(_ count: Int) -> [Double] { (0..<count).map { _ in uniform() } }
    mutating func exponential() -> Double { -log1p(-uniform()) }

    /// Box-Muller.
    mutating func normals(_ count: Int, mean: Double = 0, deviation: Double = 1) -> [Double] {
        var result: [Double] = []
        result.reserveCapacity(count + 1)
        while result.count < count {
            let radius = (2 * exponential()).squareRoot() * deviation
            let angle = 2 * Double.pi * uniform()
            result.append(mean + radius * cos(angle))
            result.append(mean + radius * sin(angle))
        }
        result.removeLast(result.count - count)
        return result
    }
}

/// Counts drawn by inversion from a table, so that thousands of windows cost no rows.
struct CountTable {
    private let cumulative: [Double]
    private let first: Int

    private init(logWeights: [Double], first: Int) {
        let top = logWeights.max() ?? 0
        var sum = 0.0
        var sums: [Double] = []
        for weight in logWeights {
            sum += exp(weight - top)
            sums.append(sum)
        }
        cumulative = sums.map { $0 / sum }
        self.first = first
    }

    static func binomial(_ n: Int, _ p: Double) -> CountTable {
        let weights = (0...n).map { k -> Double in
            let ways = lgamma(Double(n + 1)) - lgamma(Double(k + 1)) - lgamma(Double(n - k + 1))
            return ways + Double(k) * log(p) + Double(n - k) * log1p(-p)
        }
        return CountTable(logWeights: weights, first: 0)
    }

    static func poisson(_ mean: Double) -> CountTable {
        let spread = Int(12 * mean.squareRoot()) + 20
        let low = max(0, Int(mean) - spread)
        return CountTable(logWeights: (low...(Int(mean) + spread)).map { Double($0) * log(mean) - lgamma(Double($0 + 1)) }, first: low)
    }

    func draw(_ draws: inout Draws) -> Int {
        let u = draws.uniform()
        var (low, high) = (0, cumulative.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] <= u { low = middle + 1 } else { high = middle }
        }
        return first + low
    }
}
