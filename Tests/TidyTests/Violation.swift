import Testing

/// A broken rule: where, which, and what to do instead.
struct Violation: CustomStringConvertible, Equatable {
    var file: String
    var line: Int
    /// The rule's name, as `allowed.txt` writes it.
    var rule: String
    var what: String

    var description: String { "\(file):\(line): \(what)" }
}

/// Fails once for each violation, so that a run names all of them.
func expectNone(_ violations: [Violation], sourceLocation: SourceLocation = #_sourceLocation) {
    for violation in violations { Issue.record("\(violation)", sourceLocation: sourceLocation) }
}

/// The exceptions of `allowed.txt`: `path | rule | reason`, one a line.
struct Allowances {
    struct Entry: Equatable {
        var line: Int
        var path: String
        var rule: String
        var reason: String
    }

    static let file = "Tests/TidyTests/allowed.txt"
    let entries: [Entry]
    /// Lines that are no entry.
    let malformed: [Violation]

    init(_ text: String) {
        var entries: [Entry] = []
        var malformed: [Violation] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.isEmpty || line.hasPrefix("#") { continue }
            let parts = line.split(separator: "|", maxSplits: 2).map { trimmed($0) }
            if parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) {
                entries.append(Entry(line: index + 1, path: parts[0], rule: parts[1], reason: parts[2]))
            } else {
                malformed.append(
                    Violation(file: Allowances.file, line: index + 1, rule: "allowed", what: "write `path | rule | reason`"))
            }
        }
        self.entries = entries
        self.malformed = malformed
    }

    func allows(_ violation: Violation) -> Bool { entries.contains { $0.path == violation.file && $0.rule == violation.rule } }
}

func trimmed(_ text: some StringProtocol) -> String {
    var rest = text[...]
    while let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
    while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
    return String(rest)
}
