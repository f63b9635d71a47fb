import Errors

/// A regular expression that is searched for in time proportional to text × pattern, whatever either holds: no pattern of a caller can
/// keep a thread busy.
///
/// Known are literals, `.`, classes (`[a-z]`, `[^…]`), `\d \w \s \b` and their opposites, `^ $`, groups (`(…)`, `(?:…)`), `|`, and the
/// quantifiers `* + ? {m} {m,} {m,n}` (lazy ones match the same texts), and `(?i)` at the start. Back-references and look-around are not
/// regular and are refused. It is run as a set of states, one character at a time (Thompson 1968; Cox, "Regular Expression Matching
/// Can Be Simple And Fast", 2007).
package struct TextPattern: Sendable {
    private let program: [Step]
    private let ignoresCase: Bool

    /// Steps of one program: counted repetitions are written out.
    static let stepsMax = 5_000

    enum Step: Sendable, Equatable {
        case match
        case character(CharacterTest)
        case jump(Int)
        /// Both ways.
        case split(Int, Int)
        case start, end
        /// Between a word's character and another; false: not there.
        case boundary(Bool)
    }

    /// - Throws: `invalid_argument` saying what is wrong with it.
    package init(_ text: String) throws {
        var pattern = Array(text.unicodeScalars)
        ignoresCase = text.hasPrefix("(?i)")
        if ignoresCase { pattern.removeFirst(4) }
        var compiler = TextPatternCompiler(pattern, ignoresCase: ignoresCase)
        program = try compiler.program()
    }

    /// Whether it matches anywhere in the text.
    package func isFound(in text: String) -> Bool {
        var current = StateSet(program.count)
        var next = StateSet(program.count)
        var previous: Unicode.Scalar?
        var scalars = text.unicodeScalars.makeIterator()
        var scalar = scalars.next().map(folded)
        while true {
            // A match may begin at every place.
            if add(0, to: &current, before: previous, after: scalar) { return true }
            guard let here = scalar else { return false }
            let following = scalars.next().map(folded)
            next.clear()
            for state in current.states {
                guard case .character(let test) = program[state], test.matches(here) else { continue }
                if add(state + 1, to: &next, before: here, after: following) { return true }
            }
            swap(&current, &next)
            previous = here
            scalar = following
        }
    }

    private func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        guard ignoresCase, scalar.properties.lowercaseMapping.unicodeScalars.count == 1 else { return scalar }
        return scalar.properties.lowercaseMapping.unicodeScalars.first ?? scalar
    }

    /// Adds a state and all that are reached from it without a character; true when the match is among them.
    private func add(_ first: Int, to set: inout StateSet, before: Unicode.Scalar?, after: Unicode.Scalar?) -> Bool {
        var open = [first]
        while let state = open.popLast() {
            if !set.insert(state) { continue }
            switch program[state] {
            case .match: return true
            case .character: continue
            case .jump(let target): open.append(target)
            case .split(let one, let other):
                open.append(other)
                open.append(one)
            case .start: if before == nil { open.append(state + 1) }
            case .end: if after == nil { open.append(state + 1) }
            case .boundary(let wanted):
                let there = before.map(CharacterTest.isWord) ?? false
                let here = after.map(CharacterTest.isWord) ?? false
                if (there != here) == wanted { open.append(state + 1) }
            }
        }
        return false
    }

    /// States in the order in which they were added; each once.
    private struct StateSet {
        var states: [Int] = []
        private var marks: [Bool]

        init(_ count: Int) { marks = Array(repeating: false, count: count) }

        mutating func insert(_ state: Int) -> Bool {
            if marks[state] { return false }
            marks[state] = true
            states.append(state)
            return true
        }

        mutating func clear() {
            for state in states { marks[state] = false }
            states.removeAll(keepingCapacity: true)
        }
    }
}

/// What one character of a text may be.
enum CharacterTest: Sendable, Equatable {
    case any
    case one(Unicode.Scalar)
    case digit(Bool)
    case word(Bool)
    case space(Bool)
    case range(Unicode.Scalar, Unicode.Scalar)
    indirect case among([CharacterTest], negated: Bool)

    func matches(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .any: scalar != "\n"
        case .one(let wanted): scalar == wanted
        case .digit(let wanted): (scalar.properties.generalCategory == .decimalNumber) == wanted
        case .word(let wanted): CharacterTest.isWord(scalar) == wanted
        case .space(let wanted): scalar.properties.isWhitespace == wanted
        case .range(let low, let high): low <= scalar && scalar <= high
        case .among(let tests, let negated): tests.contains { $0.matches(scalar) } != negated
        }
    }

    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.generalCategory == .decimalNumber
    }
}
