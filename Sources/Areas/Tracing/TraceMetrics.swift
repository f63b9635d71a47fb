/// What is measured over traces, spans or assessments.
package enum TraceMetricView: String, Sendable, CaseIterable {
    case traces = "TRACES"
    case spans = "SPANS"
    case assessments = "ASSESSMENTS"
}

/// How measured values become one.
package enum TraceAggregation: Sendable, Equatable {
    case count, sum, average, minimum, maximum
    /// 0...100, between the two nearest values in proportion.
    case percentile(Double)

    /// As answers name it.
    package var label: String {
        switch self {
        case .count: "COUNT"
        case .sum: "SUM"
        case .average: "AVG"
        case .minimum: "MIN"
        case .maximum: "MAX"
        case .percentile(let rank): "P\(rank)"
        }
    }
}

/// Equality conditions of a metric query, all of which must hold.
package enum TraceMetricFilter: Sendable, Equatable {
    case traceState(String)
    case traceTag(key: String, value: String)
    case traceMetadata(key: String, value: String)
    case spanName(String)
    case spanType(String)
    case spanStatus(String)
    case assessmentName(String)
    case assessmentKind(String)
}

/// A question for figures over time.
package struct TraceMetricQuery: Sendable, Equatable {
    package var experimentIDs: [String]
    package var view: TraceMetricView
    package var metric: String
    package var aggregations: [TraceAggregation]
    package var dimensions: [String]
    package var filters: [TraceMetricFilter]
    /// Seconds of one bucket; nil: no buckets.
    package var interval: Int64?
    /// Milliseconds, both included.
    package var from: Int64?
    package var to: Int64?

    package init(
        experimentIDs: [String], view: TraceMetricView, metric: String, aggregations: [TraceAggregation], dimensions: [String] = [],
        filters: [TraceMetricFilter] = [], interval: Int64? = nil, from: Int64? = nil, to: Int64? = nil
    ) {
        self.experimentIDs = experimentIDs
        self.view = view
        self.metric = metric
        self.aggregations = aggregations
        self.dimensions = dimensions
        self.filters = filters
        self.interval = interval
        self.from = from
        self.to = to
    }
}

/// One measured value.
package struct TraceMeasure: Sendable, Equatable {
    /// Milliseconds.
    package var time: Int64
    /// The values of the query's dimensions; nil where there is none.
    package var dimensions: [String?]
    /// nil: counted, but without a number.
    package var value: Double?
    /// For `session_count`: what is counted once.
    package var distinct: String?

    package init(time: Int64, dimensions: [String?], value: Double?, distinct: String? = nil) {
        self.time = time
        self.dimensions = dimensions
        self.value = value
        self.distinct = distinct
    }
}

/// Figures of one bucket and one combination of dimensions.
package struct TraceMetricPoint: Sendable, Equatable {
    package var metric: String
    /// With `time_bucket` (RFC 3339) when the query has an interval.
    package var dimensions: [String: String]
    /// By `TraceAggregation.label`.
    package var values: [String: Double]

    package init(metric: String, dimensions: [String: String], values: [String: Double]) {
        self.metric = metric
        self.dimensions = dimensions
        self.values = values
    }
}

/// Which aggregations and dimensions each metric has.
package enum TraceMetricCatalog {
    private static let distribution: Set<String> = ["AVG", "MIN", "MAX", "PERCENTILE"]

    package static func entry(_ view: TraceMetricView, _ metric: String) -> (aggregations: Set<String>, dimensions: Set<String>)? {
        switch (view, metric) {
        case (.traces, "trace_count"): (["COUNT"], ["trace_name", "trace_status"])
        case (.traces, "session_count"): (["COUNT"], [])
        case (.traces, "latency"): (distribution, ["trace_name"])
        case (.traces, _) where tokens.contains(metric): (distribution.union(["SUM"]), ["trace_name"])
        case (.spans, "span_count"):
            (["COUNT"], ["span_name", "span_type", "span_status", "span_model_name", "span_model_provider"])
        case (.spans, "latency"): (distribution, ["span_name", "span_status"])
        case (.spans, _) where costs.contains(metric): (distribution.union(["SUM"]), ["span_model_name", "span_model_provider"])
        case (.assessments, "assessment_count"): (["COUNT"], ["assessment_name", "assessment_value"])
        case (.assessments, "assessment_value"): (distribution, ["assessment_name"])
        default: nil
        }
    }

    package static let tokens: Set<String> = [
        "input_tokens", "output_tokens", "total_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
    ]
    package static let costs: Set<String> = ["input_cost", "output_cost", "total_cost"]
}
