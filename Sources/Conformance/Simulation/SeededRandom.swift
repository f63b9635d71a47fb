import Clockwork
import Glibc
import Synchronization

/// Random numbers that a seed repeats.
package final class SeededRandom: RandomSource {
    private let generator: Mutex<SplitMix64>

    package init(seed: UInt64) { generator = Mutex(SplitMix64(seed: SplitMix64.mix(seed &+ 0x5EED))) }

    package func next() -> UInt64 { generator.withLock { $0.next() } }

    /// True with the probability.
    package func chance(_ probability: Double) -> Bool { uniform() < probability }

    /// Uniform in the range, its end included.
    package func within(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

    /// Successes of `trials` trials: exact while few are expected (gaps between them are geometric), beyond that the rounded normal.
    package func binomial(_ trials: Int, _ probability: Double) -> Int {
        if trials <= 0 || probability <= 0 { return 0 }
        if probability >= 1 { return trials }
        if probability > 0.5 { return trials - binomial(trials, 1 - probability) }
        let mean = Double(trials) * probability
        if mean > 30 {
            let deviation = (mean * (1 - probability)).squareRoot()
            return min(max(Int((mean + deviation * normal()).rounded()), 0), trials)
        }
        let scale = log1p(-probability)
        var successes = 0
        var position = log1p(-uniform()) / scale
        while position < Double(trials) {
            successes += 1
            position = position.rounded(.down) + 1 + log1p(-uniform()) / scale
        }
        return successes
    }

    /// Standard normal, after Box and Muller.
    private func normal() -> Double { (-2 * log1p(-uniform())).squareRoot() * cos(2 * Double.pi * uniform()) }
}
