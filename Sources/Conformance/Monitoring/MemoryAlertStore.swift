import JSON
package import Clockwork
import Errors
package import Events
package import Monitoring
import Synchronization

/// Alerts and deliveries in memory, for tests of the service; it passes the same contract.
package final class MemoryAlertStore: AlertStore {
    private struct Waiting {
        var alert: String
        var channel: String
        var attempt = 1
        var dueAt: Timestamp
        var isWaiting = true
    }
    private struct State {
        var cursor: Int64 = 0
        var alerts: [Alert] = []
        var deliveries: [Waiting] = []
    }
    private let state = Mutex(State())
    private let log: MemoryEventLog

    package init(log: MemoryEventLog = MemoryEventLog()) { self.log = log }

    package func cursor() async throws -> Int64 { state.withLock { $0.cursor } }

    package func take(_ alerts: [(alert: Alert, channels: [String])], cursor: Int64, at now: Timestamp) async throws {
        state.withLock { state in
            guard cursor > state.cursor else { return }
            state.cursor = cursor
            for (alert, channels) in alerts { open(alert, channels, now, &state) }
        }
    }

    private func open(_ alert: Alert, _ channels: [String], _ now: Timestamp, _ state: inout State) {
        let isSame = { (other: Alert) in other.state == .firing && other.event == alert.event && other.subject == alert.subject }
        if let index = state.alerts.firstIndex(where: isSame) {
            state.alerts[index].count += 1
            return
        }
        state.alerts.append(alert)
        state.deliveries += channels.map { Waiting(alert: alert.id, channel: $0, dueAt: now) }
        log.add([
            EventDraft(
                kind: "alert.fired", subject: EventSubject("alert", alert.id), actor: "system", reason: alert.reason,
                payload: ["level": .string(alert.level.rawValue), "event": .string(alert.event), "about": .string(alert.subject.id)],
                time: now)
        ])
    }

    package func due(at now: Timestamp, limit: Int) async throws -> [Delivery] {
        state.withLock { state in
            let due = state.deliveries.filter { $0.isWaiting && $0.dueAt <= now }.sorted { $0.dueAt < $1.dueAt }
            return due.prefix(limit).compactMap { waiting in
                state.alerts.first { $0.id == waiting.alert }.map {
                    Delivery(alert: $0, channel: waiting.channel, attempt: waiting.attempt, dueAt: waiting.dueAt)
                }
            }
        }
    }

    package func delivered(_ delivery: Delivery, event: EventDraft) async throws { settle(delivery, next: nil, event) }

    package func failed(_ delivery: Delivery, why: String, next: Timestamp?, event: EventDraft?) async throws {
        settle(delivery, next: next, event)
    }

    private func settle(_ delivery: Delivery, next: Timestamp?, _ event: EventDraft?) {
        state.withLock { state in
            let isIt = { (waiting: Waiting) in waiting.alert == delivery.alert.id && waiting.channel == delivery.channel }
            guard let index = state.deliveries.firstIndex(where: isIt) else { return }
            state.deliveries[index].attempt += 1
            state.deliveries[index].isWaiting = next != nil
            if let next { state.deliveries[index].dueAt = next }
            if let event { log.add([event]) }
        }
    }

    package func alerts(limit: Int) async throws -> [Alert] {
        guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
        return state.withLock { Array($0.alerts.sorted { ($0.firedAt, $0.id) > ($1.firedAt, $1.id) }.prefix(limit)) }
    }

    package func alert(_ id: String) async throws -> Alert? { state.withLock { $0.alerts.first { $0.id == id } } }

    package func setState(_ id: String, _ newState: Alert.State, by actor: String?, event: EventDraft) async throws {
        state.withLock { state in
            guard let index = state.alerts.firstIndex(where: { $0.id == id }) else { return }
            state.alerts[index].state = newState
            if let actor { state.alerts[index].acknowledgedBy = actor }
            log.add([event])
        }
    }
}
