/// One categorical column: how often each category occurs, and how many rows had none.
package struct CategoryCounts: Sendable, Hashable {
    package private(set) var counts: [String: Int]
    package private(set) var missing: Int

    /// Categories with a count of zero are dropped.
    package init(counts: [String: Int], missing: Int = 0) {
        self.counts = counts.filter { $0.value > 0 }
        self.missing = missing
    }

    package init(_ values: some Sequence<String?>) {
        var counts: [String: Int] = [:]
        var missing = 0
        for value in values { if let value { counts[value, default: 0] += 1 } else { missing += 1 } }
        self.init(counts: counts, missing: missing)
    }

    package var count: Int { counts.values.reduce(0, +) }
    package var rows: Int { count + missing }
    /// NaN without rows.
    package var missingShare: Double { Double(missing) / Double(rows) }

    /// The counts of both samples over the categories of both, in order of their Unicode scalars.
    package static func aligned(_ reference: CategoryCounts, _ current: CategoryCounts) -> AlignedCounts {
        let names = Set(reference.counts.keys).union(current.counts.keys).sorted {
            $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars)
        }
        return AlignedCounts(
            categories: names, reference: names.map { reference.counts[$0] ?? 0 }, current: names.map { current.counts[$0] ?? 0 })
    }

    /// Aligned counts for a judgement: what the reference never saw is one category, and so is the reference's tail beyond `maximum`
    /// categories.
    ///
    /// Hundreds of rare categories would drown the effect in sampling noise; an identifier column would never be comparable.
    package static func pooled(_ reference: CategoryCounts, _ current: CategoryCounts, maximum: Int) -> (counts: AlignedCounts, unseen: Int)
    {
        let ranked = reference.counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        var result = AlignedCounts(categories: [], reference: [], current: [])
        var tail = (reference: 0, current: 0)
        for (rank, entry) in ranked.enumerated() {
            let now = current.counts[entry.key] ?? 0
            if rank < maximum {
                result.append(entry.key, entry.value, now)
            } else {
                tail = (tail.reference + entry.value, tail.current + now)
            }
        }
        let unseen = current.counts.filter { reference.counts[$0.key] == nil }.values.reduce(0, +)
        if tail.reference > 0 { result.append("(rare)", tail.reference, tail.current) }
        if unseen > 0 { result.append("(unseen)", 0, unseen) }
        return (result, unseen)
    }
}

/// The counts of two samples over the same categories or bins.
package struct AlignedCounts: Sendable, Hashable {
    package var categories: [String]
    package var reference: [Int]
    package var current: [Int]

    mutating func append(_ category: String, _ reference: Int, _ current: Int) {
        categories.append(category)
        self.reference.append(reference)
        self.current.append(current)
    }
}
