import SQL
import Tracking

/// A way to meet the runs of a search in its own order, so that the first page is there before most runs were looked at.
enum RunWalk: Sendable {
    /// By the latest value of a metric. Runs without a value, NaN included, are not met.
    case metric(key: String, ascending: Bool)
    /// By the time of start.
    case startTime(ascending: Bool)

    /// nil when no index holds the order of the search.
    init?(_ search: RunSearch) {
        switch search.orders.first?.field {
        case .metric(let key): self = .metric(key: key, ascending: search.orders[0].ascending)
        case .attribute(.startTime) where search.view != .all: self = .startTime(ascending: search.orders[0].ascending)
        case nil where search.view != .all: self = .startTime(ascending: false)
        default: return nil
        }
    }

    /// Which tables are walked; CROSS JOIN keeps SQLite from turning them round.
    var tables: String {
        switch self {
        case .metric: "metric_series w CROSS JOIN runs r"
        case .startTime: "runs r"
        }
    }

    private var column: String {
        switch self {
        case .metric: "w.value"
        case .startTime: "r.start_time"
        }
    }

    private var isAscending: Bool {
        switch self {
        case .metric(_, let ascending), .startTime(let ascending): ascending
        }
    }

    /// The first order of the search.
    var sort: String { "\(column) \(isAscending ? "ASC" : "DESC")" }

    /// - Parameter last: no run is met whose place in the order is after this; nil: all are.
    func conditions(_ search: RunSearch, last: SQLValue?) -> FilterSQL {
        var conditions = walked(search)
        if case .metric = self {
            conditions.add("r.number = w.run")
            conditions = RunQuery.scope(search, conditions, indexed: false)
        }
        if let last { conditions.add("\(column) \(isAscending ? "<=" : ">=") ?", [last]) }
        return conditions
    }

    /// What the index holds side by side.
    private func walked(_ search: RunSearch) -> FilterSQL {
        var conditions = FilterSQL(.lookups)
        switch self {
        case .metric(let key, _): conditions.add("w.key = ? AND w.is_nan = 0", [.text(key)])
        // One experiment has an index of its own; several are met together in the one of all.
        case .startTime: conditions = RunQuery.scope(search, conditions, indexed: RunQuery.experiments(search).count == 1)
        }
        return conditions
    }

    /// The place in the order after `count` runs, the search's filter left aside; nil when there are no more.
    func place(after count: Int, _ search: RunSearch, on connection: Connection) throws -> SQLValue? {
        let conditions = walked(search)
        let from =
            switch self {
            case .metric: "metric_series w"
            case .startTime: "runs r"
            }
        return try connection.first(
            "SELECT \(column) FROM \(from) WHERE \(conditions.text) ORDER BY \(sort) LIMIT 1 OFFSET ?",
            conditions.bindings + [.int(Int64(count))]
        ) { row in
            switch self {
            case .metric: .double(row.double(0))
            case .startTime: .int(row.int(0))
            }
        }
    }
}
