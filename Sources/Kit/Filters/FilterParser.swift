import Errors

/// Reads filter strings and sort keys: `metrics.accuracy > 0.9 AND params."max depth" = '5'`, `metrics.accuracy DESC`.
///
/// Comparisons are joined by AND only; everything else is refused with the words of the MLflow server, which clients match.
package enum FilterParser {
    /// At most this many comparisons in one filter.
    package static let comparisonsMax = 100

    /// - Throws: `invalid_argument` naming the clause that could not be read.
    package static func parse(_ text: String?) throws -> FilterTree<FilterComparison> {
        guard let text else { return .everything }
        let tokens = try FilterLexer.tokens(of: text)
        var reader = Reader(tokens: tokens)
        var comparisons: [FilterTree<FilterComparison>] = []
        while !reader.isAtEnd {
            if !comparisons.isEmpty { try reader.and() }
            comparisons.append(.leaf(try reader.comparison()))
        }
        guard comparisons.count <= comparisonsMax else {
            throw JidokaError.invalidArgument("the filter has more than \(comparisonsMax) comparisons", hint: "split the search")
        }
        return .all(comparisons)
    }

    /// - Throws: `invalid_argument` when the direction is neither ASC nor DESC or more follows.
    package static func ordering(_ text: String) throws -> FilterOrdering {
        let tokens = try FilterLexer.tokens(of: text)
        guard let first = tokens.first, tokens.count <= 2 else {
            throw JidokaError.invalidArgument("Invalid order_by clause '\(text)'. Could not be parsed.")
        }
        let field: FilterField =
            switch first {
            case .field(let field, _): field
            case .word(let word): FilterField(entity: nil, key: word)
            case .text(let text): FilterField(entity: nil, key: text)
            default: throw JidokaError.invalidArgument("Invalid order_by clause '\(text)'. Could not be parsed.")
            }
        guard tokens.count == 2 else { return FilterOrdering(field: field, ascending: true) }
        guard case .word(let direction) = tokens[1], ["ASC", "DESC"].contains(direction.uppercased()) else {
            throw JidokaError.invalidArgument("Invalid ordering key in order_by clause '\(text)'.")
        }
        return FilterOrdering(field: field, ascending: direction.uppercased() == "ASC")
    }

    private struct Reader {
        let tokens: [FilterLexer.Token]
        var at = 0

        init(tokens: [FilterLexer.Token]) { self.tokens = tokens }

        var isAtEnd: Bool { at >= tokens.count }

        private var current: FilterLexer.Token? { at < tokens.count ? tokens[at] : nil }

        private func keyword(_ offset: Int = 0) -> String? {
            guard at + offset < tokens.count, case .word(let word) = tokens[at + offset] else { return nil }
            return word.uppercased()
        }

        private func invalid(_ written: String) -> JidokaError { .invalidArgument("Invalid clause(s) in filter string: '\(written)'") }

        mutating func and() throws {
            guard keyword() == "AND", at + 1 < tokens.count else { throw invalid(current?.written ?? "") }
            at += 1
        }

        mutating func comparison() throws -> FilterComparison {
            let start = at
            let field = try self.field()
            guard let comparator = comparator() else { throw invalid(tokens[start].written) }
            if comparator == .isNull || comparator == .isNotNull {
                return FilterComparison(field: field, comparator: comparator, value: .none)
            }
            guard let token = current else {
                throw JidokaError.invalidArgument("Invalid comparison clause. Expected 3 tokens found 2")
            }
            at += 1
            let value: FilterLiteral =
                switch token {
                case .text(let text): .text(text)
                case .number(let number, let written): .number(number, written: written)
                case .mark("("): .list(try list())
                default: throw JidokaError.invalidArgument("Invalid comparison clause. Expected value token found '\(token.written)'")
                }
            return FilterComparison(field: field, comparator: comparator, value: value)
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

        /// `'a', 'b')`; the opening parenthesis is read already.
        private mutating func list() throws -> [String] {
            var items: [String] = []
            while let token = current {
                at += 1
                guard case .text(let text) = token else {
                    throw JidokaError.invalidArgument(
                        """
                        While parsing a list in the query, expected string value, punctuation, or whitespace, \
                        but got different type in list: \(token.written)
                        """
                    )
                }
                items.append(text)
                if case .mark(",") = current {
                    at += 1
                } else if case .mark(")") = current {
                    at += 1
                    return items
                } else {
                    break
                }
            }
            throw invalid("(")
        }
    }
}
