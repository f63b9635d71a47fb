/// The known name nearest to a mistyped one, for hints such as "did you mean `columns`?"; nil when nothing is close.
package func nearestName(to typed: String, among known: some Sequence<String>) -> String? {
    let limit = typed.count < 4 ? 1 : max(2, typed.count / 3)
    var best: (name: String, distance: Int)?
    for name in known {
        let distance = editDistance(Array(typed.lowercased()), Array(name.lowercased()))
        if distance <= limit, distance < (best?.distance ?? .max) { best = (name, distance) }
    }
    return best?.name
}

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment) in O(|a|·|b|) time and O(|b|) space.
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var beforeLast = Array(repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 1...a.count {
        var row = [i] + beforeLast.dropFirst()
        for j in 1...b.count {
            let substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
            row[j] = min(substitution, last[j] + 1, row[j - 1] + 1)
            if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { row[j] = min(row[j], beforeLast[j - 2] + 1) }
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}
