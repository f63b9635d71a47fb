import Errors
package import Filters

/// Which comparators and values each kind of field takes, with the words of MLflow's refusals.
package enum FilterRules {
    package enum Kind: Sendable, Equatable {
        case metric, param, tag, text, dataset
        /// An attribute that is a number; its name is for the message.
        case number(String)
    }

    /// What MLflow takes is taken, and beyond it: lists, ranges and numbers for params, lists wherever texts or numbers are compared, and
    /// IS NULL for what may be missing. - Parameter nullable: the attribute may be missing.
    package static func check(_ comparison: FilterComparison, as kind: Kind, nullable: Bool = false) throws {
        let comparator = comparison.comparator
        if kind == .param, comparison.value.isNumeric, comparator != .like, comparator != .ilike { return }
        if nullable, comparison.value == .none { return }
        guard comparators(kind).contains(comparator) || extensions(kind).contains(comparator) else {
            if comparator == .isNull || comparator == .isNotNull {
                throw JidokaError.invalidArgument(
                    "IS NULL / IS NOT NULL is only supported for tags and params, not for '\(name(kind))' '\(comparison.field.key)'")
            }
            let list = comparators(kind).map { "'\($0.rawValue)'" }.joined(separator: ", ")
            throw JidokaError.invalidArgument(
                "Invalid comparator '\(comparator.rawValue)' not one of '{\(list)}'",
                hint: kind == .param ? "to compare as a number, write the number without quotes" : nil)
        }
        try checkValue(comparison, kind)
    }

    private static func checkValue(_ comparison: FilterComparison, _ kind: Kind) throws {
        let found = comparison.value.written
        let wantsList = comparison.comparator == .isIn || comparison.comparator == .notIn
        let wantsRange = comparison.comparator == .between || comparison.comparator == .notBetween
        switch (kind, comparison.value) {
        case (_, .none): return
        case (.metric, .number) where !wantsList && !wantsRange: return
        case (.number, .number) where !wantsList && !wantsRange: return
        case (.metric, .numbers) where wantsList, (.number, .numbers) where wantsList: return
        case (.metric, .range), (.number, .range): return
        case (.metric, _): throw JidokaError.invalidArgument("Expected numeric value type for metric. Found \(found)")
        case (.number(let key), _):
            throw JidokaError.invalidArgument("Expected numeric value type for numeric attribute: \(key). Found \(found)")
        case (_, .text) where !wantsList: return
        case (_, .list) where wantsList: return
        case (_, .numbers): throw JidokaError.invalidArgument(mixedList(found))
        case (.param, _), (.tag, _):
            throw JidokaError.invalidArgument("Expected a quoted string value for \(name(kind)) (e.g. 'my-value'). Got value \(found)")
        case (.dataset, _):
            throw JidokaError.invalidArgument("Expected a quoted string value for dataset attributes. Got value \(found)")
        case (.text, _): throw JidokaError.invalidArgument("Expected a quoted string value for attributes. Got value \(found)")
        }
    }

    private static func mixedList(_ found: String) -> String {
        "While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type in list: \(found)"
    }

    /// What MLflow takes.
    private static func comparators(_ kind: Kind) -> [FilterComparator] {
        switch kind {
        case .metric, .number: [.greater, .greaterOrEqual, .notEqual, .equal, .less, .lessOrEqual]
        case .param, .tag: [.notEqual, .equal, .like, .ilike, .isNull, .isNotNull]
        case .text, .dataset: [.notEqual, .equal, .like, .ilike, .isIn, .notIn]
        }
    }

    /// What is taken beyond MLflow.
    private static func extensions(_ kind: Kind) -> [FilterComparator] {
        switch kind {
        case .metric: [.isIn, .notIn, .between, .notBetween, .isNull, .isNotNull]
        case .number: [.isIn, .notIn, .between, .notBetween]
        case .param, .tag: [.isIn, .notIn]
        case .dataset: [.isNull, .isNotNull]
        case .text: []
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
