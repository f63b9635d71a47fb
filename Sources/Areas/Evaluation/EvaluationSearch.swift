package import Errors
package import Filters

/// A search for evaluation datasets; no experiments: of all.
package struct EvaluationDatasetSearch: Sendable {
    package var experimentIDs: [String]
    package var filter: FilterTree<EvaluationCondition>
    /// By default the newest first; ties by id, descending.
    package var orders: [(field: EvaluationAttribute, ascending: Bool)]
    package var offset: Int
    package var limit: Int

    package init(
        experimentIDs: [String] = [], filter: FilterTree<EvaluationCondition> = .everything,
        orders: [(field: EvaluationAttribute, ascending: Bool)] = [], offset: Int = 0, limit: Int = 1_000
    ) {
        self.experimentIDs = experimentIDs
        self.filter = filter
        self.orders = orders
        self.offset = offset
        self.limit = limit
    }
}

/// Some datasets of a search, and where the next ones begin.
package struct EvaluationDatasetPage: Sendable, Equatable {
    package var items: [EvaluationDataset]
    package var nextOffset: Int?

    package init(items: [EvaluationDataset], nextOffset: Int?) {
        self.items = items
        self.nextOffset = nextOffset
    }
}

/// What is compared; raw values are MLflow's.
package enum EvaluationAttribute: String, Sendable, CaseIterable {
    case name
    case createdAt = "created_time"
    case updatedAt = "last_update_time"
    case createdBy = "created_by"
    case updatedBy = "last_updated_by"

    package var isNumeric: Bool { self == .createdAt || self == .updatedAt }
}

/// One comparison; times are in milliseconds.
package struct EvaluationCondition: Sendable, Equatable {
    package enum Field: Sendable, Hashable {
        case attribute(EvaluationAttribute)
        case tag(String)
    }

    package var field: Field
    package var comparator: FilterComparator
    package var value: FilterLiteral

    package init(field: Field, comparator: FilterComparator, value: FilterLiteral) {
        self.field = field
        self.comparator = comparator
        self.value = value
    }
}

/// Reads the filter language of evaluation datasets.
package enum EvaluationFilter {
    private static let texts: Set<FilterComparator> = [.equal, .notEqual, .like, .ilike]

    package static func parse(_ text: String?) throws -> FilterTree<EvaluationCondition> {
        try FilterParser.parse(text).map { comparison in
            let field = try field(comparison.field)
            var numeric = false
            if case .attribute(let attribute) = field { numeric = attribute.isNumeric }
            switch (comparison.value, comparison.comparator) {
            case (.number, let comparator) where numeric && FilterComparator.numeric.contains(comparator): break
            case (.text, let comparator) where !numeric && texts.contains(comparator): break
            case (.list, .isIn) where field == .attribute(.name): break
            default:
                throw JidokaError.invalidArgument(
                    "Invalid comparison: '\(comparison.field.key)' \(comparison.comparator.rawValue) \(comparison.value.written)"
                )
            }
            return EvaluationCondition(field: field, comparator: comparison.comparator, value: comparison.value)
        }
    }

    package static func orders(_ clauses: [String]) throws -> [(field: EvaluationAttribute, ascending: Bool)] {
        try clauses.map { clause in
            let written = try FilterParser.ordering(clause)
            guard case .attribute(let attribute) = try field(written.field) else {
                throw JidokaError.invalidArgument("Invalid order_by entity: tag")
            }
            return (attribute, written.ascending)
        }
    }

    private static func field(_ written: FilterField) throws -> EvaluationCondition.Field {
        switch written.entity {
        case "tag", "tags": return .tag(written.key)
        case nil, "attribute", "attributes":
            guard let attribute = EvaluationAttribute(rawValue: written.key) else {
                let known = EvaluationAttribute.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
                throw JidokaError.invalidArgument("Invalid attribute key '\(written.key)' specified. Valid keys are '{\(known)}'")
            }
            return .attribute(attribute)
        case let entity?: throw JidokaError.invalidArgument("Invalid entity type '\(entity)'. Valid values are ['attribute', 'tag']")
        }
    }
}

/// The refusals of this area.
package enum EvaluationErrors {
    package static func noDataset(_ id: String) -> JidokaError { .notFound("Evaluation dataset with id '\(id)' not found") }

    package static func noScorer(_ name: String, version: Int64? = nil, experiment: String) -> JidokaError {
        let which = version.map { " and version \($0)" } ?? ""
        return .notFound("Scorer with name '\(name)'\(which) not found for experiment \(experiment).")
    }
}
