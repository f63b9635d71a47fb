import SQL
import Tracing

/// A metric query as SQL that gives time, value and dimensions of everything that is measured; summing up is the area's.
enum TraceMetricSQL {
    /// nil when no experiment can match.
    static func select(_ query: TraceMetricQuery) -> (sql: String, bindings: [SQLValue])? {
        let experiments = query.experimentIDs.compactMap { Int64($0) }
        if experiments.isEmpty { return nil }
        var conditions = FilterSQL()
        conditions.isOneOf("t.experiment", experiments.map(SQLValue.int))
        var bindings: [SQLValue] = []
        let value = value(query, &bindings)
        let time = query.view == .spans ? "(s.started / 1000000)" : "t.request_time"
        let columns = [time, value] + query.dimensions.map { dimension($0, &bindings) }
        var from = "traces t"
        switch query.view {
        case .traces: break
        case .spans: from += " JOIN spans s ON s.trace = t.number"
        case .assessments:
            from += " JOIN assessments a ON a.trace = t.number"
            conditions.add("a.valid = 1")
        }
        if let first = query.from { conditions.add("\(time) >= ?", [.int(first)]) }
        if let last = query.to { conditions.add("\(time) <= ?", [.int(last)]) }
        for filter in query.filters { add(filter, query.view, to: &conditions) }
        return ("SELECT \(columns.joined(separator: ", ")) FROM \(from) WHERE \(conditions.text)", bindings + conditions.bindings)
    }

    private static func value(_ query: TraceMetricQuery, _ bindings: inout [SQLValue]) -> String {
        switch (query.view, query.metric) {
        case (.traces, "latency"): return "t.duration"
        case (.spans, "latency"): return "((s.ended - s.started) / 1000000)"
        case (.assessments, "assessment_value"): return "a.figure"
        case (.traces, "session_count"): return metadata(TraceKey.session, &bindings)
        case (.traces, let metric) where TraceMetricCatalog.tokens.contains(metric): return metadata(TraceKey.tokenUsage, &bindings)
        case (.spans, let metric) where TraceMetricCatalog.costs.contains(metric): return "s.cost"
        default: return "NULL"
        }
    }

    private static func metadata(_ key: String, _ bindings: inout [SQLValue]) -> String {
        bindings.append(.text(key))
        return "(SELECT value FROM trace_metadata WHERE trace = t.number AND key = ?)"
    }

    private static func dimension(_ name: String, _ bindings: inout [SQLValue]) -> String {
        switch name {
        case "trace_name":
            bindings.append(.text(TraceKey.name))
            return "(SELECT value FROM trace_tags WHERE trace = t.number AND key = ?)"
        case "trace_status": return "t.state"
        case "span_name": return "s.name"
        case "span_type": return "s.type"
        case "span_status": return "s.status"
        case "span_model_name": return "s.model"
        case "span_model_provider": return "s.provider"
        case "assessment_name": return "a.name"
        case "assessment_value": return "a.value"
        default: return "NULL"
        }
    }

    private static func add(_ filter: TraceMetricFilter, _ view: TraceMetricView, to sql: inout FilterSQL) {
        func span(_ column: String, _ value: String) {
            if view == .spans {
                sql.add("s.\(column) = ?", [.text(value)])
            } else {
                sql.add("EXISTS (SELECT 1 FROM spans s WHERE s.trace = t.number AND s.\(column) = ?)", [.text(value)])
            }
        }
        func assessment(_ column: String, _ value: String) {
            if view == .assessments {
                sql.add("a.\(column) = ?", [.text(value)])
            } else {
                sql.add("EXISTS (SELECT 1 FROM assessments a WHERE a.trace = t.number AND a.\(column) = ?)", [.text(value)])
            }
        }
        func keyed(_ table: String, _ key: String, _ value: String) {
            sql.add("t.number IN (SELECT trace FROM \(table) WHERE key = ? AND value = ?)", [.text(key), .text(value)])
        }
        switch filter {
        case .traceState(let state): sql.add("t.state = ?", [.text(state)])
        case .traceTag(let key, let value): keyed("trace_tags", key, value)
        case .traceMetadata(let key, let value): keyed("trace_metadata", key, value)
        case .spanName(let value): span("name", value)
        case .spanType(let value): span("type", value)
        case .spanStatus(let value): span("status", value)
        case .assessmentName(let value): assessment("name", value)
        case .assessmentKind(let value): assessment("kind", value)
        }
    }
}
