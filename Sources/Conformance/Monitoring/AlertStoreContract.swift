import JSON
import Errors
import Clockwork
package import Events
package import Monitoring

/// What every `AlertStore` does. Each check gets an empty store, and a way to read the events that the store wrote.
package enum AlertStoreContract {
    package struct Check: Sendable {
        package var name: String
        package var run: @Sendable (any AlertStore, any EventLog) async throws -> Void
    }

    package static let checks: [Check] = [
        Check(name: "a taken alert is open, told of, and due to each channel", run: takenIsOpen),
        Check(name: "events up to the cursor are taken in once", run: cursorCountsOnce),
        Check(name: "the same cause counts while the alert fires", run: sameCauseCounts),
        Check(name: "other causes, and the same one after an acknowledgement, are told anew", run: newCausesAreTold),
        Check(name: "a delivered message is not due any more", run: deliveredIsDone),
        Check(name: "a failed message is due later, with the next attempt", run: failedIsLater),
        Check(name: "a dead letter is not due any more", run: deadIsDone),
        Check(name: "what is due comes oldest first, as much as asked for", run: oldestFirst),
        Check(name: "states change with who changed them", run: statesChange),
        Check(name: "alerts come newest first, as many as asked for", run: newestFirst),
    ]

    private static let start = Timestamp(microseconds: 1_700_000_000_000_000)

    package static func sample(_ id: String, event: String = "drift.confirmed", about: String = "employment", minute: Int64 = 0) -> Alert {
        Alert(
            id: id, level: .p1, event: event, subject: EventSubject("endpoint", about), reason: "3 of 16 features drifted", state: .firing,
            firedAt: Timestamp(microseconds: start.microseconds + minute * 60_000_000), count: 1, acknowledgedBy: nil,
            payload: ["window": 4, "features": ["AGEP", "SCHL"]])
    }

    private static func draft(_ kind: String, _ id: String) -> EventDraft {
        EventDraft(kind: kind, subject: EventSubject("alert", id), actor: "system", reason: "contract", time: start)
    }

    private static func later(_ minutes: Int64) -> Timestamp { Timestamp(microseconds: start.microseconds + minutes * 60_000_000) }

    private static func takenIsOpen(_ store: any AlertStore, _ log: any EventLog) async throws {
        try Promise.holds(try await store.cursor() == 0, "the cursor of an empty store is not 0")
        try await store.take([(alert: sample("a"), channels: ["hook", "chat"])], cursor: 7, at: start)
        try Promise.holds(try await store.cursor() == 7, "the cursor did not move")
        try Promise.holds(try await store.alert("a") == sample("a"), "the alert differs")
        try Promise.holds(try await store.alert("b") == nil, "an unknown alert is found")
        let due = try await store.due(at: start, limit: 10)
        try Promise.holds(Set(due.map(\.channel)) == ["hook", "chat"], "the channels differ")
        try Promise.holds(due.allSatisfy { $0.alert == sample("a") && $0.attempt == 1 && $0.dueAt == start }, "a delivery differs")
        let events = try await log.events(after: 0, limit: 10, kinds: nil, subject: EventSubject("alert", "a"))
        try Promise.holds(events.map(\.draft.kind) == ["alert.fired"], "the event is missing")
    }

    private static func cursorCountsOnce(_ store: any AlertStore, _ log: any EventLog) async throws {
        try await store.take([(alert: sample("a"), channels: [])], cursor: 7, at: start)
        try await store.take([(alert: sample("b"), channels: [])], cursor: 7, at: start)
        try await store.take([(alert: sample("c"), channels: [])], cursor: 6, at: start)
        try Promise.holds(try await store.alerts(limit: 10) == [sample("a")], "an event counted twice")
        try Promise.holds(try await log.head().sequence == 1, "an event was told of twice")
    }

    private static func sameCauseCounts(_ store: any AlertStore, _ log: any EventLog) async throws {
        try await store.take([(alert: sample("a"), channels: ["hook"]), (alert: sample("b"), channels: ["hook"])], cursor: 2, at: start)
        try await store.take([(alert: sample("c"), channels: ["hook"])], cursor: 3, at: start)
        try Promise.holds(try await store.alerts(limit: 10).map(\.id) == ["a"], "the cause was told twice")
        try Promise.holds(try await store.alert("a")?.count == 3, "the count is wrong")
        try Promise.holds(try await store.due(at: start, limit: 10).count == 1, "the channel is told twice")
        try Promise.holds(try await log.head().sequence == 1, "counting left an event")
    }

    private static func newCausesAreTold(_ store: any AlertStore, _ log: any EventLog) async throws {
        let others = [sample("a"), sample("b", about: "other"), sample("c", event: "performance.dropped")]
        try await store.take(others.map { (alert: $0, channels: ["hook"]) }, cursor: 3, at: start)
        try Promise.holds(try await store.alerts(limit: 10).count == 3, "two causes were taken for one")
        try await store.setState("a", .acknowledged, by: "user:alice", event: draft("alert.acknowledged", "a"))
        try await store.setState("b", .resolved, by: nil, event: draft("alert.resolved", "b"))
        try await store.take(
            [(alert: sample("d"), channels: ["hook"]), (alert: sample("e", about: "other"), channels: [])], cursor: 5, at: start)
        try Promise.holds(try await store.alert("d") != nil, "a cause is not told again after its acknowledgement")
        try Promise.holds(try await store.alert("e") != nil, "a cause is not told again after it was resolved")
    }

    private static func deliveredIsDone(_ store: any AlertStore, _ log: any EventLog) async throws {
        try await store.take([(alert: sample("a"), channels: ["hook", "chat"])], cursor: 1, at: start)
        let due = try await store.due(at: start, limit: 10)
        for delivery in due where delivery.channel == "hook" { try await store.delivered(delivery, event: draft("alert.delivered", "a")) }
        try Promise.holds(try await store.due(at: later(10), limit: 10).map(\.channel) == ["chat"], "what was delivered is still due")
        try Promise.holds(try await kinds(log) == ["alert.fired", "alert.delivered"], "the event of the delivery is missing")
    }

    private static func failedIsLater(_ store: any AlertStore, _ log: any EventLog) async throws {
        try await store.take([(alert: sample("a"), channels: ["hook"])], cursor: 1, at: start)
        for delivery in try await store.due(at: start, limit: 10) {
            try await store.failed(delivery, why: "status 500", next: later(1), event: nil)
        }
        try Promise.holds(try await store.due(at: start, limit: 10).isEmpty, "a failed message is due at once")
        let again = try await store.due(at: later(1), limit: 10)
        try Promise.holds(again.map(\.attempt) == [2] && again.map(\.dueAt) == [later(1)], "the next attempt differs")
        try Promise.holds(try await kinds(log) == ["alert.fired"], "a failure that is tried again is no event")
    }

    private static func deadIsDone(_ store: any AlertStore, _ log: any EventLog) async throws {
        try await store.take([(alert: sample("a"), channels: ["hook"])], cursor: 1, at: start)
        for delivery in try await store.due(at: start, limit: 10) {
            try await store.failed(delivery, why: "status 500", next: nil, event: draft("alert.dead_lettered", "a"))
        }
        try Promise.holds(try await store.due(at: later(10_000), limit: 10).isEmpty, "a dead letter is still due")
        try Promise.holds(try await kinds(log) == ["alert.fired", "alert.dead_lettered"], "the event of the dead letter is missing")
    }

    private static func oldestFirst(_ store: any AlertStore, _ log: any EventLog) async throws {
        for minute in [3, 1, 2] as [Int64] {
            try await store.take(
                [(alert: sample("a\(minute)", about: "\(minute)"), channels: ["hook"])], cursor: try await store.cursor() + 1,
                at: later(minute))
        }
        try Promise.holds(try await store.due(at: later(3), limit: 2).map(\.alert.id) == ["a1", "a2"], "the order differs")
        try Promise.holds(try await store.due(at: later(1), limit: 10).map(\.alert.id) == ["a1"], "what is due later is due")
    }

    private static func statesChange(_ store: any AlertStore, _ log: any EventLog) async throws {
        try await store.take([(alert: sample("a"), channels: [])], cursor: 1, at: start)
        try await store.setState("a", .acknowledged, by: "user:alice", event: draft("alert.acknowledged", "a"))
        let acknowledged = try await store.alert("a")
        try Promise.holds(acknowledged?.state == .acknowledged && acknowledged?.acknowledgedBy == "user:alice", "the state differs")
        try await store.setState("a", .resolved, by: nil, event: draft("alert.resolved", "a"))
        let resolved = try await store.alert("a")
        try Promise.holds(resolved?.state == .resolved && resolved?.acknowledgedBy == "user:alice", "who acknowledged is forgotten")
        try Promise.holds(try await kinds(log) == ["alert.fired", "alert.acknowledged", "alert.resolved"], "an event is missing")
    }

    private static func newestFirst(_ store: any AlertStore, _ log: any EventLog) async throws {
        let alerts = [1, 3, 2].map { sample("a\($0)", about: "\($0)", minute: $0) }
        try await store.take(alerts.map { (alert: $0, channels: []) }, cursor: 3, at: start)
        try Promise.holds(try await store.alerts(limit: 2).map(\.id) == ["a3", "a2"], "the page differs")
        try await Promise.refused(.invalidArgument) { _ = try await store.alerts(limit: 0) }
    }

    private static func kinds(_ log: any EventLog) async throws -> [String] {
        try await log.events(after: 0, limit: 100, kinds: nil, subject: nil).map(\.draft.kind)
    }
}
