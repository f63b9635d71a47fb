import Filters
import SQL

/// Conditions that are joined by AND, with their bindings in order. Values and keys are always bound, never written into the text.
///
/// Every clause is true or false, never NULL, so that NOT gives the runs that AND leaves out: a column that may be NULL is compared through
/// `compareNullable`.
struct FilterSQL {
    private(set) var clauses: [String] = []
    private(set) var bindings: [SQLValue] = []

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
                let inner = FilterSQL.part(part, compile)
                texts.append("(\(inner.text))")
                values += inner.bindings
            }
            add(parts.isEmpty ? "1 = 0" : "(\(texts.joined(separator: " OR ")))", values)
        case .not(let part):
            let inner = FilterSQL.part(part, compile)
            add("NOT (\(inner.text))", inner.bindings)
        }
    }

    private static func part<Leaf>(_ tree: FilterTree<Leaf>, _ compile: (Leaf, inout FilterSQL) -> Void) -> FilterSQL {
        var sql = FilterSQL()
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

    /// A condition on a table of keys and values, for example tags. `!=` needs the key to be there; IS NULL means that it is not.
    /// A comparison with a number reads `numbers`, the column of values that are numbers: a value that is none matches no such comparison.
    mutating func keyed(
        _ column: String, in table: String, owner: String, key: String, comparator: FilterComparator, value: FilterLiteral,
        numbers: String = "number"
    ) {
        let select = "SELECT \(owner) FROM \(table) WHERE key = ?"
        switch comparator {
        case .isNull: add("\(column) NOT IN (\(select))", [.text(key)])
        case .isNotNull: add("\(column) IN (\(select))", [.text(key)])
        default:
            let (clause, values) = FilterSQL.comparison(value.isNumeric ? numbers : "value", comparator, value)
            add("\(column) IN (\(select) AND \(clause))", [.text(key)] + values)
        }
    }

    /// A condition on metric values that are kept as (is_nan, value): NaN matches only `!=`, `NOT IN` and `NOT BETWEEN`. IS NULL means that
    /// the metric is not there.
    mutating func metric(
        _ column: String, in table: String, owner: String, key: String, comparator: FilterComparator, value: FilterLiteral,
        extra: (clause: String, bindings: [SQLValue])? = nil
    ) {
        var condition = ""
        var values: [SQLValue] = []
        if comparator != .isNull, comparator != .isNotNull {
            let (clause, bindings) = FilterSQL.comparison("value", comparator, value)
            condition = comparator.isNegative ? " AND (is_nan = 1 OR \(clause))" : " AND is_nan = 0 AND \(clause)"
            values = bindings
        }
        let more = extra.map { " AND (\($0.clause))" } ?? ""
        add(
            "\(column) \(comparator == .isNull ? "NOT IN" : "IN") (SELECT \(owner) FROM \(table) WHERE key = ?\(condition)\(more))",
            [.text(key)] + values + (extra?.bindings ?? []))
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
