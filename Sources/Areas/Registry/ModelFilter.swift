import Errors
package import Filters

/// What a search for registered models may compare.
package enum ModelField: Sendable, Hashable {
    case tag(String)
    case name
}

/// One comparison of a search for registered models.
package struct ModelCondition: Sendable, Equatable {
    package var field: ModelField
    package var comparator: FilterComparator
    package var value: FilterLiteral

    package init(field: ModelField, comparator: FilterComparator, value: FilterLiteral) {
        self.field = field
        self.comparator = comparator
        self.value = value
    }
}

/// What registered models may be sorted by.
package enum ModelOrderKey: String, Sendable, CaseIterable {
    case name
    case createdAt = "creation_timestamp"
    case updatedAt = "last_updated_timestamp"
}

/// One sort key of a search for registered models.
package struct ModelOrder: Sendable, Hashable {
    package var key: ModelOrderKey
    package var ascending: Bool

    package init(key: ModelOrderKey, ascending: Bool) {
        self.key = key
        self.ascending = ascending
    }
}

/// A search for registered models; without orders by name. Prompts are left out unless the filter speaks of their tag.
package struct ModelSearch: Sendable {
    package var filter: FilterTree<ModelCondition>
    package var orders: [ModelOrder]
    package var offset: Int
    package var limit: Int

    package init(filter: FilterTree<ModelCondition> = .everything, orders: [ModelOrder] = [], offset: Int = 0, limit: Int) {
        self.filter = filter
        self.orders = orders
        self.offset = offset
        self.limit = limit
    }

    /// True when the caller asks for prompts.
    package var wantsPrompts: Bool {
        filter.leaves.contains { $0.field == .tag(RegisteredModel.promptTag) && RegistryFilter.asksForPrompts($0.comparator, $0.value) }
    }
}

/// What a search for versions may compare.
package enum ModelVersionField: Sendable, Hashable {
    case tag(String)
    case attribute(ModelVersionAttribute)
}

/// The attributes of versions that searches know; raw values are MLflow's.
package enum ModelVersionAttribute: String, Sendable, CaseIterable {
    case name
    case runID = "run_id"
    case source = "source_path"
    case version = "version_number"
    case createdAt = "creation_timestamp"
    case updatedAt = "last_updated_timestamp"

    /// Dates sort but are not compared.
    static let searchable: [ModelVersionAttribute] = [.name, .version, .runID, .source]
    static let sortable: [ModelVersionAttribute] = [.name, .version, .createdAt, .updatedAt]
}

/// One comparison of a search for versions.
package struct ModelVersionCondition: Sendable, Equatable {
    package var field: ModelVersionField
    package var comparator: FilterComparator
    package var value: FilterLiteral

    package init(field: ModelVersionField, comparator: FilterComparator, value: FilterLiteral) {
        self.field = field
        self.comparator = comparator
        self.value = value
    }
}

/// One sort key of a search for versions.
package struct ModelVersionOrder: Sendable, Hashable {
    package var attribute: ModelVersionAttribute
    package var ascending: Bool

    package init(attribute: ModelVersionAttribute, ascending: Bool) {
        self.attribute = attribute
        self.ascending = ascending
    }
}

/// A search for versions; without orders the newest change first, then name, then the highest version.
package struct ModelVersionSearch: Sendable {
    package var filter: FilterTree<ModelVersionCondition>
    package var orders: [ModelVersionOrder]
    package var offset: Int
    package var limit: Int

    package init(filter: FilterTree<ModelVersionCondition> = .everything, orders: [ModelVersionOrder] = [], offset: Int = 0, limit: Int) {
        self.filter = filter
        self.orders = orders
        self.offset = offset
        self.limit = limit
    }

    package var wantsPrompts: Bool {
        filter.leaves.contains { $0.field == .tag(RegisteredModel.promptTag) && RegistryFilter.asksForPrompts($0.comparator, $0.value) }
    }
}
