package import Clockwork
import Errors
package import Events
import JSON
package import Telemetry

/// Turns events into alerts by the rules, and delivers them with retries.
package struct AlertService: Service {
    package let name = "alerts"
    private let rules: @Sendable () -> [AlertRule]
    private let channels: @Sendable () -> [String: any AlertChannel]
    private let store: any AlertStore
    private let log: any EventLog
    private let time: any TimeSource
    private let ids: any IDSource
    private let logger: Logger
    /// Seconds to wait after the first, second … failed attempt; after the last one the delivery is a dead letter.
    private static let backoff: [Double] = [1, 5, 30, 120, 600, 3_600]
    private static let interval = Duration.milliseconds(250)
    /// How far back open alerts are looked for.
    private static let openMax = 1_000
    /// What ends the cause of an alert on the same subject: the alert is resolved, and the next one of its kind is told again.
    private static let endings: [String: Set<String>] = [
        "drift.cleared": ["drift.suspected", "drift.confirmed"],
        "monitor.enabled": ["drift.suspected", "drift.confirmed", "performance.dropped"],
    ]

    /// Rules and channels are asked for at each step: the line file may have been reloaded.
    package init(
        rules: @escaping @Sendable () -> [AlertRule], channels: @escaping @Sendable () -> [String: any AlertChannel], store: any AlertStore,
        log: any EventLog, time: any TimeSource, ids: any IDSource, logger: Logger
    ) {
        self.rules = rules
        self.channels = channels
        self.store = store
        self.log = log
        self.time = time
        self.ids = ids
        self.logger = logger
    }

    package func run() async throws {
        while true {
            do {
                try await takeEvents()
                try await deliver()
            } catch let error as JidokaError { logger.warning("alerts could not go on", [("error", .string(error.description))]) }
            try await time.sleep(for: AlertService.interval)
        }
    }

    /// Reads the log from the cursor; every event counts once.
    package func takeEvents() async throws {
        let rules = rules()
        while true {
            let events = try await log.events(after: try await store.cursor(), limit: 500, kinds: nil, subject: nil)
            guard let last = events.last else { return }
            var fired: [(alert: Alert, channels: [String])] = []
            for event in events {
                if let ended = AlertService.endings[event.draft.kind] {
                    // What came before is taken in first. After a crash in between, the ending is found again.
                    try await store.take(fired, cursor: event.sequence - 1, at: time.now())
                    fired = []
                    try await resolve(ended, event)
                }
                if let alert = alert(event, rules) { fired.append(alert) }
            }
            try await store.take(fired, cursor: last.sequence, at: time.now())
        }
    }

    private func resolve(_ kinds: Set<String>, _ event: Event) async throws {
        for alert in try await store.alerts(limit: AlertService.openMax)
        where alert.state != .resolved && kinds.contains(alert.event) && alert.subject == event.draft.subject
            && alert.firedAt <= event.draft.time
        {
            let resolved = EventDraft(
                kind: "alert.resolved", subject: EventSubject("alert", alert.id), actor: "system", reason: event.draft.reason,
                payload: ["by": .string(event.draft.kind), "event_sequence": .int(event.sequence)], time: time.now())
            try await store.setState(alert.id, .resolved, by: nil, event: resolved)
        }
    }

    /// One event makes at most one alert: at the most urgent level of its rules, to the channels of all of them.
    private func alert(_ event: Event, _ rules: [AlertRule]) -> (alert: Alert, channels: [String])? {
        let matching = rules.filter { $0.event == event.draft.kind }
        guard let level = matching.map(\.level).min(by: { $0.rawValue < $1.rawValue }) else { return nil }
        var channels: [String] = []
        for channel in matching.flatMap(\.channels) where !channels.contains(channel) { channels.append(channel) }
        return (alert(event, level), channels)
    }

    private func alert(_ event: Event, _ level: AlertLevel) -> Alert {
        var payload = event.draft.payload
        payload["event_sequence"] = .int(event.sequence)
        return Alert(
            id: ids.next(), level: level, event: event.draft.kind, subject: event.draft.subject, reason: event.draft.reason,
            state: .firing,
            firedAt: event.draft.time, count: 1, acknowledgedBy: nil, payload: payload)
    }

    package func deliver() async throws {
        let channels = channels()
        for delivery in try await store.due(at: time.now(), limit: 100) {
            do {
                guard let channel = channels[delivery.channel] else {
                    throw JidokaError.failedPrecondition("channel `\(delivery.channel)` is not declared or its address is not set")
                }
                try await channel.send(delivery.alert, attempt: delivery.attempt)
                try await store.delivered(delivery, event: event("alert.delivered", delivery, "delivered to \(delivery.channel)"))
            } catch let error as JidokaError { try await retry(delivery, after: error) }
        }
    }

    private func retry(_ delivery: Delivery, after error: JidokaError) async throws {
        guard delivery.attempt <= AlertService.backoff.count else {
            let dead = event("alert.dead_lettered", delivery, "given up after \(delivery.attempt) attempts: \(error.message)")
            try await store.failed(delivery, why: error.message, next: nil, event: dead)
            return
        }
        let wait = Duration.microseconds(Int64(AlertService.backoff[delivery.attempt - 1] * 1_000_000))
        try await store.failed(delivery, why: error.message, next: time.now() + wait, event: nil)
    }

    private func event(_ kind: String, _ delivery: Delivery, _ reason: String) -> EventDraft {
        EventDraft(
            kind: kind, subject: EventSubject("alert", delivery.alert.id), actor: "system", reason: reason,
            payload: ["channel": .string(delivery.channel), "attempt": .int(Int64(delivery.attempt))], time: time.now())
    }

    package func alerts(limit: Int) async throws -> [Alert] { try await store.alerts(limit: limit) }

    package func acknowledge(_ id: String, actor: String, reason: String) async throws -> Alert {
        guard var alert = try await store.alert(id) else {
            throw JidokaError.notFound("no alert `\(id)`", hint: "`jidoka alerts list` shows them")
        }
        guard alert.state == .firing else { throw JidokaError.failedPrecondition("alert `\(id)` is \(alert.state.rawValue) already") }
        alert.state = .acknowledged
        alert.acknowledgedBy = actor
        let event = EventDraft(
            kind: "alert.acknowledged", subject: EventSubject("alert", id), actor: actor, reason: reason, time: time.now())
        try await store.setState(id, .acknowledged, by: actor, event: event)
        return alert
    }
}
