import Clockwork
import Synchronization

/// Ids that a seed repeats, in ascending order.
package final class SeededIDs: IDSource {
    private let seed: UInt64
    private let count = Mutex<UInt64>(0)

    package init(seed: UInt64) { self.seed = SplitMix64.mix(seed &+ 0x1D5) }

    package func next() -> String {
        let number = count.withLock { count in
            count += 1
            return count
        }
        return hex16(number) + hex16(seed)
    }
}
