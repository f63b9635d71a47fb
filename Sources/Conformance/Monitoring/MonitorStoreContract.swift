import Errors
import Clockwork
package import Events
package import Monitoring

/// What every `MonitorStore` does. Each check gets an empty store, and a way to read the events that the store wrote.
package enum MonitorStoreContract {
    package struct Check: Sendable {
        package var name: String
        package var run: @Sendable (any MonitorStore, any EventLog) async throws -> Void
    }

    package static let checks: [Check] = [
        Check(name: "a saved monitor reads back as it was", run: savedReadsBack),
        Check(name: "a monitor changes only to a greater revision", run: revisionsGrow),
        Check(name: "a refused save leaves no report and no event", run: refusedLeavesNothing),
        Check(name: "a report is replaced when labels arrive", run: reportsAreReplaced),
        Check(name: "reports come newest first, as many as asked for, of one endpoint", run: newestFirst),
    ]

    private static let start = Timestamp(microseconds: 1_700_000_000_000_000)

    private static func event(_ kind: String) -> EventDraft {
        EventDraft(
            kind: kind, subject: EventSubject("endpoint", "employment"), actor: "monitor:employment", reason: "contract", time: start)
    }

    private static func monitor(revision: Int64) -> Monitor {
        var monitor = Monitor(endpoint: "employment")
        monitor.phase = .suspect
        monitor.champion = "3"
        monitor.nextRow = 4_000
        monitor.windows = 2
        monitor.driftedInARow = 1
        monitor.obstacle = "none"
        monitor.revision = revision
        return monitor
    }

    private static func report(_ number: Int64, endpoint: String = "employment", labels: Int = 40) -> WindowReport {
        SyntheticWindow(rows: 200, seed: UInt64(number) + 1).report(endpoint: endpoint, number: number, labelled: labels)
    }

    private static func savedReadsBack(_ store: any MonitorStore, _ log: any EventLog) async throws {
        try Promise.holds(try await store.monitor(endpoint: "employment") == nil, "an unknown monitor is found")
        try await store.save(monitor(revision: 1), report: report(0), events: [event("window.evaluated"), event("drift.suspected")])
        try Promise.holds(try await store.monitor(endpoint: "employment") == monitor(revision: 1), "the monitor differs")
        try Promise.holds(try await store.report(endpoint: "employment", number: 0) == report(0), "the report differs")
        try Promise.holds(try await store.report(endpoint: "employment", number: 1) == nil, "an unknown report is found")
        try Promise.holds(try await kinds(log) == ["window.evaluated", "drift.suspected"], "the events differ")
    }

    private static func revisionsGrow(_ store: any MonitorStore, _ log: any EventLog) async throws {
        try await store.save(monitor(revision: 1), report: nil, events: [])
        try await store.save(monitor(revision: 2), report: nil, events: [])
        try await Promise.refused(.conflict) { try await store.save(monitor(revision: 2), report: nil, events: []) }
        try await Promise.refused(.conflict) { try await store.save(monitor(revision: 1), report: nil, events: []) }
        try Promise.holds(try await store.monitor(endpoint: "employment")?.revision == 2, "the revision differs")
    }

    private static func refusedLeavesNothing(_ store: any MonitorStore, _ log: any EventLog) async throws {
        try await store.save(monitor(revision: 1), report: nil, events: [])
        try await Promise.refused(.conflict) {
            try await store.save(monitor(revision: 1), report: report(0), events: [event("window.evaluated")])
        }
        try Promise.holds(try await store.reports(endpoint: "employment", limit: 10).isEmpty, "a refused save left a report")
        try Promise.holds(try await kinds(log).isEmpty, "a refused save left an event")
    }

    private static func reportsAreReplaced(_ store: any MonitorStore, _ log: any EventLog) async throws {
        try await store.save(monitor(revision: 1), report: report(0, labels: 0), events: [])
        var later = report(0, labels: 150)
        later.isDropReported = true
        try await store.update(later, events: [event("performance.dropped")])
        try Promise.holds(try await store.reports(endpoint: "employment", limit: 10) == [later], "the report was not replaced")
        try Promise.holds(try await store.monitor(endpoint: "employment") == monitor(revision: 1), "the monitor changed")
        try Promise.holds(try await kinds(log) == ["performance.dropped"], "the event is missing")
    }

    private static func newestFirst(_ store: any MonitorStore, _ log: any EventLog) async throws {
        for number in [0, 2, 1] as [Int64] {
            try await store.update(report(number), events: [])
            try await store.update(report(number, endpoint: "other"), events: [])
        }
        let page = try await store.reports(endpoint: "employment", limit: 2)
        try Promise.holds(page.map(\.number) == [2, 1] && page.allSatisfy { $0.endpoint == "employment" }, "the page differs")
        try await Promise.refused(.invalidArgument) { _ = try await store.reports(endpoint: "employment", limit: 1_001) }
    }

    private static func kinds(_ log: any EventLog) async throws -> [String] {
        try await log.events(after: 0, limit: 100, kinds: nil, subject: nil).map(\.draft.kind)
    }
}
