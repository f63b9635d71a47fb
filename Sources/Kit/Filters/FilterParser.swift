import Errors

/// Reads filter strings and sort keys: `metrics.accuracy > 0.9 AND params."max depth" = '5'`, `metrics.accuracy DESC`.
///
/// MLflow joins comparisons by AND only. Here OR, NOT and parentheses join them too (NOT binds strongest, then AND, then OR), and BETWEEN
/// and lists of numbers are read. Everything else is refused with the words of the MLflow server, which clients match.
package enum FilterParser {
    /// At most this many comparisons in one filter.
    package static let comparisonsMax = 100
    /// Parentheses and NOTs inside one another.
    package static let depthMax = 32

    /// - Throws: `invalid_argument` naming the clause that could not be read.
    package static func parse(_ text: String?) throws -> FilterTree<FilterComparison> {
        guard let text else { return .everything }
        let tokens = try FilterLexer.tokens(of: text)
        guard !tokens.isEmpty else { return .everything }
        var reader = FilterReader(tokens: tokens)
        let tree = try reader.tree()
        guard reader.comparisons <= comparisonsMax else {
            throw JidokaError.invalidArgument("the filter has more than \(comparisonsMax) comparisons", hint: "split the search")
        }
        return tree
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
}
