import Columns
import Datasets
import Errors
import JSON

/// One expectation as SQL aggregates, and the judgement on their values.
struct ExpectationPlan {
    let expectation: Expectation
    /// Nil for expectations on the whole file, and where the column is missing.
    private let field: ColumnSchema?
    private let columnIsMissing: Bool
    /// Figures of the one scan.
    let aggregates: [String]
    /// True for the rows that miss a row-level expectation.
    let unexpected: String?

    init(_ expectation: Expectation, _ source: SourceTable) {
        self.expectation = expectation
        field = expectation.column.flatMap { source.field($0) }
        columnIsMissing = expectation.column != nil && field == nil
        let condition = field.flatMap { ExpectationPlan.unexpected(expectation, $0, source) }
        unexpected = condition
        guard let field else {
            aggregates = []
            return
        }
        if let condition {
            // `unique` looks for repeated values in a query of its own; all others are counted in the one scan.
            let present = expectation.rule == .notNull ? "count(*)" : "count(*) FILTER (\(field.presentSQL))"
            let count =
                expectation.rule == .unique
                ? "(SELECT count(*) FROM \(source.relation) WHERE \(condition))" : "count(*) FILTER (\(condition))"
            aggregates = [present, count]
        } else {
            aggregates = ExpectationPlan.figures(expectation.rule, field)
        }
    }

    private static func unexpected(_ expectation: Expectation, _ field: ColumnSchema, _ source: SourceTable) -> String? {
        let present = field.presentSQL
        switch expectation.rule {
        case .notNull: return "NOT \(present)"
        case .unique:
            let repeated = "SELECT \(field.sql) FROM \(source.relation) WHERE \(present) GROUP BY \(field.sql) HAVING count(*) > 1"
            return "\(present) AND \(field.sql) IN (\(repeated))"
        case .between(let interval):
            let number = field.numberSQL
            let below = interval.min.map { " OR \(number) < \(literal($0))" } ?? ""
            let above = interval.max.map { " OR \(number) > \(literal($0))" } ?? ""
            return "\(present) AND (\(number) IS NULL\(below)\(above))"
        case .inSet(let members):
            return "\(present) AND NOT coalesce(\(membership(members, field)), FALSE)"
        case .matches(let pattern):
            return "\(present) AND NOT regexp_matches(\(field.textSQL), \(SQLText.literal(pattern)))"
        default: return nil
        }
    }

    private static func membership(_ members: [Expectation.SetMember], _ field: ColumnSchema) -> String {
        guard field.kind.isNumeric else {
            return "\(field.textSQL) IN (\(members.map { SQLText.literal($0.text) }.joined(separator: ", ")))"
        }
        let numbers = members.compactMap { member -> Double? in
            switch member {
            case .number(let number): number
            case .text(let text): Double(text)
            case .flag: nil
            }
        }
        return numbers.isEmpty ? "FALSE" : "\(field.numberSQL) IN (\(numbers.map(literal).joined(separator: ", ")))"
    }

    private static func figures(_ rule: Expectation.Rule, _ field: ColumnSchema) -> [String] {
        let number = "\(field.numberSQL)) FILTER (\(field.presentSQL))"
        return switch rule {
        case .mean: ["avg(\(number)"]
        case .median: ["median(\(number)"]
        case .deviation: ["stddev_samp(\(number)"]
        case .nullShareAtMost: ["count(*) FILTER (\(field.presentSQL))"]
        case .distinctCount: ["count(DISTINCT \(field.sql)) FILTER (\(field.presentSQL))"]
        default: []
        }
    }

    private static func literal(_ number: Double) -> String {
        number.isInfinite ? "'\(number > 0 ? "" : "-")Infinity'::DOUBLE" : "(\(number.description)::DOUBLE)"
    }
}

