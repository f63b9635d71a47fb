import Errors
package import Filters

/// Reads the filter languages of MLflow's model registry.
package enum RegistryFilter {
    package static func models(_ text: String?) throws -> FilterTree<ModelCondition> {
        try FilterParser.parse(text).map { comparison in
            guard let key = try tag(comparison.field) else {
                guard comparison.field.key == "name" else { throw unknown(comparison.field.key, ["name"]) }
                try checkText(comparison)
                return ModelCondition(field: .name, comparator: comparison.comparator, value: comparison.value)
            }
            try checkText(comparison, nullable: true)
            return ModelCondition(field: .tag(key), comparator: comparison.comparator, value: comparison.value)
        }
    }

    package static func versions(_ text: String?) throws -> FilterTree<ModelVersionCondition> {
        try FilterParser.parse(text).map { comparison in
            if let key = try tag(comparison.field) {
                try checkText(comparison, nullable: true)
                return ModelVersionCondition(field: .tag(key), comparator: comparison.comparator, value: comparison.value)
            }
            guard let attribute = ModelVersionAttribute(rawValue: comparison.field.key),
                ModelVersionAttribute.searchable.contains(attribute)
            else { throw unknown(comparison.field.key, ModelVersionAttribute.searchable.map(\.rawValue)) }
            if attribute == .version {
                try checkNumber(comparison)
            } else {
                try checkText(comparison)
            }
            return ModelVersionCondition(field: .attribute(attribute), comparator: comparison.comparator, value: comparison.value)
        }
    }

    package static func modelOrders(_ texts: [String]) throws -> [ModelOrder] {
        try texts.map { text in
            let ordering = try FilterParser.ordering(text)
            let name = ordering.field.key == "timestamp" ? ModelOrderKey.updatedAt.rawValue : ordering.field.key
            guard try tag(ordering.field) == nil, let key = ModelOrderKey(rawValue: name) else {
                throw JidokaError.invalidArgument(
                    """
                    Invalid order by key '\(ordering.field.key)' specified. Valid keys are '{'name', \
                    'creation_timestamp', 'last_updated_timestamp'}'
                    """
                )
            }
            return ModelOrder(key: key, ascending: ordering.ascending)
        }
    }

    package static func versionOrders(_ texts: [String]) throws -> [ModelVersionOrder] {
        try texts.map { text in
            let ordering = try FilterParser.ordering(text)
            guard try tag(ordering.field) == nil, let attribute = ModelVersionAttribute(rawValue: ordering.field.key),
                ModelVersionAttribute.sortable.contains(attribute)
            else { throw unknown(ordering.field.key, ModelVersionAttribute.sortable.map(\.rawValue)) }
            return ModelVersionOrder(attribute: attribute, ascending: ordering.ascending)
        }
    }

    static func asksForPrompts(_ comparator: FilterComparator, _ value: FilterLiteral) -> Bool {
        (comparator == .equal && value == .text("true")) || (comparator == .notEqual && value == .text("false"))
    }

    /// The key when the field is a tag, nil when it is an attribute.
    private static func tag(_ field: FilterField) throws -> String? {
        switch field.entity {
        case "tag", "tags": return field.key
        case nil, "attribute", "attributes": return nil
        case let entity?:
            throw JidokaError.invalidArgument("Invalid entity type '\(entity)'. Valid entity types are ('attribute', 'tag', 'tags')")
        }
    }

    private static func unknown(_ key: String, _ known: [String]) -> JidokaError {
        .invalidArgument(
            "Invalid attribute key '\(key)' specified. Valid keys are '{\(known.map { "'\($0)'" }.joined(separator: ", "))}'")
    }

    /// MLflow takes lists of names and run ids only; here every text may be compared with a list, and a tag may be missing (`nullable`).
    private static func checkText(_ comparison: FilterComparison, nullable: Bool = false) throws {
        let known: Set<FilterComparator> = [.equal, .notEqual, .like, .ilike, .isIn, .notIn]
        let wantsList = comparison.comparator == .isIn || comparison.comparator == .notIn
        if nullable, comparison.value == .none { return }
        guard known.contains(comparison.comparator) else {
            throw JidokaError.invalidArgument("Invalid comparator for attribute: \(comparison.comparator.rawValue)")
        }
        switch comparison.value {
        case .text where !wantsList: return
        case .list where wantsList: return
        default:
            throw JidokaError.invalidArgument(
                "Expected a quoted string value or a list of quoted string values for attributes. Got value \(comparison.value.written)")
        }
    }

    private static func checkNumber(_ comparison: FilterComparison) throws {
        let ours: Set<FilterComparator> = [.isIn, .notIn, .between, .notBetween]
        guard FilterComparator.numeric.contains(comparison.comparator) || ours.contains(comparison.comparator) else {
            throw JidokaError.invalidArgument(
                "Invalid comparator for attribute \(comparison.field.key): \(comparison.comparator.rawValue)")
        }
        switch comparison.value {
        case .number(let value, _) where FilterComparator.numeric.contains(comparison.comparator) && Int64(exactly: value) != nil: return
        case .numbers where comparison.comparator == .isIn || comparison.comparator == .notIn: return
        case .range: return
        default:
            throw JidokaError.invalidArgument(
                "Invalid value for numeric attribute '\(comparison.field.key)': \(comparison.value.written)")
        }
    }
}
