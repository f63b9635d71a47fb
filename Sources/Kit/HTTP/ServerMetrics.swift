import Synchronization
import Telemetry

/// The server's instruments, looked up once.
final class ServerMetrics: Sendable {
    private static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "other"]
    private static let classes = ["1xx", "2xx", "3xx", "4xx", "5xx"]
    /// By method, then by class; methods of clients' own invention share `other`.
    private let requests: [[Counter]]
    private let seconds: Histogram
    private let gauge: Gauge
    private let count = Atomic<Int>(0)

    init(_ registry: MetricsRegistry) {
        requests = ServerMetrics.methods.map { method in
            ServerMetrics.classes.map { status in
                registry.counter(
                    "jidoka_http_requests_total", help: "Requests answered, by method and class of status.",
                    labels: [("method", method), ("status", status)])
            }
        }
        seconds = registry.histogram("jidoka_http_request_seconds", help: "From the end of a request's header to the end of its answer.")
        gauge = registry.gauge("jidoka_http_in_flight", help: "Requests that are being answered.")
    }

    var inFlight: Int { count.load(ordering: .acquiring) }

    func begin() { gauge.set(Double(count.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue)) }

    func end(method: String, status: Int, nanoseconds: UInt64) {
        gauge.set(Double(count.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue))
        let known = ServerMetrics.methods.firstIndex(of: method) ?? ServerMetrics.methods.count - 1
        requests[known][min(max(status / 100 - 1, 0), 4)].add()
        seconds.observe(Double(nanoseconds) / 1e9)
    }
}
