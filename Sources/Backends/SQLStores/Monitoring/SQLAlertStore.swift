package import Clockwork
import Errors
package import Events
import JSON
package import Monitoring
package import SQL

/// Alerts and deliveries in SQL.
package struct SQLAlertStore: AlertStore {
    private let database: Database

    package init(database: Database) { self.database = database }

    package func cursor() async throws -> Int64 {
        try await database.read { try $0.first("SELECT cursor FROM alert_cursor") { $0.int(0) } ?? 0 }
    }

    package func take(_ alerts: [(alert: Alert, channels: [String])], cursor: Int64, at now: Timestamp) async throws {
        try await database.write { connection in
            try connection.execute("UPDATE alert_cursor SET cursor = ?1 WHERE cursor < ?1", [.int(cursor)])
            guard connection.changes == 1 else { return }
            for (alert, channels) in alerts { try SQLAlertStore.open(alert, channels, now, on: connection) }
        }
    }

    /// Opens the alert, or counts it on the one that is open for the same cause.
    private static func open(_ alert: Alert, _ channels: [String], _ now: Timestamp, on connection: Connection) throws {
        let cause: [SQLValue] = [.text(alert.event), .text(alert.subject.type), .text(alert.subject.id)]
        try connection.execute(
            "UPDATE alerts SET count = count + 1 WHERE state = 'firing' AND event = ? AND subject_type = ? AND subject_id = ?", cause)
        if connection.changes > 0 { return }
        try connection.execute(
            "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .text(alert.id), .text(alert.level.rawValue), .text(alert.event), .text(alert.subject.type), .text(alert.subject.id),
                .text(alert.reason), .text(alert.state.rawValue), .int(alert.firedAt.microseconds), .int(alert.count),
                SQLValue(alert.acknowledgedBy), .text(JSONValue.object(alert.payload).text),
            ])
        for channel in channels {
            try connection.execute(
                "INSERT INTO deliveries VALUES (?, ?, 'waiting', 1, ?, NULL)", [.text(alert.id), .text(channel), .int(now.microseconds)])
        }
        let fired = EventDraft(
            kind: "alert.fired", subject: EventSubject("alert", alert.id), actor: "system", reason: alert.reason,
            payload: ["level": .string(alert.level.rawValue), "event": .string(alert.event), "about": .string(alert.subject.id)], time: now)
        try EventTable.append([fired], on: connection)
    }

    package func due(at now: Timestamp, limit: Int) async throws -> [Delivery] {
        try await database.read { connection in
            try connection.map(
                """
                SELECT a.id, a.level, a.event, a.subject_type, a.subject_id, a.reason, a.state, a.fired_at, a.count, a.acknowledged_by,
                    a.payload, d.channel, d.attempt, d.due_at
                FROM deliveries d JOIN alerts a ON a.id = d.alert WHERE d.state = 'waiting' AND d.due_at <= ? ORDER BY d.due_at LIMIT ?
                """, [.int(now.microseconds), .int(Int64(limit))]
            ) { row in
                Delivery(
                    alert: try SQLAlertStore.alert(row), channel: row.text(11), attempt: Int(row.int(12)),
                    dueAt: Timestamp(microseconds: row.int(13)))
            }
        }
    }

    package func delivered(_ delivery: Delivery, event: EventDraft) async throws {
        try await settle(delivery, state: "delivered", why: nil, due: delivery.dueAt, event: event)
    }

    package func failed(_ delivery: Delivery, why: String, next: Timestamp?, event: EventDraft?) async throws {
        try await settle(delivery, state: next == nil ? "dead" : "waiting", why: why, due: next ?? delivery.dueAt, event: event)
    }

    private func settle(_ delivery: Delivery, state: String, why: String?, due: Timestamp, event: EventDraft?) async throws {
        try await database.write { connection in
            try connection.execute(
                "UPDATE deliveries SET state = ?, attempt = attempt + 1, due_at = ?, error = ? WHERE alert = ? AND channel = ?",
                [.text(state), .int(due.microseconds), SQLValue(why), .text(delivery.alert.id), .text(delivery.channel)])
            try EventTable.append(event.map { [$0] } ?? [], on: connection)
        }
    }

    package func alerts(limit: Int) async throws -> [Alert] {
        guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
        return try await database.read {
            try $0.map("SELECT * FROM alerts ORDER BY fired_at DESC, id DESC LIMIT ?", [.int(Int64(limit))], SQLAlertStore.alert)
        }
    }

    package func alert(_ id: String) async throws -> Alert? {
        try await database.read { try $0.first("SELECT * FROM alerts WHERE id = ?", [.text(id)], SQLAlertStore.alert) }
    }

    package func setState(_ id: String, _ state: Alert.State, by actor: String?, event: EventDraft) async throws {
        try await database.write { connection in
            try connection.execute(
                "UPDATE alerts SET state = ?, acknowledged_by = coalesce(?, acknowledged_by) WHERE id = ?",
                [.text(state.rawValue), SQLValue(actor), .text(id)])
            try EventTable.append([event], on: connection)
        }
    }

    private static func alert(_ row: Row) throws -> Alert {
        guard let level = AlertLevel(rawValue: row.text(1)), let state = Alert.State(rawValue: row.text(6)) else {
            throw JidokaError.internal("a stored alert is broken")
        }
        return Alert(
            id: row.text(0), level: level, event: row.text(2), subject: EventSubject(row.text(3), row.text(4)), reason: row.text(5),
            state: state,
            firedAt: Timestamp(microseconds: row.int(7)), count: row.int(8), acknowledgedBy: row.optionalText(9),
            payload: try JSONValue.parse(row.text(10)).objectValue ?? [:])
    }
}
