import Filters
import SQL

/// Conditions that are joined by AND, with their bindings in order. Values and keys are always bound, never written into the text.
///
/// Every clause is true or false, never NULL, so that NOT gives the runs that AND leaves out: a column that may be NULL is compared through
/// `compareNullable`.
struct FilterSQL {
    /// How conditions on keys and values are written. The answer is the same; what is fast depends on how many records are looked at.
    enum Form: Sendable {
        /// The records of all matching rows are collected first: for a search that looks at most records.
        case sets
        /// Each record's own row is looked up: for a search that looks at few records, found in another way.
        case lookups
    }

    let form: Form
    private(set) var clauses: [String] = []
    private(set) var bindings: [SQLValue] = []

    init(_ form: Form = .sets) { self.form = form }

    var text: String { clauses.isEmpty ? "1 = 1" : clauses.joined(separator: " AND ") }

    mutating func add(_ clause: String, _ bindings: [SQLValue] = []) {
        clauses.append(clause)
        self.bindings += bindings
    }

    /// Walks the tree; `compile` adds one leaf.
    mutating func add<Leaf>(_ tree: FilterTree<Leaf>, compile: (Leaf, inout FilterSQL) -> Void) {
        switch tree {
        case .leaf(let leaf): compile(leaf, &self)
        case .all(let parts): for part in parts { add(part, compile: compile) }
        case .any(let parts):
            var texts: [String] = []
            var values: [SQLValue] = []
            for part in parts {
                let inner = self.part(part, compile)
                texts.append("(\(inner.text))")
                values += inner.bindings
            }
            add(parts.isEmpty ? "1 = 0" : "(\(texts.joined(separator: " OR ")))", values)
        case .not(let part):
            let inner = self.part(part, compile)
            add("NOT (\(inner.text))", inner.bindings)
        }
    }

    private func part<Leaf>(_ tree: FilterTree<Leaf>, _ compile: (Leaf, inout FilterSQL) -> Void) -> FilterSQL {
        var sql = FilterSQL(form)
        sql.add(tree, compile: compile)
        return sql
    }

    mutating func isOneOf(_ column: String, _ values: [SQLValue]) {
        add("\(column) IN (\(Array(repeating: "?", count: values.count).joined(separator: ", ")))", values)
    }

    /// `column comparator value`. LIKE tells upper from lower case; ILIKE folds ASCII on both sides.
    mutating func compare(_ column: String, _ comparator: FilterComparator, _ value: FilterLiteral) {
        let (clause, bindings) = FilterSQL.comparison(column, comparator, value)
        add(clause, bindings)
    }

    /// The same for a column that may be NULL, which then matches `IS NULL` only.
    mutating func compareNullable(_ column: String, _ comparator: FilterComparator, _ value: FilterLiteral) {
        let (clause, bindings) = FilterSQL.comparison(column, comparator, value)
        let isNullTest = comparator == .isNull || comparator == .isNotNull
        add(isNullTest ? clause : "(\(column) IS NOT NULL AND \(clause))", bindings)
    }

    static func comparison(_ column: String, _ comparator: FilterComparator, _ value: FilterLiteral) -> (String, [SQLValue]) {
        switch comparator {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
            return ("\(column) \(comparator.rawValue) ?", [scalar(value)])
        case .like: return ("\(column) LIKE ?", [scalar(value)])
        case .ilike: return ("lower(\(column)) LIKE ?", [folded(value)])
        // `TextPattern` on SQLite, the engine's own expressions on PostgreSQL.
        case .rlike: return ("\(column) REGEXP ?", [scalar(value)])
        case .isIn, .notIn:
            let items = list(value)
            if items.isEmpty { return (comparator == .isIn ? "1 = 0" : "1 = 1", []) }
            let marks = Array(repeating: "?", count: items.count).joined(separator: ", ")
            return ("\(column) \(comparator.rawValue) (\(marks))", items)
        case .between, .notBetween:
            guard case .range(let low, let high) = value else { return ("1 = 0", []) }
            return ("\(column) \(comparator.rawValue) ? AND ?", [number(low), number(high)])
        case .isNull: return ("\(column) IS NULL", [])
        case .isNotNull: return ("\(column) IS NOT NULL", [])
        }
    }

    /// A condition on the keys and values that belong to the record of `column`, written as `form` says.
    mutating func add(_ rows: KeyedRows, of column: String) {
        switch form {
        case .sets: add(rows.membership(of: column), rows.bindings)
        case .lookups: add(rows.lookup(of: column), rows.bindings)
        }
    }

    /// The ASCII letters in lower case: a column's order makes `lower` do the same to it, a binding has none.
    private static func folded(_ value: FilterLiteral) -> SQLValue {
        guard case .text(let text) = scalar(value) else { return scalar(value) }
        return .text(String(decoding: text.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }, as: UTF8.self))
    }

    private static func scalar(_ value: FilterLiteral) -> SQLValue {
        switch value {
        case .text(let text): .text(text)
        case .number(let number, let written): Int64(written).map(SQLValue.int) ?? .double(number)
        case .none, .list, .numbers, .range: .null
        }
    }

    private static func list(_ value: FilterLiteral) -> [SQLValue] {
        switch value {
        case .list(let items): items.map(SQLValue.text)
        case .numbers(let items): items.map(number)
        case .none, .text, .number, .range: []
        }
    }

    private static func number(_ value: Double) -> SQLValue { Int64(exactly: value).map(SQLValue.int) ?? .double(value) }
}
