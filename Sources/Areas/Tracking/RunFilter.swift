import Errors
package import Filters

/// What a run search may compare, after the names of the filter string are understood.
package enum RunField: Sendable, Hashable {
    /// The latest value of a metric.
    case metric(String)
    case param(String)
    case tag(String)
    case attribute(RunAttribute)
    case dataset(DatasetAttribute)
}

/// The attributes of runs that searches know; raw values are MLflow's.
package enum RunAttribute: String, Sendable, CaseIterable {
    case id = "run_id"
    case name = "run_name"
    case status
    case userID = "user_id"
    case artifactURI = "artifact_uri"
    case startTime = "start_time"
    case endTime = "end_time"
    case experimentID = "experiment_id"

    package var isNumeric: Bool { self == .startTime || self == .endTime }
}

/// What is known of a run's datasets; `context` is the tag `mlflow.data.context`.
package enum DatasetAttribute: String, Sendable, CaseIterable {
    case name, digest, context
}

/// One comparison of a run search.
///
/// `!=`, `NOT IN` and `NOT BETWEEN` on a param, tag or metric do not match runs without the key; a NaN metric matches only these three. A
/// param that is compared with a number is read by `FilterNumber` and matches nothing when it is none. What is missing matches only `IS
/// NULL`, so every comparison is true or false, and a NOT before it is its opposite.
package struct RunCondition: Sendable, Equatable {
    package var field: RunField
    package var comparator: FilterComparator
    package var value: FilterLiteral

    package init(field: RunField, comparator: FilterComparator, value: FilterLiteral) {
        self.field = field
        self.comparator = comparator
        self.value = value
    }
}

/// One sort key. Metrics sort by value, then NaN, then missing, in both directions; params and tags sort as text, missing last.
package struct RunOrder: Sendable, Hashable {
    package var field: RunField
    package var ascending: Bool

    package init(field: RunField, ascending: Bool) {
        self.field = field
        self.ascending = ascending
    }
}

/// A search for runs in some experiments; experiments that do not exist are ignored, none means none found.
package struct RunSearch: Sendable {
    package var experimentIDs: [String]
    package var filter: FilterTree<RunCondition>
    package var view: LifecycleView
    package var orders: [RunOrder]
    package var offset: Int
    package var limit: Int
    package var fields: RunFields

    package init(
        experimentIDs: [String], filter: FilterTree<RunCondition> = .everything, view: LifecycleView = .activeOnly, orders: [RunOrder] = [],
        offset: Int = 0, limit: Int, fields: RunFields = .everything
    ) {
        self.experimentIDs = experimentIDs
        self.filter = filter
        self.view = view
        self.orders = orders
        self.offset = offset
        self.limit = limit
        self.fields = fields
    }
}

/// Reads the run filter language of MLflow.
package enum RunFilter {
    /// - Throws: `invalid_argument` with the words of the MLflow server.
    package static func parse(_ text: String?) throws -> FilterTree<RunCondition> { try FilterParser.parse(text).map(condition) }

    /// - Throws: `invalid_argument` for an unknown field or a key that is named twice.
    package static func orders(_ texts: [String]) throws -> [RunOrder] {
        var orders: [RunOrder] = []
        for text in texts {
            let ordering = try FilterParser.ordering(text)
            let field = try field(ordering.field)
            if case .dataset = field { throw JidokaError.invalidArgument("Invalid order_by entity: dataset") }
            guard !orders.contains(where: { $0.field == field }) else {
                throw JidokaError.invalidArgument(
                    "`order_by` contains duplicate fields: [\(texts.map { "'\($0)'" }.joined(separator: ", "))]")
            }
            orders.append(RunOrder(field: field, ascending: ordering.ascending))
        }
        return orders
    }

    private static func field(_ written: FilterField) throws -> RunField {
        switch written.entity {
        case "metric", "metrics": return .metric(written.key)
        case "param", "params", "parameter", "parameters": return .param(written.key)
        case "tag", "tags": return .tag(written.key)
        case nil, "attribute", "attributes", "attr", "run": return .attribute(try attribute(written.key))
        case "dataset", "datasets":
            guard let attribute = DatasetAttribute(rawValue: written.key) else {
                throw JidokaError.invalidArgument(
                    "Invalid dataset key '\(written.key)' specified. Valid keys are '{'name', 'digest', 'context'}'")
            }
            return .dataset(attribute)
        case let entity?:
            throw JidokaError.invalidArgument(
                "Invalid entity type '\(entity)'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']")
        }
    }

    private static func attribute(_ key: String) throws -> RunAttribute {
        switch key {
        case "created", "Created": return .startTime
        case "run name", "Run name", "Run Name": return .name
        default: break
        }
        guard let attribute = RunAttribute(rawValue: key) else {
            let known = RunAttribute.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            throw JidokaError.invalidArgument("Invalid attribute key '\(key)' specified. Valid keys are '{\(known)}'")
        }
        return attribute
    }

    private static func condition(_ comparison: FilterComparison) throws -> RunCondition {
        let field = try field(comparison.field)
        try FilterRules.check(comparison, as: kind(of: field), nullable: field == .attribute(.endTime))
        return RunCondition(field: field, comparator: comparison.comparator, value: comparison.value)
    }

    private static func kind(of field: RunField) -> FilterRules.Kind {
        switch field {
        case .metric: .metric
        case .param: .param
        case .tag: .tag
        case .attribute(let attribute): attribute.isNumeric ? .number(attribute.rawValue) : .text
        case .dataset: .dataset
        }
    }
}
