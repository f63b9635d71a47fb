import Filters
import SQL
import Tracking

/// A run search as SQL. The same page is found in three ways, see `RunSearchPlan`; conditions on keys become look-ups in the (key, value)
/// indexes, orders become left joins.
struct RunQuery: Sendable {
    let sql: String
    let bindings: [SQLValue]

    /// Which runs are looked at.
    enum Source: Sendable {
        /// All of the experiments.
        case everything
        /// Those of some rows, one of each run.
        case owners(of: KeyedRows)
        /// In the search's first order, from the first on, none after `last` (nil: to the end).
        case inOrder(RunWalk, last: SQLValue?)
    }

    /// The runs of the search's page and one more.
    init(_ search: RunSearch, from source: Source = .everything) {
        var joins = ""
        var joinBindings: [SQLValue] = []
        var keys: [String] = []
        var orders = search.orders[...]
        if case .inOrder(let walk, _) = source {
            keys.append(walk.sort)
            orders = orders.dropFirst()
        }
        for (index, order) in orders.enumerated() {
            let direction = order.ascending ? "ASC" : "DESC"
            let (join, key, sort) = RunQuery.order(order.field, "o\(index)", direction)
            joins += join
            if let key { joinBindings.append(.text(key)) }
            keys += sort
        }
        if !search.orders.contains(where: { $0.field == .attribute(.startTime) }), !keys.contains("r.start_time DESC") {
            keys.append("r.start_time DESC")
        }
        keys.append("r.id ASC")
        let (from, conditions) = RunQuery.selection(search, source)
        sql =
            "SELECT \(RunReader.columns) FROM \(from.sql)\(joins) WHERE \(conditions.text) ORDER BY \(keys.joined(separator: ", "))"
            + " LIMIT ? OFFSET ?"
        bindings = from.bindings + joinBindings + conditions.bindings + [.int(Int64(search.limit) + 1), .int(Int64(search.offset))]
    }

    private init(sql: String, bindings: [SQLValue]) {
        self.sql = sql
        self.bindings = bindings
    }

    /// How many runs there are.
    static func count(_ search: RunSearch, from source: Source) -> RunQuery {
        let (from, conditions) = selection(search, source)
        return RunQuery(sql: "SELECT count(*) FROM \(from.sql) WHERE \(conditions.text)", bindings: from.bindings + conditions.bindings)
    }

    private static func selection(_ search: RunSearch, _ source: Source) -> (from: RunQuery, conditions: FilterSQL) {
        switch source {
        case .everything:
            var conditions = scope(search, FilterSQL(.sets))
            conditions.add(search.filter, compile: compile)
            return (RunQuery(sql: "runs r", bindings: []), conditions)
        case .owners(let rows):
            // CROSS JOIN keeps SQLite from turning the tables round.
            let from = "(SELECT \(rows.owner) AS run FROM \(rows.table) WHERE \(rows.condition)) d CROSS JOIN runs r"
            var conditions = FilterSQL(.lookups)
            conditions.add("r.number = d.run")
            conditions = scope(search, conditions, indexed: false)
            conditions.add(search.filter, compile: compile)
            return (RunQuery(sql: from, bindings: rows.bindings), conditions)
        case .inOrder(let walk, let last):
            var conditions = walk.conditions(search, last: last)
            conditions.add(search.filter, compile: compile)
            return (RunQuery(sql: walk.tables, bindings: []), conditions)
        }
    }

    /// The experiments that can be there: a name that is no number is none's.
    static func experiments(_ search: RunSearch) -> [Int64] { search.experimentIDs.compactMap { Int64($0) } }

    /// The experiments and life cycles. `indexed: false` keeps SQLite from finding the runs by them: the sign changes nothing else.
    static func scope(_ search: RunSearch, _ conditions: FilterSQL, indexed: Bool = true) -> FilterSQL {
        var conditions = conditions
        conditions.isOneOf(indexed ? "r.experiment" : "+r.experiment", experiments(search).map(SQLValue.int))
        conditions.isOneOf("r.lifecycle", search.view.lifecycles.map { .text($0.rawValue) })
        return conditions
    }

