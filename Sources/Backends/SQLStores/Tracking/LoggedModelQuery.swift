import Filters
import SQL
import Tracking

/// A logged-model search as SQL that gives ids.
struct LoggedModelQuery: Sendable {
    let sql: String
    let bindings: [SQLValue]

    /// nil when no experiment can match.
    init?(_ search: LoggedModelSearch) {
        let experiments = search.experimentIDs.compactMap { Int64($0) }
        if experiments.isEmpty { return nil }
        var conditions = FilterSQL()
        conditions.isOneOf("m.experiment", experiments.map(SQLValue.int))
        conditions.add("m.lifecycle = 'active'")
        let datasets = LoggedModelQuery.onDatasets(search.datasets)
        var narrowed = false
        conditions.add(search.filter) { condition, sql in
            let (comparator, value) = (condition.comparator, condition.value)
            switch condition.field {
            case .metric(let key):
                narrowed = true
                sql.add(
                    KeyedRows(metricsIn: "logged_model_metrics", owner: "model", key: key, comparator, value, extra: datasets), of: "m.id")
            case .param(let key):
                sql.add(KeyedRows(in: "logged_model_params", owner: "model", key: key, comparator, value), of: "m.id")
            case .tag(let key): sql.add(KeyedRows(in: "logged_model_tags", owner: "model", key: key, comparator, value), of: "m.id")
            case .attribute(let attribute): sql.compare(LoggedModelQuery.column(attribute), comparator, value)
            }
        }
        // Datasets without a metric condition: models with any metric on one of them.
        if let datasets, !narrowed {
            conditions.add("m.id IN (SELECT model FROM logged_model_metrics WHERE \(datasets.clause))", datasets.bindings)
        }
        var keys: [String] = []
        var orderBindings: [SQLValue] = []
        for order in search.orders {
            let (sort, values) = LoggedModelQuery.order(order)
            keys += sort
            orderBindings += values
        }
        keys += ["m.created_at DESC", "m.id ASC"]
        sql = "SELECT m.id FROM logged_models m WHERE \(conditions.text) ORDER BY \(keys.joined(separator: ", ")) LIMIT ? OFFSET ?"
        bindings = conditions.bindings + orderBindings + [.int(Int64(search.limit) + 1), .int(Int64(search.offset))]
    }

    private static func onDatasets(_ datasets: [DatasetReference]) -> (clause: String, bindings: [SQLValue])? {
        if datasets.isEmpty { return nil }
        var clauses: [String] = []
        var bindings: [SQLValue] = []
        for dataset in datasets {
            clauses.append(dataset.digest == nil ? "dataset_name = ?" : "(dataset_name = ? AND dataset_digest = ?)")
            bindings.append(.text(dataset.name))
            if let digest = dataset.digest { bindings.append(.text(digest)) }
        }
        return (clauses.joined(separator: " OR "), bindings)
    }

    private static func order(_ order: LoggedModelOrder) -> (sort: [String], bindings: [SQLValue]) {
        let direction = order.ascending ? "ASC" : "DESC"
        switch order.field {
        case .attribute(let attribute): return (["\(column(attribute)) \(direction)"], [])
        case .metric(let key):
            // The newest point of the metric, on the dataset when one is named; models without it come last.
            var select = "SELECT value FROM logged_model_metrics WHERE model = m.id AND is_nan = 0 AND key = ?"
            var bindings: [SQLValue] = [.text(key)]
            if let dataset = order.dataset {
                select += " AND dataset_name = ?"
                bindings.append(.text(dataset.name))
                if let digest = dataset.digest {
                    select += " AND dataset_digest = ?"
                    bindings.append(.text(digest))
                }
            }
            select = "(\(select) ORDER BY timestamp DESC, step DESC LIMIT 1)"
            return (["\(select) IS NULL", "\(select) \(direction)"], bindings + bindings)
        case .param, .tag: return ([], [])
        }
    }

    private static func column(_ attribute: LoggedModelAttribute) -> String {
        switch attribute {
        case .name: "m.name"
        case .id: "m.id"
        case .modelType: "m.model_type"
        case .status: "m.status"
        case .sourceRunID: "m.source_run"
        case .experimentID: "CAST(m.experiment AS TEXT)"
        case .createdAt: "m.created_at / 1000"
        case .updatedAt: "m.updated_at / 1000"
        }
    }
}
