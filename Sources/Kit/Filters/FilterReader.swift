import Errors

/// Reads tokens into a tree by recursive descent:
///
///     either     = both { OR both }
///     both       = single { AND single }
///     single     = NOT single | "(" either ")" | comparison
///     comparison = field comparator value
struct FilterReader {
    private let tokens: [FilterLexer.Token]
    private var at = 0
    private(set) var comparisons = 0

    init(tokens: [FilterLexer.Token]) { self.tokens = tokens }

    /// All tokens as one condition.
    mutating func tree() throws -> FilterTree<FilterComparison> {
        let tree = try either(depth: 0)
        guard let left = current else { return tree }
        throw invalid(left.written)
    }

    private var current: FilterLexer.Token? { at < tokens.count ? tokens[at] : nil }

    private func keyword(_ offset: Int = 0) -> String? {
        guard at + offset < tokens.count, case .word(let word) = tokens[at + offset] else { return nil }
        return word.uppercased()
    }

    private func invalid(_ written: String) -> JidokaError { .invalidArgument("Invalid clause(s) in filter string: '\(written)'") }

    /// Takes a word that must be followed by something. False when another one stands here.
    private mutating func take(_ word: String) throws -> Bool {
        guard keyword() == word, let token = current else { return false }
        at += 1
        guard at < tokens.count else { throw invalid(token.written) }
        return true
    }

    private mutating func either(depth: Int) throws -> FilterTree<FilterComparison> {
        var parts = [try both(depth: depth)]
        while try take("OR") { parts.append(try both(depth: depth)) }
        return parts.count == 1 ? parts[0] : .any(parts)
    }

    private mutating func both(depth: Int) throws -> FilterTree<FilterComparison> {
        var parts = [try single(depth: depth)]
        while try take("AND") { parts.append(try single(depth: depth)) }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func single(depth: Int) throws -> FilterTree<FilterComparison> {
        guard depth <= FilterParser.depthMax else {
            throw JidokaError.invalidArgument(
                "the filter nests deeper than \(FilterParser.depthMax) levels", hint: "leave out parentheses that do nothing")
        }
        if try take("NOT") { return .not(try single(depth: depth + 1)) }
        guard case .mark("(") = current else { return .leaf(try comparison()) }
        at += 1
        guard at < tokens.count else { throw invalid("(") }
        let inner = try either(depth: depth + 1)
        guard case .mark(")") = current else { throw invalid(current?.written ?? "(") }
        at += 1
        return inner
    }

    private mutating func comparison() throws -> FilterComparison {
        let start = at
        let field = try self.field()
        guard let comparator = comparator() else { throw invalid(tokens[start].written) }
        comparisons += 1
        switch comparator {
        case .isNull, .isNotNull: return FilterComparison(field: field, comparator: comparator, value: .none)
        case .between, .notBetween: return FilterComparison(field: field, comparator: comparator, value: try range(comparator))
        default: return FilterComparison(field: field, comparator: comparator, value: try value())
        }
    }

    private mutating func value() throws -> FilterLiteral {
        guard let token = current else { throw JidokaError.invalidArgument("Invalid comparison clause. Expected 3 tokens found 2") }
        at += 1
        switch token {
        case .text(let text): return .text(text)
        case .number(let number, let written): return .number(number, written: written)
        case .mark("("): return try list()
        default: throw JidokaError.invalidArgument("Invalid comparison clause. Expected value token found '\(token.written)'")
        }
    }

    private mutating func field() throws -> FilterField {
        guard let token = current else { throw invalid("") }
        switch token {
        case .field(let field, _):
            at += 1
            return field
        case .word(let word) where !["AND", "OR", "NOT"].contains(word.uppercased()):
            at += 1
            // `Run name = 'x'`: the one attribute that is written with a space.
            if word.lowercased() == "run", let next = keyword(), next == "NAME" {
                at += 1
                return FilterField(entity: nil, key: "run name")
            }
            return FilterField(entity: nil, key: word)
        case .text(let text):
            at += 1
            return FilterField(entity: nil, key: text)
        default: throw invalid(token.written)
        }
    }

    /// The comparator, in symbols or words; nil when there is none.
    private mutating func comparator() -> FilterComparator? {
        if case .comparator(let comparator) = current {
            at += 1
            return comparator
        }
        for length in [3, 2, 1] {
            let words = (0..<length).compactMap { keyword($0) }
            guard words.count == length, let found = FilterComparator(rawValue: words.joined(separator: " ")) else { continue }
            at += length
            return found
        }
        return nil
    }

    /// `1 AND 2.5` after BETWEEN.
    private mutating func range(_ comparator: FilterComparator) throws -> FilterLiteral {
        guard at + 2 < tokens.count, case .number(let low, _) = tokens[at], keyword(1) == "AND",
            case .number(let high, _) = tokens[at + 2]
        else {
            throw JidokaError.invalidArgument(
                "\(comparator.rawValue) takes two numbers", hint: "write it as `metrics.loss \(comparator.rawValue) 0.1 AND 0.5`")
        }
        at += 3
        return .range(low, high)
    }

    /// `'a', 'b')` or `1, 2)`; the opening parenthesis is read already.
    private mutating func list() throws -> FilterLiteral {
        var texts: [String] = []
        var numbers: [Double] = []
        while let token = current {
            at += 1
            switch token {
            case .text(let text) where numbers.isEmpty: texts.append(text)
            case .number(let number, _) where texts.isEmpty: numbers.append(number)
            default: throw FilterReader.mixedList(token.written)
            }
            if case .mark(",") = current {
                at += 1
            } else if case .mark(")") = current {
                at += 1
                return numbers.isEmpty ? .list(texts) : .numbers(numbers)
            } else {
                break
            }
        }
        throw invalid("(")
    }

    static func mixedList(_ written: String) -> JidokaError {
        .invalidArgument(
            """
            While parsing a list in the query, expected string value, punctuation, or whitespace, \
            but got different type in list: \(written)
            """
        )
    }
}