    /// The rows that a condition names; nil when it is not one on keys and values.
    static func rows(_ condition: RunCondition) -> KeyedRows? {
        let (comparator, value) = (condition.comparator, condition.value)
        return switch condition.field {
        case .metric(let key): KeyedRows(metricsIn: "metric_series", owner: "run", key: key, comparator, value)
        case .param(let key): KeyedRows(in: "params", owner: "run", key: key, comparator, value)
        case .tag(let key): KeyedRows(in: "tags", owner: "run", key: key, comparator, value)
        case .attribute, .dataset: nil
        }
    }

    private static func compile(_ condition: RunCondition, into sql: inout FilterSQL) {
        let (comparator, value) = (condition.comparator, condition.value)
        if let rows = rows(condition) { return sql.add(rows, of: "r.number") }
        switch condition.field {
        case .attribute(.endTime): sql.compareNullable(column(.endTime), comparator, value)
        case .attribute(let attribute): sql.compare(column(attribute), comparator, value)
        case .dataset(let attribute): dataset(attribute, comparator, value, into: &sql)
        case .metric, .param, .tag: break
        }
    }

    private static func dataset(
        _ attribute: DatasetAttribute, _ comparator: FilterComparator, _ value: FilterLiteral, into sql: inout FilterSQL
    ) {
        let isNullTest = comparator == .isNull || comparator == .isNotNull
        let select: String
        var bindings: [SQLValue] = []
        let compared: (clause: String, bindings: [SQLValue])
        switch attribute {
        case .name, .digest:
            select = "SELECT i.run FROM datasets d JOIN run_datasets i ON i.dataset = d.number WHERE 1 = 1"
            compared = FilterSQL.comparison("d.\(attribute.rawValue)", comparator, value)
        case .context:
            select = "SELECT i.run FROM run_dataset_tags t JOIN run_datasets i ON i.number = t.input WHERE t.key = ?"
            bindings = [.text(DatasetInput.contextTag)]
            compared = FilterSQL.comparison("t.value", comparator, value)
        }
        let condition = isNullTest ? "" : " AND \(compared.clause)"
        sql.add(
            "r.number \(comparator == .isNull ? "NOT IN" : "IN") (\(select)\(condition))", bindings + (isNullTest ? [] : compared.bindings))
    }

    private static func order(_ field: RunField, _ alias: String, _ direction: String) -> (join: String, key: String?, sort: [String]) {
        func join(_ table: String) -> String { " LEFT JOIN \(table) \(alias) ON \(alias).run = r.number AND \(alias).key = ?" }
        switch field {
        case .metric(let key):
            // Values, then NaN, then runs without the metric, whatever the direction.
            return (
                join("metric_series"), key,
                ["CASE WHEN \(alias).run IS NULL THEN 2 ELSE \(alias).is_nan END ASC", "\(alias).value \(direction)"]
            )
        case .param(let key): return (join("params"), key, ["\(alias).run IS NULL", "\(alias).value \(direction)"])
        case .tag(let key): return (join("tags"), key, ["\(alias).run IS NULL", "\(alias).value \(direction)"])
        case .attribute(.endTime): return ("", nil, ["r.end_time IS NULL", "r.end_time \(direction)"])
        case .attribute(let attribute): return ("", nil, ["\(column(attribute)) \(direction)"])
        case .dataset: return ("", nil, [])
        }
    }

    private static func column(_ attribute: RunAttribute) -> String {
        switch attribute {
        case .id: "r.id"
        case .name: "r.name"
        case .status: "r.status"
        case .userID: "r.user_id"
        case .artifactURI: "r.artifact_uri"
        case .startTime: "r.start_time"
        case .endTime: "r.end_time"
        case .experimentID: "CAST(r.experiment AS TEXT)"
        }
    }
}
