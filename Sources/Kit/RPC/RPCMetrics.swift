import Synchronization
import Telemetry

/// The server's instruments, looked up once.
final class RPCMetrics: Sendable {
    private let calls: [Counter]
    private let seconds: Histogram
    private let gauge: Gauge
    private let count = Atomic<Int>(0)

    init(_ registry: MetricsRegistry) {
        calls = (0...16).map { code in
            registry.counter("jidoka_rpc_calls_total", help: "gRPC calls ended, by status code.", labels: [("code", String(code))])
        }
        seconds = registry.histogram("jidoka_rpc_call_seconds", help: "From the opening of a gRPC call to its end.")
        gauge = registry.gauge("jidoka_rpc_in_flight", help: "gRPC calls that are open.")
    }

    func begin() { gauge.set(Double(count.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue)) }

    func end(_ code: RPCStatus.Code, nanoseconds: UInt64) {
        gauge.set(Double(count.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue))
        calls[code.rawValue].add()
        seconds.observe(Double(nanoseconds) / 1e9)
    }
}
