import Filters
import SQL
import Tracking

/// A run search as SQL: conditions on keys become look-ups in the (key, value) indexes, orders become left joins.
struct RunQuery: Sendable {
    let sql: String
    let bindings: [SQLValue]

    /// nil when no experiment can match.
    init?(_ search: RunSearch) {
        guard let conditions = RunQuery.conditions(search) else { return nil }
        var joins = ""
        var joinBindings: [SQLValue] = []
        var keys: [String] = []
        for (index, order) in search.orders.enumerated() {
            let direction = order.ascending ? "ASC" : "DESC"
            let (join, key, sort) = RunQuery.order(order.field, "o\(index)", direction)
            joins += join
            if let key { joinBindings.append(.text(key)) }
            keys += sort
        }
        if !search.orders.contains(where: { $0.field == .attribute(.startTime) }) { keys.append("r.start_time DESC") }
        keys.append("r.id ASC")
        let order = keys.joined(separator: ", ")
        sql = "SELECT \(RunReader.columns) FROM runs r\(joins) WHERE \(conditions.text) ORDER BY \(order) LIMIT ? OFFSET ?"
        bindings = joinBindings + conditions.bindings + [.int(Int64(search.limit) + 1), .int(Int64(search.offset))]
    }

    /// How many runs there are; nil when no experiment can match.
    static func count(_ search: RunSearch) -> (sql: String, bindings: [SQLValue])? {
        conditions(search).map { ("SELECT count(*) FROM runs r WHERE \($0.text)", $0.bindings) }
    }

    private static func conditions(_ search: RunSearch) -> FilterSQL? {
        let experiments = search.experimentIDs.compactMap { Int64($0) }
        if experiments.isEmpty { return nil }
        var conditions = FilterSQL()
        conditions.isOneOf("r.experiment", experiments.map(SQLValue.int))
        conditions.isOneOf("r.lifecycle", search.view.lifecycles.map { .text($0.rawValue) })
        conditions.add(search.filter, compile: RunQuery.compile)
        return conditions
    }

    private static func compile(_ condition: RunCondition, into sql: inout FilterSQL) {
        let (comparator, value) = (condition.comparator, condition.value)
        switch condition.field {
        case .metric(let key):
            sql.metric("r.number", in: "metric_series", owner: "run", key: key, comparator: comparator, value: value)
        case .param(let key): sql.keyed("r.number", in: "params", owner: "run", key: key, comparator: comparator, value: value)
        case .tag(let key): sql.keyed("r.number", in: "tags", owner: "run", key: key, comparator: comparator, value: value)
        case .attribute(.endTime): sql.compareNullable(column(.endTime), comparator, value)
        case .attribute(let attribute): sql.compare(column(attribute), comparator, value)
        case .dataset(let attribute): dataset(attribute, comparator, value, into: &sql)
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
        case .attribute(let attribute): return ("", nil, ["\(column(attribute)) IS NULL", "\(column(attribute)) \(direction)"])
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
