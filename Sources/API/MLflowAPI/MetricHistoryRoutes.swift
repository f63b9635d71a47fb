import Errors
import HTTP
import JSON
import Tracking

/// Metric histories of several runs at once, as MLflow's web interface draws them.
extension RouteTable {
    mutating func addMetricHistories() {
        let tracking = services.tracking
        add("GET", "metrics/get-history-bulk-interval", .read) { call in
            let asked = try call.fields.historyInterval()
            return try await .metrics(always: false) { writer in
                for run in asked.runs {
                    let points = try await tracking.metricSample(runID: run, key: asked.key, steps: asked.steps, limit: asked.limit)
                    writer.write(points, of: run)
                }
            }
        }
        addRaw("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk", .read) { request in
            let asked = try await RequestFields(request).historyBulk()
            return try await .metrics(always: true) { writer in
                var left = asked.limit
                for run in asked.runs where left > 0 {
                    let points = try await tracking.metricHistory(runID: run, key: asked.key, offset: 0, limit: left).items
                    writer.write(points, of: run)
                    left -= points.count
                }
            }
        }
    }
}

extension RequestFields {
    fileprivate typealias Asked = (runs: [String], key: String, steps: ClosedRange<Int64>?, limit: Int)

    fileprivate func historyInterval() throws -> Asked {
        let runs = try texts("run_ids")
        guard !runs.isEmpty else { throw missing("run_ids") }
        let more = "See the API docs for more information about request parameters."
        guard runs.count <= MetricSampling.runsMax else {
            throw JidokaError.invalidArgument(
                "GetMetricHistoryBulkInterval request must specify at most \(MetricSampling.runsMax) run_ids. "
                    + "Received \(runs.count) run_ids. \(more)")
        }
        let key = try requiredText("metric_key")
        let limit = try integer("max_results") ?? Int64(MetricSampling.pointsMax)
        guard limit >= 1, limit <= MetricSampling.pointsMax else {
            throw JidokaError.invalidArgument("max_results must be between 1 and \(MetricSampling.pointsMax). \(more)")
        }
        let (start, end) = (try integer("start_step"), try integer("end_step"))
        guard (start == nil) == (end == nil) else {
            throw JidokaError.invalidArgument("If either start step or end step are specified, both must be specified.")
        }
        guard let start, let end else { return (runs, key, nil, Int(limit)) }
        guard start <= end else {
            throw JidokaError.invalidArgument(
                "end_step must be greater than start_step. Found start_step=\(start) and end_step=\(end).")
        }
        return (runs, key, start...end, Int(limit))
    }

    fileprivate func historyBulk() throws -> Asked {
        let runs = try texts("run_id")
        guard !runs.isEmpty else {
            throw JidokaError.invalidArgument("GetMetricHistoryBulk request must specify at least one run_id.")
        }
        guard runs.count <= MetricSampling.runsMax else {
            throw JidokaError.invalidArgument(
                "GetMetricHistoryBulk request cannot specify more than \(MetricSampling.runsMax) run_ids. Received \(runs.count) run_ids.")
        }
        guard let key = try text("metric_key") else {
            throw JidokaError.invalidArgument("GetMetricHistoryBulk request must specify a metric_key.")
        }
        let limit = try integer("max_results") ?? Int64(TrackingLimits.historyPage)
        return (Set(runs).sorted(), key, nil, Int(min(max(limit, 0), Int64(TrackingLimits.historyPage))))
    }
}

extension HTTPResponse {
    /// `{"metrics": [...]}`; the empty list only `always`.
    fileprivate static func metrics(always: Bool, _ write: (inout JSONWriter) async throws -> Void) async throws -> HTTPResponse {
        var list = JSONWriter(capacity: 65_536)
        list.beginArray()
        try await write(&list)
        list.endArray()
        return .object(capacity: list.bytes.count + 16) { writer in
            guard always || list.bytes.count > 2 else { return }
            writer.key("metrics")
            writer.raw(list.bytes)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ points: [Metric], of run: String) {
        for var point in points {
            point.runID = run
            write(point)
        }
    }
}
