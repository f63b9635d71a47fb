import Errors
import Filters

/// The one comparison that a filter of a metric query holds.
enum TraceMetricFilterText {
    static func read(_ text: String) throws -> (entity: String, key: String, value: String) {
        let comparisons = try FilterParser.parse(text).leaves
        guard comparisons.count == 1, let only = comparisons.first else {
            throw JidokaError.invalidArgument("Invalid filter: '\(text)'. Expected one filter clause.")
        }
        guard only.comparator == .equal, case .text(let value) = only.value, let entity = only.field.entity else {
            throw JidokaError.invalidArgument("Invalid filter: '\(text)'. Write `trace.<key> = 'value'`; only '=' is supported.")
        }
        return (entity, only.field.key.filter { $0 != "`" && $0 != "\"" }, value)
    }
}
