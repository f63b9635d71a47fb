/// A condition on records: comparisons, joined. Stores walk the tree and compile it to their query language.
package indirect enum FilterTree<Leaf: Sendable>: Sendable {
    case leaf(Leaf)
    /// True when every part is true; the empty list is always true.
    case all([FilterTree])
    /// True when one part at least is true; the empty list is never true.
    case any([FilterTree])
    /// True when the part is false. A comparison with something that is missing is false, so its negation is true.
    case not(FilterTree)

    /// The same tree with each leaf translated, for example from text to the columns of one kind of record.
    package func map<Other>(_ translate: (Leaf) throws -> Other) rethrows -> FilterTree<Other> {
        switch self {
        case .leaf(let leaf): .leaf(try translate(leaf))
        case .all(let parts): .all(try parts.map { try $0.map(translate) })
        case .any(let parts): .any(try parts.map { try $0.map(translate) })
        case .not(let part): .not(try part.map(translate))
        }
    }

    /// Every leaf, left to right.
    package var leaves: [Leaf] {
        switch self {
        case .leaf(let leaf): [leaf]
        case .all(let parts), .any(let parts): parts.flatMap(\.leaves)
        case .not(let part): part.leaves
        }
    }

    /// Whether the condition holds, given which leaves do: what a store's query language must agree with.
    package func holds(_ leaf: (Leaf) throws -> Bool) rethrows -> Bool {
        switch self {
        case .leaf(let value): try leaf(value)
        case .all(let parts): try parts.allSatisfy { try $0.holds(leaf) }
        case .any(let parts): try parts.contains { try $0.holds(leaf) }
        case .not(let part): try !part.holds(leaf)
        }
    }

    package static var everything: FilterTree { .all([]) }
}

extension FilterTree: Equatable where Leaf: Equatable {}

/// One comparison as written: `entity.key operator value`.
package struct FilterComparison: Sendable, Equatable {
    package var field: FilterField
    package var comparator: FilterComparator
    package var value: FilterLiteral

    package init(field: FilterField, comparator: FilterComparator, value: FilterLiteral) {
        self.field = field
        self.comparator = comparator
        self.value = value
    }
}

/// The left side: `params.depth` is entity `params` with key `depth`; `status` alone has no entity.
package struct FilterField: Sendable, Hashable {
    package var entity: String?
    package var key: String

    package init(entity: String?, key: String) {
        self.entity = entity
        self.key = key
    }
}

/// How the two sides of a comparison relate; raw values are as written.
package enum FilterComparator: String, Sendable, CaseIterable {
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case like = "LIKE"
    case ilike = "ILIKE"
    /// Matches a regular expression somewhere (`TextPattern`).
    case rlike = "RLIKE"
    case isIn = "IN"
    case notIn = "NOT IN"
    /// Between two numbers, both included.
    case between = "BETWEEN"
    case notBetween = "NOT BETWEEN"
    case isNull = "IS NULL"
    case isNotNull = "IS NOT NULL"

    /// The six that compare by order.
    package static let numeric: Set<FilterComparator> = [.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual]

    /// True for `!=` and the two with NOT: what is no number (NaN) differs from every number and lies in no list and no range.
    package var isNegative: Bool { self == .notEqual || self == .notIn || self == .notBetween }
}

/// The right side.
package enum FilterLiteral: Sendable, Equatable {
    /// After `IS NULL` and `IS NOT NULL`.
    case none
    case text(String)
    case number(Double, written: String)
    case list([String])
    /// `(1, 2.5)`; not empty.
    case numbers([Double])
    /// After BETWEEN: both ends belong to it.
    case range(Double, Double)

    /// As the caller wrote it, for messages.
    package var written: String {
        switch self {
        case .none: ""
        case .text(let text): "'\(text)'"
        case .number(_, let written): written
        case .list(let items): "(" + items.map { "'\($0)'" }.joined(separator: ", ") + ")"
        case .numbers(let items): "(" + items.map(FilterLiteral.written).joined(separator: ", ") + ")"
        case .range(let low, let high): "\(FilterLiteral.written(low)) AND \(FilterLiteral.written(high))"
        }
    }

    /// True for a number, a list of numbers and a range.
    package var isNumeric: Bool {
        switch self {
        case .number, .numbers, .range: true
        case .none, .text, .list: false
        }
    }

    /// A whole number without its `.0`.
    private static func written(_ number: Double) -> String { Int64(exactly: number).map(String.init) ?? String(number) }
}

/// One sort key as written: `metrics.accuracy DESC`.
package struct FilterOrdering: Sendable, Equatable {
    package var field: FilterField
    package var ascending: Bool

    package init(field: FilterField, ascending: Bool) {
        self.field = field
        self.ascending = ascending
    }
}
