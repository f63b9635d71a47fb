import Errors
import Filters

extension TracingService {
    package func search(_ search: TraceSearch) async throws -> TracePage {
        guard search.limit > 0 else {
            throw JidokaError.invalidArgument(
                "Invalid value \(search.limit) for parameter 'max_results' supplied. It must be a positive integer")
        }
        guard search.limit <= TracingLimits.pageMax else {
            throw JidokaError.invalidArgument(
                "Invalid value \(search.limit) for parameter 'max_results' supplied. It must be at most \(TracingLimits.pageMax)")
        }
        return try await searches.search(search)
    }

    /// How strongly two conditions go together over the traces of some experiments.
    package func correlation(experiments: [String], first: String, second: String, base: String?) async throws -> TraceCorrelation {
        func joined(_ parts: [String?]) throws -> TraceFilterTree { .all(try parts.map { try TraceFilter.parse($0) }) }
        let counts = try await searches.counts(
            of: [try joined([base]), try joined([base, first]), try joined([base, second]), try joined([base, first, second])],
            experiments: experiments)
        return TraceCorrelation(total: counts[0], first: counts[1], second: counts[2], joint: counts[3])
    }

    /// At most `limit` points, in the order of time and then of the dimensions.
    package func metrics(_ query: TraceMetricQuery, limit: Int) async throws -> [TraceMetricPoint] {
        try TracingService.check(query)
        let table = MetricTable(query)
        try await searches.measure(query) { try table.add($0) }
        return Array(table.points().prefix(limit))
    }

    private static func check(_ query: TraceMetricQuery) throws {
        guard let entry = TraceMetricCatalog.entry(query.view, query.metric) else {
            throw JidokaError.invalidArgument("metric_name must be one of those of \(query.view.rawValue), got '\(query.metric)'")
        }
        for aggregation in query.aggregations {
            var name = aggregation.label
            if case .percentile(let rank) = aggregation {
                name = "PERCENTILE"
                guard rank >= 0, rank <= 100 else {
                    throw JidokaError.invalidArgument("Percentile value must be between 0 and 100, got \(rank)")
                }
            }
            guard entry.aggregations.contains(name) else {
                throw JidokaError.invalidArgument(
                    "Found invalid aggregation type `\(name)` for metric `\(query.metric)`: \(entry.aggregations.sorted()) are supported")
            }
        }
        for dimension in query.dimensions where !entry.dimensions.contains(dimension) {
            throw JidokaError.invalidArgument(
                "Found invalid dimension `\(dimension)` for metric `\(query.metric)`: \(entry.dimensions.sorted()) are supported")
        }
        if let interval = query.interval {
            guard interval > 0, query.from != nil, query.to != nil else {
                throw JidokaError.invalidArgument("start_time_ms and end_time_ms are required if time_interval_seconds is set")
            }
        }
    }
}
