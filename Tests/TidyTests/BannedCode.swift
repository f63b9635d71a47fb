/// Code that may not be written, with where it may be nevertheless and what to write instead.
struct BannedCode {
    var rule: String
    /// What the code looks like once comments and strings are blanked. The part before the first `|` must not follow a letter, digit,
    /// `_`, `.` or `func `, unless it begins with one of these itself.
    var patterns: [String]
    /// Folders in which it is allowed.
    var allowedIn: [String] = []
    /// Folders in which a comment on the line, or on the line above, that says why is enough.
    var reasonEnoughIn: [String] = []
    var instead: String

    static let all: [BannedCode] = [
        BannedCode(
            rule: "clock",
            patterns: [
                "Date()", "Date.now", "Task.sleep(", "ContinuousClock", "SuspendingClock", "clock_gettime(", "gettimeofday(",
                "DispatchTime.now",
            ],
            allowedIn: ["Sources/Kit/Clockwork/"], instead: "take a `TimeSource`"),
        BannedCode(
            rule: "sleep", patterns: ["sleep(", "usleep(", "nanosleep(", "Thread.sleep("], allowedIn: ["Sources/Kit/Clockwork/"],
            instead: "wait on what you wait for, or take a `TimeSource`"),
        BannedCode(rule: "ids", patterns: ["UUID("], allowedIn: ["Sources/Kit/Clockwork/"], instead: "take an `IDSource`"),
        BannedCode(
            rule: "randomness",
            patterns: ["SystemRandomNumberGenerator", ".random(in:", ".randomElement()", ".shuffled()", ".shuffle()", "arc4random"],
            allowedIn: ["Sources/Kit/Clockwork/"], instead: "take a `RandomSource` or a `SplitMix64`"),
        BannedCode(
            rule: "print", patterns: ["print(", "debugPrint("], allowedIn: ["Sources/App/Commands/"],
            instead: "write to the `Console` or the `Logger`"),
        BannedCode(rule: "try!", patterns: ["try!"], reasonEnoughIn: ["Sources/Kit/"], instead: "handle or throw the error"),
        BannedCode(rule: "as!", patterns: ["as!"], reasonEnoughIn: ["Sources/Kit/"], instead: "use `as?` and handle nil"),
        BannedCode(
            rule: "fatalError", patterns: ["fatalError("], reasonEnoughIn: ["Sources/Kit/"],
            instead: "throw, or `precondition` for programmer mistakes"),
        BannedCode(
            rule: "@unchecked Sendable", patterns: ["@unchecked Sendable"], reasonEnoughIn: ["Sources/Kit/"],
            instead: "use a value, a `Mutex` or an actor"),
        BannedCode(
            rule: "nonisolated(unsafe)", patterns: ["nonisolated(unsafe)"], reasonEnoughIn: ["Sources/Kit/"],
            instead: "use a value, a `Mutex` or an actor"),
        BannedCode(
            rule: "public", patterns: ["public ", "open class ", "open func ", "open var "],
            instead: "write `package`: nothing here is promised to other packages"),
    ]

    /// Uses of banned code in a file.
    static func violations(_ file: TextFile) -> [Violation] {
        let path = file.path
        let original = file.lines
        return all.filter { $0.patterns.contains(where: file.mentions) }.flatMap { ban in
            file.code.lines.enumerated().compactMap { index, line -> Violation? in
                guard let pattern = ban.patterns.first(where: { contains($0, in: line) }) else { return nil }
                if ban.allowedIn.contains(where: path.hasPrefix) { return nil }
                let excused = ban.reasonEnoughIn.contains(where: path.hasPrefix)
                if excused, original[index].firstRange(of: "//") != nil || (index > 0 && trimmed(original[index - 1]).hasPrefix("//")) {
                    return nil
                }
                let instead = excused ? "say why in a comment on this line" : ban.instead
                return Violation(file: path, line: index + 1, rule: ban.rule, what: "`\(trimmed(pattern))` is banned here: \(instead)")
            }
        }
    }

    /// `catch` blocks that do nothing: an error vanishes.
    static func emptyCatches(path: String, code: SwiftCode) -> [Violation] {
        code.lines.indices.compactMap { index in
            guard let start = code.lines[index].firstRange(of: "catch") else { return nil }
            let from = code.lines[index][start.lowerBound...] + " " + code.lines[(index + 1)...].prefix(3).joined(separator: " ")
            guard let brace = from.firstIndex(of: "{") else { return nil }
            guard from[from.index(after: brace)...].first(where: { !$0.isWhitespace }) == "}" else { return nil }
            return Violation(
                file: path, line: index + 1, rule: "empty catch", what: "an error is swallowed: handle it, or throw it as a `JidokaError`")
        }
    }

    /// Whether the pattern stands in the line as a word of its own.
    static func contains(_ pattern: String, in line: String) -> Bool {
        var rest = line[...]
        while let range = rest.firstRange(of: pattern) {
            let before = line[..<range.lowerBound]
            let startsInside = pattern.first.map { $0 == "." || $0 == "@" } ?? false
            let follows = before.last.map { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." } ?? false
            if startsInside || (!follows && !before.hasSuffix("func ")) { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }
}
