import Filters
import SQL

/// Conditions that are joined by AND, with their bindings in order. Values and keys are always bound, never written into the text.
struct FilterSQL {
    private(set) var clauses: [String] = []
    private(set) var bindings: [SQLValue] = []

    var text: String { clauses.isEmpty ? "1" : clauses.joined(separator: " AND ") }

    mutating func add(_ clause: String, _ bindings: [SQLValue] = []) {
        clauses.append(clause)
        self.bindings += bindings
    }

    /// Walks the tree; `compile` adds one leaf.
    mutating func add<Leaf>(_ tree: FilterTree<Leaf>, compile: (Leaf, inout FilterSQL) -> Void) {
        switch tree {
        case .leaf(let leaf): compile(leaf, &self)
        case .all(let parts): for part in parts { add(part, compile: compile) }
        }
    }

    mutating func isOneOf(_ column: String, _ values: [SQLValue]) {
        add("\(column) IN (\(Array(repeating: "?", count: values.count).joined(separator: ", ")))", values)
    }

    /// `column comparator value`. LIKE is case-sensitive by the connections' pragma; ILIKE folds ASCII on both sides.
    mutating func compare(_ column: String, _ comparator: FilterComparator, _ value: FilterLiteral) {
        let (clause, bindings) = FilterSQL.comparison(column, comparator, value)
        add(clause, bindings)
    }

    static func comparison(_ column: String, _ comparator: FilterComparator, _ value: FilterLiteral) -> (String, [SQLValue]) {
        switch comparator {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
            return ("\(column) \(comparator.rawValue) ?", [scalar(value)])
        case .like: return ("\(column) LIKE ?", [scalar(value)])
        case .ilike: return ("lower(\(column)) LIKE lower(?)", [scalar(value)])
        case .isIn, .notIn:
            guard case .list(let items) = value else { return ("0", []) }
            let marks = Array(repeating: "?", count: items.count).joined(separator: ", ")
            return ("\(column) \(comparator.rawValue) (\(marks))", items.map(SQLValue.text))
        case .isNull: return ("\(column) IS NULL", [])
        case .isNotNull: return ("\(column) IS NOT NULL", [])
        }
    }

    /// A condition on a table of keys and values, for example tags. `!=` needs the key to be there; IS NULL means that it is not.
    mutating func keyed(
        _ column: String, in table: String, owner: String, key: String, comparator: FilterComparator, value: FilterLiteral
    ) {
        let select = "SELECT \(owner) FROM \(table) WHERE key = ?"
        switch comparator {
        case .isNull: add("\(column) NOT IN (\(select))", [.text(key)])
        case .isNotNull: add("\(column) IN (\(select))", [.text(key)])
        default:
            let (clause, values) = FilterSQL.comparison("value", comparator, value)
            add("\(column) IN (\(select) AND \(clause))", [.text(key)] + values)
        }
    }

    /// A condition on metric values that are kept as (is_nan, value): NaN matches only `!=`.
    mutating func metric(
        _ column: String, in table: String, owner: String, key: String, comparator: FilterComparator, value: FilterLiteral,
        extra: (clause: String, bindings: [SQLValue])? = nil
    ) {
        let (clause, values) = FilterSQL.comparison("value", comparator, value)
        let condition = comparator == .notEqual ? "(is_nan = 1 OR \(clause))" : "is_nan = 0 AND \(clause)"
        let more = extra.map { " AND (\($0.clause))" } ?? ""
        add(
            "\(column) IN (SELECT \(owner) FROM \(table) WHERE key = ? AND \(condition)\(more))",
            [.text(key)] + values + (extra?.bindings ?? []))
    }

    private static func scalar(_ value: FilterLiteral) -> SQLValue {
        switch value {
        case .text(let text): .text(text)
        case .number(let number, let written): Int64(written).map(SQLValue.int) ?? .double(number)
        case .none, .list: .null
        }
    }
}
