import Telemetry

/// The instruments of one version of an endpoint in one part; looked up once, when the version is loaded.
struct ServingMetrics: Sendable {
    let succeeded: Counter
    let refused: Counter
    let failed: Counter
    let cancelled: Counter
    let rows: Counter
    let duration: Histogram
    let queue: Histogram
    let compute: Histogram
    let batchRows: Histogram

    init(_ registry: MetricsRegistry, endpoint: String, version: String, route: Route) {
        let labels = [("endpoint", endpoint), ("version", version), ("route", route.rawValue)]
        func requests(_ outcome: String) -> Counter {
            registry.counter(
                "jidoka_serving_requests_total", help: "Requests by outcome: success, client_error, error, cancelled.",
                labels: labels + [("outcome", outcome)])
        }
        succeeded = requests("success")
        refused = requests("client_error")
        failed = requests("error")
        cancelled = requests("cancelled")
        rows = registry.counter("jidoka_serving_rows_total", help: "Rows answered.", labels: labels)
        duration = registry.histogram("jidoka_serving_request_seconds", help: "From a request's arrival to its answer.", labels: labels)
        queue = registry.histogram(
            "jidoka_serving_queue_seconds", help: "From a request's arrival to the start of its run.", labels: labels)
        compute = registry.histogram("jidoka_serving_compute_seconds", help: "The model's run that answered a request.", labels: labels)
        batchRows = registry.histogram(
            "jidoka_serving_batch_rows", help: "Rows of the run that answered a request.", labels: labels,
            bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024])
    }

    func observe(_ answer: BatchAnswer, rows count: Int, seconds: Double) {
        succeeded.add()
        rows.add(UInt64(count))
        duration.observe(seconds)
        queue.observe(Double(answer.queueNanoseconds) / 1e9)
        compute.observe(Double(answer.computeNanoseconds) / 1e9)
        batchRows.observe(Double(answer.batchRows))
    }
}
