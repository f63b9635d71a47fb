import Errors
package import Filters

/// A condition on traces.
package typealias TraceFilterTree = FilterTree<TraceCondition>

/// What a search for traces may compare.
package enum TraceField: Sendable, Hashable {
    case attribute(TraceAttribute)
    case tag(String)
    case metadata(String)
    /// The run that a trace was made in or linked to.
    case run
    /// A prompt version that a trace is linked to, `name/version`.
    case prompt
    case span(SpanField)
    case assessment(Assessment.Kind, name: String)
    case issue
}

/// Columns of a trace; raw values are MLflow's.
package enum TraceAttribute: String, Sendable, CaseIterable {
    case id = "request_id"
    case requestTime = "timestamp_ms"
    case duration = "execution_time_ms"
    case endTime = "end_time_ms"
    case state = "status"
    case clientRequestID = "client_request_id"
    /// For sorting only.
    case experimentID = "experiment_id"

    package var isNumeric: Bool { self == .requestTime || self == .duration || self == .endTime }
}

/// What of the spans of a trace is compared: one span must fulfil all conditions of a filter.
package enum SpanField: Sendable, Hashable {
    case name, type, status
    /// The whole JSON of a span.
    case content
    case attribute(String)
}

/// One comparison; times are in milliseconds.
package struct TraceCondition: Sendable, Equatable {
    package var field: TraceField
    package var comparator: FilterComparator
    package var value: FilterLiteral

    package init(field: TraceField, comparator: FilterComparator, value: FilterLiteral) {
        self.field = field
        self.comparator = comparator
        self.value = value
    }
}

