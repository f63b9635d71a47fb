/// Durations in buckets that grow by a quarter of an octave: quantiles within about 10 %, from 1 µs to over 10 minutes, in 480 bytes.
package struct LatencyHistogram: Sendable, Hashable {
    /// 4 buckets an octave, 30 octaves of microseconds.
    private static let bucketCount = 120
    package private(set) var counts: [UInt32]

    package init() { counts = Array(repeating: 0, count: LatencyHistogram.bucketCount) }

    package var total: UInt64 { counts.reduce(0) { $0 + UInt64($1) } }

    package mutating func observe(microseconds: Int64) { counts[LatencyHistogram.bucket(microseconds)] &+= 1 }

    /// Values 0...3 have a bucket each; above, the two bits after the leading one choose the quarter of the octave.
    private static func bucket(_ microseconds: Int64) -> Int {
        let value = UInt64(max(0, microseconds))
        if value < 4 { return Int(value) }
        let octave = 63 - value.leadingZeroBitCount
        let quarter = Int(value >> UInt64(octave - 2)) & 3
        return min((octave - 1) * 4 + quarter, bucketCount - 1)
    }

    /// The smallest value of a bucket.
    private static func lowerBound(_ bucket: Int) -> Double {
        if bucket < 4 { return Double(bucket) }
        return Double((UInt64(4 + bucket & 3)) << UInt64(bucket / 4 - 1))
    }

    /// The `q` quantile (0...1) in microseconds, by linear interpolation inside its bucket; nil when nothing was observed.
    package func quantile(_ q: Double) -> Double? {
        let total = Double(self.total)
        if total == 0 { return nil }
        let rank = q * total
        var below = 0.0
        for (index, count) in counts.enumerated() where count > 0 {
            let here = Double(count)
            if below + here >= rank {
                let low = LatencyHistogram.lowerBound(index)
                let high = LatencyHistogram.lowerBound(index + 1)
                return low + (high - low) * max(0, rank - below) / here
            }
            below += here
        }
        return LatencyHistogram.lowerBound(LatencyHistogram.bucketCount)
    }

    /// How many values lay above a limit in microseconds; those in the limit's own bucket do not count.
    package func count(above limit: Double) -> Int64 {
        let last = LatencyHistogram.bucket(Int64(min(max(0, limit), 1e15)))
        return counts[(last + 1)...].reduce(0) { $0 + Int64($1) }
    }

    /// What was observed after `earlier`, an older state of the same histogram.
    package func since(_ earlier: LatencyHistogram) -> LatencyHistogram {
        var difference = self
        for index in counts.indices { difference.counts[index] = counts[index] &- earlier.counts[index] }
        return difference
    }
}
