/// A condition on records: comparisons, joined. Stores walk the tree and compile it to their query language.
package indirect enum FilterTree<Leaf: Sendable>: Sendable {
    case leaf(Leaf)
    /// True when every part is true; the empty list is always true.
    case all([FilterTree])

    /// The same tree with each leaf translated, for example from text to the columns of one kind of record.
    package func map<Other>(_ translate: (Leaf) throws -> Other) rethrows -> FilterTree<Other> {
        switch self {
        case .leaf(let leaf): .leaf(try translate(leaf))
        case .all(let parts): .all(try parts.map { try $0.map(translate) })
        }
    }

    /// Every leaf, left to right.
    package var leaves: [Leaf] {
        switch self {
        case .leaf(let leaf): [leaf]
        case .all(let parts): parts.flatMap(\.leaves)
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
    case isIn = "IN"
    case notIn = "NOT IN"
    case isNull = "IS NULL"
    case isNotNull = "IS NOT NULL"

    /// The six that compare by order.
    package static let numeric: Set<FilterComparator> = [.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual]
}

/// The right side.
package enum FilterLiteral: Sendable, Equatable {
    /// After `IS NULL` and `IS NOT NULL`.
    case none
    case text(String)
    case number(Double, written: String)
    case list([String])

    /// As the caller wrote it, for messages.
    package var written: String {
        switch self {
        case .none: ""
        case .text(let text): "'\(text)'"
        case .number(_, let written): written
        case .list(let items): "(" + items.map { "'\($0)'" }.joined(separator: ", ") + ")"
        }
    }
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
