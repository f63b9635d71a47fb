import Errors
package import Filters

/// Which comparators and values each kind of field takes, with the words of MLflow's refusals.
package enum FilterRules {
    package enum Kind: Sendable, Equatable {
        case metric, param, tag, text, dataset
        /// An attribute that is a number; its name is for the message.
        case number(String)
    }

    package static func check(_ comparison: FilterComparison, as kind: Kind, listsAllowed: Bool = false) throws {
        let allowed = comparators(kind)
        guard allowed.contains(comparison.comparator) else {
            if comparison.comparator == .isNull || comparison.comparator == .isNotNull {
                throw JidokaError.invalidArgument(
                    "IS NULL / IS NOT NULL is only supported for tags and params, not for '\(name(kind))' '\(comparison.field.key)'")
            }
            let list = allowed.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            throw JidokaError.invalidArgument("Invalid comparator '\(comparison.comparator.rawValue)' not one of '{\(list)}'")
        }
        try checkValue(comparison, kind, listsAllowed)
    }

    private static func checkValue(_ comparison: FilterComparison, _ kind: Kind, _ listsAllowed: Bool) throws {
        let found = comparison.value.written
        let wantsList = comparison.comparator == .isIn || comparison.comparator == .notIn
        switch (kind, comparison.value) {
        case (.metric, .number), (.number, .number): return
        case (.metric, _): throw JidokaError.invalidArgument("Expected numeric value type for metric. Found \(found)")
        case (.number(let key), _):
            throw JidokaError.invalidArgument("Expected numeric value type for numeric attribute: \(key). Found \(found)")
        case (_, .none): return
        case (_, .text) where !wantsList: return
        case (_, .list) where listsAllowed && wantsList: return
        case (_, .list) where !listsAllowed:
            throw JidokaError.invalidArgument("Only ['run_id'] attributes support comparison with a list of quoted string values.")
        case (.param, _), (.tag, _):
            throw JidokaError.invalidArgument("Expected a quoted string value for \(name(kind)) (e.g. 'my-value'). Got value \(found)")
        case (.dataset, _):
            throw JidokaError.invalidArgument("Expected a quoted string value for dataset attributes. Got value \(found)")
        case (.text, _): throw JidokaError.invalidArgument("Expected a quoted string value for attributes. Got value \(found)")
        }
    }

    private static func comparators(_ kind: Kind) -> [FilterComparator] {
        switch kind {
        case .metric, .number: [.greater, .greaterOrEqual, .notEqual, .equal, .less, .lessOrEqual]
        case .param, .tag: [.notEqual, .equal, .like, .ilike, .isNull, .isNotNull]
        case .text, .dataset: [.notEqual, .equal, .like, .ilike, .isIn, .notIn]
        }
    }

    private static func name(_ kind: Kind) -> String {
        switch kind {
        case .metric: "metric"
        case .param: "parameter"
        case .tag: "tag"
        case .text, .number: "attribute"
        case .dataset: "dataset"
        }
    }
}
