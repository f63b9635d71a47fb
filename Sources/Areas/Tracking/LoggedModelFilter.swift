import Errors
package import Filters

/// What a search for logged models may compare.
package enum LoggedModelField: Sendable, Hashable {
    case metric(String)
    case param(String)
    case tag(String)
    case attribute(LoggedModelAttribute)
}

/// The attributes of logged models that searches know; raw values are MLflow's.
package enum LoggedModelAttribute: String, Sendable, CaseIterable {
    case name
    case id = "model_id"
    case modelType = "model_type"
    case status
    case sourceRunID = "source_run_id"
    case experimentID = "experiment_id"
    case createdAt = "creation_timestamp"
    case updatedAt = "last_updated_timestamp"

    package var isNumeric: Bool { self == .createdAt || self == .updatedAt }
}

/// One comparison of a search for logged models; times are in milliseconds.
package struct LoggedModelCondition: Sendable, Equatable {
    package var field: LoggedModelField
    package var comparator: FilterComparator
    package var value: FilterLiteral

    package init(field: LoggedModelField, comparator: FilterComparator, value: FilterLiteral) {
        self.field = field
        self.comparator = comparator
        self.value = value
    }
}

/// One sort key; a metric's may be narrowed to one dataset.
package struct LoggedModelOrder: Sendable, Hashable {
    package var field: LoggedModelField
    package var ascending: Bool
    package var dataset: DatasetReference?

    package init(field: LoggedModelField, ascending: Bool, dataset: DatasetReference? = nil) {
        self.field = field
        self.ascending = ascending
        self.dataset = dataset
    }
}

/// Reads the logged-model filter language of MLflow.
package enum LoggedModelFilter {
    package static func parse(_ text: String?) throws -> FilterTree<LoggedModelCondition> {
        try FilterParser.parse(text).map { comparison in
            let field = try field(comparison.field)
            switch field {
            case .metric: try FilterRules.check(comparison, as: .metric)
            case .param: try FilterRules.check(comparison, as: .param)
            case .tag: try FilterRules.check(comparison, as: .tag)
            case .attribute(let attribute):
                try FilterRules.check(comparison, as: attribute.isNumeric ? .number(attribute.rawValue) : .text)
            }
            var value = comparison.value
            // Clients write the short names of the states.
            if field == .attribute(.status) {
                if case .text(let short) = value { value = .text(statusName(short)) }
                if case .list(let shorts) = value { value = .list(shorts.map(statusName)) }
            }
            return LoggedModelCondition(field: field, comparator: comparison.comparator, value: value)
        }
    }

    /// - Throws: `invalid_argument` for a field that cannot be sorted by.
    package static func order(fieldName: String, ascending: Bool, dataset: DatasetReference?) throws -> LoggedModelOrder {
        let ordering = try FilterParser.ordering(fieldName)
        let field = try field(ordering.field)
        switch field {
        case .metric, .attribute: return LoggedModelOrder(field: field, ascending: ascending, dataset: dataset)
        case .param, .tag:
            throw JidokaError.invalidArgument(
                "Invalid order by field name: \(fieldName).", hint: "sort by an attribute, or by `metrics.` and a key")
        }
    }

    private static func statusName(_ written: String) -> String { status(written)?.rawValue ?? written }

    private static func status(_ short: String) -> LoggedModelStatus? {
        switch short.uppercased() {
        case "PENDING": .pending
        case "READY": .ready
        case "FAILED", "UPLOAD_FAILED": .failed
        default: nil
        }
    }

    private static func field(_ written: FilterField) throws -> LoggedModelField {
        switch written.entity {
        case "metrics", "metric": return .metric(written.key)
        case "params", "param": return .param(written.key)
        case "tags", "tag": return .tag(written.key)
        case nil, "attributes", "attribute":
            switch written.key {
            case "creation_time", "creation_timestamp_ms": return .attribute(.createdAt)
            case "last_updated_timestamp_ms": return .attribute(.updatedAt)
            default: break
            }
            guard let attribute = LoggedModelAttribute(rawValue: written.key) else {
                let known = LoggedModelAttribute.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
                throw JidokaError.invalidArgument("Invalid attribute key '\(written.key)' specified. Valid keys are '{\(known)}'")
            }
            return .attribute(attribute)
        case let entity?:
            throw JidokaError.invalidArgument(
                "Invalid entity type: '\(entity)'. Expected one of ['attributes', 'metrics', 'params', 'tags'].")
        }
    }
}
