import Filters
import SQL

/// Rows of a table of keys and values, for example tags, that one condition of a filter names.
struct KeyedRows: Sendable {
    let table: String
    /// The column that says whose row it is.
    let owner: String
    /// What follows WHERE; `bindings` are its.
    let condition: String
    let bindings: [SQLValue]
    /// The condition holds for records that have no such row.
    let isAbsence: Bool
    /// An index by (key, value) holds the rows side by side, so that the first few are found without reading others.
    let isRange: Bool

    /// A condition on texts. `!=` needs the key to be there; IS NULL means that it is not. A comparison with a number reads `numbers`, the
    /// column of values that are numbers: a value that is none matches no such comparison.
    init(in table: String, owner: String, key: String, _ comparator: FilterComparator, _ value: FilterLiteral, numbers: String = "number") {
        self.init(table, owner, key, comparator) {
            let (clause, bindings) = FilterSQL.comparison(value.isNumeric ? numbers : "value", comparator, value)
            return (" AND \(clause)", bindings)
        }
    }

    /// A condition on metric values that are kept as (is_nan, value): NaN matches only `!=`, `NOT IN` and `NOT BETWEEN`. IS NULL means that
    /// the metric is not there.
    init(
        metricsIn table: String, owner: String, key: String, _ comparator: FilterComparator, _ value: FilterLiteral,
        extra: (clause: String, bindings: [SQLValue])? = nil
    ) {
        self.init(table, owner, key, comparator, extra) {
            let (clause, bindings) = FilterSQL.comparison("value", comparator, value)
            return (comparator.isNegative ? " AND (is_nan = 1 OR \(clause))" : " AND is_nan = 0 AND \(clause)", bindings)
        }
    }

    private init(
        _ table: String, _ owner: String, _ key: String, _ comparator: FilterComparator,
        _ extra: (clause: String, bindings: [SQLValue])? = nil, _ compared: () -> (String, [SQLValue])
    ) {
        let isNullTest = comparator == .isNull || comparator == .isNotNull
        let (clause, values) = isNullTest ? ("", []) : compared()
        self.table = table
        self.owner = owner
        condition = "key = ?" + clause + (extra.map { " AND (\($0.clause))" } ?? "")
        bindings = [.text(key)] + values + (extra?.bindings ?? [])
        isAbsence = comparator == .isNull
        isRange = KeyedRows.ranges.contains(comparator) && extra == nil
    }

    private static let ranges: Set<FilterComparator> = [
        .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .isIn, .between, .isNotNull,
    ]

    /// Whether the record of `column` is among those of the rows.
    func membership(of column: String) -> String {
        "\(column) \(isAbsence ? "NOT IN" : "IN") (SELECT \(owner) FROM \(table) WHERE \(condition))"
    }

    /// The same by looking up the record's own row.
    func lookup(of column: String) -> String {
        "\(isAbsence ? "NOT EXISTS" : "EXISTS") (SELECT 1 FROM \(table) WHERE \(owner) = \(column) AND \(condition))"
    }
}
