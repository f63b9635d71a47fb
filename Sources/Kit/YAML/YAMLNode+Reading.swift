package import Errors

/// Reading a document into values of one's own: each function either gives the value or says where and why not.
extension YAMLNode {
    /// The entries of a mapping.
    package func requireEntries(_ what: String) throws(JidokaError) -> [YAMLEntry] {
        guard let entries else { throw mismatch(what, "a mapping", "write `key: value` lines below it") }
        return entries
    }

    /// The items of a list.
    package func requireItems(_ what: String) throws(JidokaError) -> [YAMLNode] {
        guard let items else { throw mismatch(what, "a list", "write `[a, b]` or one `- item` a line") }
        return items
    }

    /// A text. Numbers and booleans count as the text they were written as, so `version: 1.10` stays `1.10`.
    package func requireText(_ what: String) throws(JidokaError) -> String {
        guard let text, !isNull else { throw mismatch(what, "a text", "write a value after the `:`") }
        return text
    }

    package func requireInt(_ what: String, in range: ClosedRange<Int64> = .min ... .max) throws(JidokaError) -> Int64 {
        guard let int else { throw mismatch(what, "an integer", "write a whole number without quotes") }
        guard range.contains(int) else { throw outside(what, int, range) }
        return int
    }

    package func requireDouble(_ what: String, in range: ClosedRange<Double> = -.infinity ... .infinity) throws(JidokaError) -> Double {
        guard let double else { throw mismatch(what, "a number", "write a number without quotes") }
        guard range.contains(double) else { throw outside(what, double, range) }
        return double
    }

    package func requireBool(_ what: String) throws(JidokaError) -> Bool {
        guard let bool else { throw mismatch(what, "a boolean", "write `true` or `false`") }
        return bool
    }

    /// The value of a key that must be there and not be empty.
    package func require(_ key: String, of what: String) throws(JidokaError) -> YAMLNode {
        _ = try requireEntries(what)
        guard let value = self[key], !value.isNull else {
            throw failure("\(what) has no `\(key)`", hint: "add `\(key): ...`")
        }
        return value
    }

    /// Refuses a mapping with keys that nobody reads; the hint names the nearest known one.
    package func refuseUnknownKeys(known: [String], in what: String) throws(JidokaError) {
        for entry in try requireEntries(what) where !known.contains(entry.key) {
            let near = nearestName(to: entry.key, among: known)
            let hint = near.map { "did you mean `\($0)`?" } ?? "known keys: \(known.map { "`\($0)`" }.joined(separator: ", "))"
            throw entry.keyMark.failure("\(what) has no key `\(entry.key)`", hint: hint)
        }
    }

    private func mismatch(_ what: String, _ wanted: String, _ hint: String) -> JidokaError {
        failure("\(what) must be \(wanted), not \(kindWord)", hint: hint)
    }

    private func outside<T: Comparable>(_ what: String, _ value: T, _ range: ClosedRange<T>) -> JidokaError {
        failure("\(what) is \(value), outside \(range.lowerBound)...\(range.upperBound)", hint: "choose a value in that range")
    }
}