/// Reads the trace filter language of MLflow.
package enum TraceFilter {
    package static func parse(_ text: String?) throws -> TraceFilterTree {
        try FilterParser.parse(text).map { comparison in
            let field = try field(comparison.field)
            try check(comparison, field)
            return TraceCondition(field: field, comparator: comparison.comparator, value: comparison.value)
        }
    }

    package static func orders(_ clauses: [String]) throws -> [TraceOrder] {
        var orders: [TraceOrder] = []
        for clause in clauses {
            let written = try FilterParser.ordering(clause)
            let field = try self.field(written.field, sorting: true)
            switch field {
            case .attribute, .tag, .metadata: break
            case .run: orders.append(TraceOrder(field: .metadata(TraceKey.sourceRun), ascending: written.ascending))
            default: throw JidokaError.invalidArgument("Invalid order_by clause '\(clause)'.")
            }
            guard !orders.contains(where: { $0.field == field }) else {
                throw JidokaError.invalidArgument("`order_by` contains duplicate fields: \(clauses)")
            }
            if field != .run { orders.append(TraceOrder(field: field, ascending: written.ascending)) }
        }
        return orders
    }

    private static func field(_ written: FilterField, sorting: Bool = false) throws -> TraceField {
        let key = written.key
        switch written.entity {
        case nil, "attribute", "attributes", "trace": return try attribute(key, sorting)
        case "tag", "tags": return .tag(key)
        case "metadata", "request_metadata": return .metadata(key)
        case "span": return .span(try span(key))
        case "feedback": return .assessment(.feedback, name: key)
        case "expectation": return .assessment(.expectation, name: key)
        case "issue":
            guard key == "id" else { throw JidokaError.invalidArgument("Invalid issue attribute '\(key)'. Supported attributes: id") }
            return .issue
        case let entity?:
            throw JidokaError.invalidArgument(
                "Invalid entity type '\(entity)'. Valid values are attribute, tag, metadata, request_metadata, trace, span, feedback, "
                    + "expectation, issue")
        }
    }

    private static func attribute(_ key: String, _ sorting: Bool) throws -> TraceField {
        switch key.lowercased() {
        case "name": return .tag(TraceKey.name)
        case "run_id": return .run
        case "prompt" where !sorting: return .prompt
        case "text" where !sorting: return .span(.content)
        case "timestamp": return .attribute(.requestTime)
        case "execution_time": return .attribute(.duration)
        case "end_time": return .attribute(.endTime)
        default: break
        }
        guard let attribute = TraceAttribute(rawValue: key), sorting || attribute != .experimentID else {
            throw JidokaError.invalidArgument(
                "Invalid attribute key '\(key)' specified. Valid keys are request_id, timestamp, timestamp_ms, execution_time, "
                    + "execution_time_ms, end_time, end_time_ms, status, client_request_id, name, run_id, prompt, text")
        }
        return .attribute(attribute)
    }

    private static func span(_ key: String) throws -> SpanField {
        switch key {
        case "name": return .name
        case "type": return .type
        case "status": return .status
        case "content": return .content
        default: break
        }
        guard key.hasPrefix("attributes.") else {
            throw JidokaError.invalidArgument(
                "Invalid span attribute '\(key)'. Supported attributes: name, status, type, attributes.<attribute_name>.")
        }
        let name = key.dropFirst("attributes.".count).filter { $0 != "`" }
        guard !name.isEmpty else { throw JidokaError.invalidArgument("Span attribute name cannot be empty after 'attributes.'") }
        return .attribute(name)
    }

    // MARK: what may stand on the right

    private static let texts: Set<FilterComparator> = [.equal, .notEqual, .like, .ilike, .rlike]
    private static let lists: Set<FilterComparator> = [.isIn, .notIn]
    private static let presence: Set<FilterComparator> = [.isNull, .isNotNull]
    private static let ordered: Set<FilterComparator> = [.less, .lessOrEqual, .greater, .greaterOrEqual]

    private static func check(_ comparison: FilterComparison, _ field: TraceField) throws {
        let allowed: Set<FilterComparator> =
            switch field {
            case .attribute(let attribute): attribute.isNumeric ? FilterComparator.numeric : texts.union(lists)
            case .tag, .metadata: texts.union(presence).union(lists)
            case .run: texts.union(presence).union(lists)
            case .prompt, .issue: [.equal]
            case .span(.content): [.like, .ilike]
            case .span: texts.union(lists)
            case .assessment: texts.union(presence).union(ordered)
            }
        guard allowed.contains(comparison.comparator) else {
            let list = allowed.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
            throw JidokaError.invalidArgument(
                "Invalid comparator '\(comparison.comparator.rawValue)' for '\(comparison.field.key)', not one of '{\(list)}'")
        }
        try checkValue(comparison, field)
    }

    private static func checkValue(_ comparison: FilterComparison, _ field: TraceField) throws {
        let found = comparison.value.written
        switch (field, comparison.value) {
        case (.attribute(let attribute), .number) where attribute.isNumeric: return
        case (.attribute(let attribute), _) where attribute.isNumeric:
            throw JidokaError.invalidArgument("Expected numeric value type for numeric attribute: \(attribute.rawValue). Found \(found)")
        case (.assessment(let kind, _), let value) where ordered.contains(comparison.comparator):
            guard case .number = value else {
                throw JidokaError.invalidArgument(
                    "Expected a numeric value for \(kind.rawValue) when using comparator '\(comparison.comparator.rawValue)'. "
                        + "Got value \(found)")
            }
        case (.prompt, .text(let value)) where value.split(separator: "/", omittingEmptySubsequences: false).count != 2:
            throw JidokaError.invalidArgument(
                "Invalid prompts filter value '\(value)'. Expected format: prompt = \"name/version\"")
        case (_, .none) where presence.contains(comparison.comparator): return
        case (_, .list) where lists.contains(comparison.comparator): return
        // A store matches nothing by a pattern that it cannot read: the caller is told here what is wrong with it.
        case (_, .text(let pattern)) where comparison.comparator == .rlike: _ = try TextPattern(pattern)
        case (_, .text) where !lists.contains(comparison.comparator): return
        default:
            throw JidokaError.invalidArgument(
                "Expected a quoted string value for \(comparison.field.key) (e.g. 'my-value'). Got value \(found)")
        }
    }
}
