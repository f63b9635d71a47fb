package import Clockwork
package import Events
package import JSON

/// On this kind of event, tell these channels.
package struct AlertRule: Sendable, Hashable {
    package var event: String
    package var level: AlertLevel
    package var channels: [String]

    package init(event: String, level: AlertLevel, channels: [String]) {
        self.event = event
        self.level = level
        self.channels = channels
    }
}

/// P0: someone must act now. P1: someone must look today. P2: for the digest.
package enum AlertLevel: String, Sendable, CaseIterable { case p0 = "P0", p1 = "P1", p2 = "P2" }

/// One thing that someone should know. Further events of the same cause while it is open are counted, not told again.
package struct Alert: Sendable, Hashable {
    package enum State: String, Sendable { case firing, acknowledged, resolved }

    package var id: String
    package var level: AlertLevel
    package var event: String
    package var subject: EventSubject
    package var reason: String
    package var state: State
    package var firedAt: Timestamp
    package var count: Int64
    package var acknowledgedBy: String?
    package var payload: JSONObject

    package init(
        id: String, level: AlertLevel, event: String, subject: EventSubject, reason: String, state: State, firedAt: Timestamp, count: Int64,
        acknowledgedBy: String?, payload: JSONObject
    ) {
        self.id = id
        self.level = level
        self.event = event
        self.subject = subject
        self.reason = reason
        self.state = state
        self.firedAt = firedAt
        self.count = count
        self.acknowledgedBy = acknowledgedBy
        self.payload = payload
    }

    package var json: JSONObject {
        [
            "id": .string(id), "level": .string(level.rawValue), "event": .string(event),
            "subject": ["type": .string(subject.type), "id": .string(subject.id)], "reason": .string(reason),
            "state": .string(state.rawValue),
            "fired_at": .string(firedAt.rfc3339), "count": .int(count), "acknowledged_by": JSONValue(acknowledgedBy),
            "payload": .object(payload),
        ]
    }
}

/// One message that must reach one channel.
package struct Delivery: Sendable, Hashable {
    package var alert: Alert
    package var channel: String
    package var attempt: Int
    package var dueAt: Timestamp

    package init(alert: Alert, channel: String, attempt: Int, dueAt: Timestamp) {
        self.alert = alert
        self.channel = channel
        self.attempt = attempt
        self.dueAt = dueAt
    }
}

/// Keeps alerts and what is still to be delivered; durable on return, events in the same transaction.
package protocol AlertStore: Sendable {
    /// The newest event that was turned into alerts.
    func cursor() async throws -> Int64
    /// Takes in events up to `cursor`: opens the alerts with a delivery to each channel, or counts them on an open alert of the same event
    /// kind and subject.
    func take(_ alerts: [(alert: Alert, channels: [String])], cursor: Int64, at now: Timestamp) async throws
    /// Deliveries that are due, oldest first, at most `limit` (1...1000).
    func due(at now: Timestamp, limit: Int) async throws -> [Delivery]
    func delivered(_ delivery: Delivery, event: EventDraft) async throws
    /// `next` nil: given up, a dead letter.
    func failed(_ delivery: Delivery, why: String, next: Timestamp?, event: EventDraft?) async throws
    func alerts(limit: Int) async throws -> [Alert]
    func alert(_ id: String) async throws -> Alert?
    func setState(_ id: String, _ state: Alert.State, by actor: String?, event: EventDraft) async throws
}

/// Something that carries an alert to people. Throws when the message did not arrive; it is then sent again.
package protocol AlertChannel: Sendable {
    func send(_ alert: Alert, attempt: Int) async throws
}