// MARK: Judgement
extension ExpectationPlan {
    func judge(_ figures: [ColumnValue], rows: Int64, _ source: SourceTable) -> ExpectationResult {
        if columnIsMissing { return missingColumn(rows: rows, source) }
        switch expectation.rule {
        case .columnsExist(let columns):
            let missing = columns.filter { source.field($0) == nil }
            let text = missing.map { "`\($0)`" }.joined(separator: ", ")
            return ExpectationResult(
                expectation, success: missing.isEmpty, observed: .array(missing.map(JSONValue.string)),
                message: missing.isEmpty ? "all \(columns.count) columns are there" : "missing: \(text)")
        case .columnType(let wanted):
            let kind = field?.kind ?? .other
            let fits = kind == wanted || wanted == .number && kind == .integer
            return ExpectationResult(
                expectation, success: fits, observed: .string(field?.type ?? ""),
                message: fits ? "the type is \(field?.type ?? "")" : "the type is \(field?.type ?? ""), which is no \(wanted.rawValue)")
        case .rowCount(let interval):
            return judged(.int(rows), Double(rows), interval, "the file has \(rows) rows")
        case .mean(let interval): return judged(figures, interval, "mean")
        case .median(let interval): return judged(figures, interval, "median")
        case .deviation(let interval): return judged(figures, interval, "standard deviation")
        case .distinctCount(let interval):
            let count = figures.first?.integer ?? 0
            return judged(.int(count), Double(count), interval, "\(count) distinct values")
        case .nullShareAtMost(let max):
            let missing = rows - (figures.first?.integer ?? 0)
            let share = rows == 0 ? 0 : Double(missing) / Double(rows)
            let interval = Expectation.Interval(max: max)
            return judged(.double(share), share, interval, "\(missing) of \(rows) cells are missing")
        case .notNull, .unique, .between, .inSet, .matches:
            return judgeRows(figures)
        }
    }

    private func judgeRows(_ figures: [ColumnValue]) -> ExpectationResult {
        let looked = figures.first?.integer ?? 0
        let count = figures.last?.integer ?? 0
        let share = looked == 0 ? 0 : Double(count) / Double(looked)
        // The tolerance is for shares such as 1 - 0.99 that have no exact binary form.
        let success = share <= 1 - expectation.mostly + 1e-12
        let allowed = expectation.mostly < 1 ? "; \(plainNumber(expectation.mostly * 100)) % must hold" : ""
        return ExpectationResult(
            expectation, success: success, unexpectedCount: count, unexpectedShare: share, observed: .int(count),
            message: count == 0
                ? "all \(looked) cells \(demand)" : "\(count) of \(looked) cells do not: each must \(singularDemand)\(allowed)")
    }

    private func judged(_ figures: [ColumnValue], _ interval: Expectation.Interval, _ what: String) -> ExpectationResult {
        guard let value = figures.first?.finite else {
            return ExpectationResult(expectation, success: false, message: "there is no \(what): the column holds too few finite numbers")
        }
        return judged(.double(value), value, interval, "the \(what) is \(value)")
    }

    private func judged(_ observed: JSONValue, _ value: Double, _ interval: Expectation.Interval, _ what: String) -> ExpectationResult {
        let success = interval.contains(value)
        return ExpectationResult(
            expectation, success: success, observed: observed, message: success ? what : "\(what), and must be \(interval.text)")
    }

    private func missingColumn(rows: Int64, _ source: SourceTable) -> ExpectationResult {
        let name = expectation.column ?? ""
        let near = nearestName(to: name, among: source.fields.map(\.name)).map { "; `\($0)` is there" } ?? ""
        return ExpectationResult(
            expectation, success: false, unexpectedCount: expectation.isRowLevel ? rows : nil,
            unexpectedShare: expectation.isRowLevel ? 1 : nil,
            message: "the column `\(name)` is missing\(near)")
    }

    private var demand: String {
        switch expectation.rule {
        case .notNull: "hold a value"
        case .unique: "are unique"
        case .between(let interval): "are \(interval.text)"
        case .inSet: "are in the set"
        case .matches(let pattern): "match `\(pattern)`"
        default: "hold"
        }
    }

    private var singularDemand: String {
        switch expectation.rule {
        case .notNull: "hold a value"
        case .unique: "be unique"
        case .between(let interval): "be \(interval.text)"
        case .inSet(let members):
            "be one of " + members.prefix(10).map { "`\($0.text)`" }.joined(separator: ", ") + (members.count > 10 ? ", …" : "")
        case .matches(let pattern): "match `\(pattern)`"
        default: "hold"
        }
    }
}
