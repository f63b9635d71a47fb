/// One numeric column: its finite values in order, and how many rows had none (null, NaN or infinite).
package struct NumericSample: Sendable, Hashable {
    package let sorted: [Double]
    package let missing: Int

    package init(_ values: some Sequence<Double>) {
        var kept: [Double] = []
        var missing = 0
        for value in values { if value.isFinite { kept.append(value) } else { missing += 1 } }
        kept.sort()
        sorted = kept
        self.missing = missing
    }

    package init(_ values: some Sequence<Double?>) {
        self.init(values.lazy.map { $0 ?? .nan })
    }

    package var count: Int { sorted.count }
    package var rows: Int { sorted.count + missing }
    /// NaN without rows.
    package var missingShare: Double { Double(missing) / Double(rows) }
    package var distinctCount: Int { distinct(sorted: sorted).count }
}
