import Errors

/// Turns the text of a pattern into steps, by recursive descent: alternatives of sequences of repeated atoms.
struct TextPatternCompiler {
    typealias Step = TextPattern.Step

    private let pattern: [Unicode.Scalar]
    private let ignoresCase: Bool
    private var at = 0
    private var depth = 0

    /// Groups inside groups.
    private static let depthMax = 50

    init(_ pattern: [Unicode.Scalar], ignoresCase: Bool) {
        self.pattern = pattern
        self.ignoresCase = ignoresCase
    }

    mutating func program() throws -> [Step] {
        let steps = try alternatives()
        guard at == pattern.count else { throw refusal("a `)` without `(`") }
        return steps + [.match]
    }

    private func refusal(_ what: String) -> JidokaError {
        .invalidArgument("the regular expression cannot be read at character \(at + 1): \(what)")
    }

    private var current: Unicode.Scalar? { at < pattern.count ? pattern[at] : nil }

    private func checked(_ steps: [Step]) throws -> [Step] {
        guard steps.count <= TextPattern.stepsMax else { throw refusal("it is too long when its repetitions are written out") }
        return steps
    }

    private mutating func alternatives() throws -> [Step] {
        var steps = try sequence()
        while current == "|" {
            at += 1
            let other = try sequence()
            steps =
                try checked([.split(1, steps.count + 2)] + moved(steps, by: 1) + [.jump(steps.count + other.count + 2)])
                + moved(other, by: steps.count + 2)
        }
        return try checked(steps)
    }

    private mutating func sequence() throws -> [Step] {
        var steps: [Step] = []
        while let scalar = current, scalar != "|", scalar != ")" { steps = try checked(steps + moved(try repeated(), by: steps.count)) }
        return steps
    }

    private mutating func repeated() throws -> [Step] {
        var steps = try atom()
        while let (least, most) = try quantifier() {
            if current == "?" { at += 1 }  // lazy: the same texts match
            steps = try written(steps, least, most)
        }
        return steps
    }

    /// `steps` at least `least` and at most `most` times (nil: without end), written out.
    private func written(_ steps: [Step], _ least: Int, _ most: Int?) throws -> [Step] {
        guard max(least, most ?? least + 1, 1) * (steps.count + 1) <= TextPattern.stepsMax else {
            throw refusal("it is too long when its repetitions are written out")
        }
        var out: [Step] = []
        for _ in 0..<least { out += moved(steps, by: out.count) }
        guard let most else {
            // One more round, or on.
            let loop = out.count
            out.append(.split(loop + 1, loop + steps.count + 2))
            return out + moved(steps, by: loop + 1) + [.jump(loop)]
        }
        let end = out.count + (most - least) * (steps.count + 1)
        for _ in least..<max(most, least) {
            out.append(.split(out.count + 1, end))
            out += moved(steps, by: out.count)
        }
        return out
    }

    private mutating func quantifier() throws -> (least: Int, most: Int?)? {
        switch current {
        case "*":
            at += 1
            return (0, nil)
        case "+":
            at += 1
            return (1, nil)
        case "?":
            at += 1
            return (0, 1)
        case "{":
            let start = at
            at += 1
            guard let least = number() ?? (current == "," ? 0 : nil) else {
                at = start
                return nil
            }
            var most: Int? = least
            if current == "," {
                at += 1
                most = number()
            }
            guard current == "}", most ?? least >= least, max(least, most ?? 0) <= 1_000 else { throw refusal("a repetition `{m,n}`") }
            at += 1
            return (least, most)
        default: return nil
        }
    }

    private mutating func number() -> Int? {
        var digits = ""
        while let scalar = current, ("0"..."9").contains(scalar), digits.utf8.count < 6 {
            digits.unicodeScalars.append(scalar)
            at += 1
        }
        return Int(digits)
    }

    private mutating func atom() throws -> [Step] {
        guard let scalar = current else { throw refusal("something is missing") }
        at += 1
        switch scalar {
        case "(": return try group()
        case "[": return [.character(try characterClass())]
        case ".": return [.character(.any)]
        case "^": return [.start]
        case "$": return [.end]
        case "\\": return try escape()
        case "*", "+", "?":
            at -= 1
            throw refusal("`\(scalar)` has nothing to repeat")
        default: return [.character(.one(folded(scalar)))]
        }
    }

    private mutating func group() throws -> [Step] {
        if current == "?" {
            guard at + 1 < pattern.count, pattern[at + 1] == ":" else { throw refusal("only `(?:` is known, and `(?i)` at the start") }
            at += 2
        }
        depth += 1
        defer { depth -= 1 }
        guard depth <= TextPatternCompiler.depthMax else { throw refusal("groups nested too deep") }
        let steps = try alternatives()
        guard current == ")" else { throw refusal("a `(` is not closed") }
        at += 1
        return steps
    }

    private mutating func escape() throws -> [Step] {
        guard let scalar = current else { throw refusal("a `\\` at the end") }
        if scalar == "b" || scalar == "B" {
            at += 1
            return [.boundary(scalar == "b")]
        }
        return [.character(try escapedCharacter())]
    }

    private mutating func escapedCharacter() throws -> CharacterTest {
        guard let scalar = current else { throw refusal("a `\\` at the end") }
        at += 1
        switch scalar {
        case "d": return .digit(true)
        case "D": return .digit(false)
        case "w": return .word(true)
        case "W": return .word(false)
        case "s": return .space(true)
        case "S": return .space(false)
        case "n": return .one("\n")
        case "r": return .one("\r")
        case "t": return .one("\t")
        default:
            let isWord = scalar.isASCII && CharacterTest.isWord(scalar)
            guard !isWord else {
                at -= 1
                throw refusal("`\\\(scalar)` is not known")
            }
            return .one(folded(scalar))
        }
    }

    private mutating func characterClass() throws -> CharacterTest {
        var negated = false
        if current == "^" {
            negated = true
            at += 1
        }
        var tests: [CharacterTest] = []
        while let scalar = current, scalar != "]" || tests.isEmpty {
            at += 1
            let low: CharacterTest = scalar == "\\" ? try escapedCharacter() : .one(folded(scalar))
            guard current == "-", at + 1 < pattern.count, pattern[at + 1] != "]", case .one(let first) = low else {
                tests.append(low)
                continue
            }
            at += 1
            let written = pattern[at]
            at += 1
            guard case .one(let last) = written == "\\" ? try escapedCharacter() : .one(folded(written)), first <= last else {
                throw refusal("a range in `[…]` runs backwards")
            }
            tests.append(.range(first, last))
        }
        guard current == "]" else { throw refusal("a `[` is not closed") }
        at += 1
        return .among(tests, negated: negated)
    }

    private func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        guard ignoresCase, scalar.properties.lowercaseMapping.unicodeScalars.count == 1 else { return scalar }
        return scalar.properties.lowercaseMapping.unicodeScalars.first ?? scalar
    }

    /// The same steps at another place.
    private func moved(_ steps: [Step], by distance: Int) -> [Step] {
        steps.map { step in
            switch step {
            case .jump(let target): .jump(target + distance)
            case .split(let one, let other): .split(one + distance, other + distance)
            default: step
            }
        }
    }
}
