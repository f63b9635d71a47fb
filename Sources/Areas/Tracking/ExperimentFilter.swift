import Errors
package import Filters

/// What a search for experiments may compare.
package enum ExperimentField: Sendable, Hashable {
    case tag(String)
    case attribute(ExperimentAttribute)
}

/// The attributes of experiments that searches know; raw values are MLflow's.
package enum ExperimentAttribute: String, Sendable, CaseIterable {
    case name
    case id = "experiment_id"
    case createdAt = "creation_time"
    case updatedAt = "last_update_time"

    package var isNumeric: Bool { self == .createdAt || self == .updatedAt }
}

/// One comparison of a search for experiments; times are in milliseconds.
package struct ExperimentCondition: Sendable, Equatable {
    package var field: ExperimentField
    package var comparator: FilterComparator
    package var value: FilterLiteral

    package init(field: ExperimentField, comparator: FilterComparator, value: FilterLiteral) {
        self.field = field
        self.comparator = comparator
        self.value = value
    }
}

/// One sort key of a search for experiments.
package struct ExperimentOrder: Sendable, Hashable {
    package var attribute: ExperimentAttribute
    package var ascending: Bool

    package init(attribute: ExperimentAttribute, ascending: Bool) {
        self.attribute = attribute
        self.ascending = ascending
    }
}

/// A search for experiments; without orders the newest come first, ties by id.
package struct ExperimentSearch: Sendable {
    package var filter: FilterTree<ExperimentCondition>
    package var view: LifecycleView
    package var orders: [ExperimentOrder]
    package var offset: Int
    package var limit: Int

    package init(
        filter: FilterTree<ExperimentCondition> = .everything, view: LifecycleView = .activeOnly, orders: [ExperimentOrder] = [],
        offset: Int = 0,
        limit: Int
    ) {
        self.filter = filter
        self.view = view
        self.orders = orders
        self.offset = offset
        self.limit = limit
    }
}

/// Reads the experiment filter language of MLflow.
package enum ExperimentFilter {
    package static func parse(_ text: String?) throws -> FilterTree<ExperimentCondition> {
        try FilterParser.parse(text).map { comparison in
            let field = try field(comparison.field)
            switch field {
            case .tag: try FilterRules.check(comparison, as: .tag)
            case .attribute(let attribute):
                try FilterRules.check(comparison, as: attribute.isNumeric ? .number(attribute.rawValue) : .text)
            }
            return ExperimentCondition(field: field, comparator: comparison.comparator, value: comparison.value)
        }
    }

    package static func orders(_ texts: [String]) throws -> [ExperimentOrder] {
        try texts.map { text in
            let ordering = try FilterParser.ordering(text)
            guard case .attribute(let attribute) = try field(ordering.field) else {
                throw JidokaError.invalidArgument("Invalid order_by entity: tag")
            }
            return ExperimentOrder(attribute: attribute, ascending: ordering.ascending)
        }
    }

    private static func field(_ written: FilterField) throws -> ExperimentField {
        switch written.entity {
        case "tag", "tags": return .tag(written.key)
        case nil, "attribute", "attributes":
            guard let attribute = ExperimentAttribute(rawValue: written.key) else {
                let known = ExperimentAttribute.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
                throw JidokaError.invalidArgument("Invalid attribute key '\(written.key)' specified. Valid keys are '{\(known)}'")
            }
            return .attribute(attribute)
        case let entity?:
            throw JidokaError.invalidArgument(
                "Invalid entity type '\(entity)'. Valid entity types are ('attribute', 'tag', 'tags')")
        }
    }
}
