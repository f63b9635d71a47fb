import Errors
package import Events
package import Monitoring
import Synchronization

/// Monitors in memory, for tests of the service; it passes the same contract.
package final class MemoryMonitorStore: MonitorStore {
    private struct State {
        var monitors: [String: Monitor] = [:]
        var reports: [String: [Int64: WindowReport]] = [:]
    }
    private let state = Mutex(State())
    private let log: MemoryEventLog

    package init(log: MemoryEventLog = MemoryEventLog()) { self.log = log }

    package func monitor(endpoint: String) async throws -> Monitor? { state.withLock { $0.monitors[endpoint] } }

    package func save(_ monitor: Monitor, report: WindowReport?, events: [EventDraft]) async throws {
        try state.withLock { state in
            if let stored = state.monitors[monitor.endpoint], stored.revision >= monitor.revision {
                throw JidokaError(.conflict, "the monitor of `\(monitor.endpoint)` was changed by another")
            }
            state.monitors[monitor.endpoint] = monitor
            if let report { state.reports[report.endpoint, default: [:]][report.number] = report }
            log.add(events)
        }
    }

    package func update(_ report: WindowReport, events: [EventDraft]) async throws {
        state.withLock { state in
            state.reports[report.endpoint, default: [:]][report.number] = report
            log.add(events)
        }
    }

    package func reports(endpoint: String, limit: Int) async throws -> [WindowReport] {
        guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
        return state.withLock { state in
            Array((state.reports[endpoint] ?? [:]).values.sorted { $0.number > $1.number }.prefix(limit))
        }
    }

    package func report(endpoint: String, number: Int64) async throws -> WindowReport? {
        state.withLock { $0.reports[endpoint]?[number] }
    }
}
