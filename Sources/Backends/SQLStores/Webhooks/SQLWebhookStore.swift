package import Clockwork
import Errors
package import Events
package import SQL
package import Webhooks

/// The tables of webhooks. Secrets lie there as they are: who reads the database can sign.
package enum WebhookTables {
    package static let migrations = [
        Migration(
            name: "webhooks-0001",
            sql: """
                CREATE TABLE webhooks (
                    number INTEGER PRIMARY KEY,
                    id TEXT NOT NULL UNIQUE,
                    name TEXT NOT NULL,
                    url TEXT NOT NULL,
                    description TEXT NOT NULL,
                    events TEXT NOT NULL,
                    status TEXT NOT NULL,
                    secret TEXT NOT NULL,
                    created_at INTEGER NOT NULL,
                    updated_at INTEGER NOT NULL
                ) STRICT;
                CREATE TABLE webhook_cursor (one INTEGER PRIMARY KEY CHECK (one = 1), cursor INTEGER NOT NULL) STRICT;
                INSERT INTO webhook_cursor VALUES (1, 0);
                CREATE TABLE webhook_deliveries (
                    number INTEGER PRIMARY KEY,
                    id TEXT NOT NULL UNIQUE,
                    webhook INTEGER NOT NULL REFERENCES webhooks (number),
                    event TEXT NOT NULL,
                    body TEXT NOT NULL,
                    state TEXT NOT NULL,
                    attempts INTEGER NOT NULL,
                    due_at INTEGER NOT NULL,
                    created_at INTEGER NOT NULL,
                    response_status INTEGER,
                    error TEXT
                ) STRICT;
                CREATE INDEX webhook_deliveries_due ON webhook_deliveries (state, due_at);
                CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook, number);
                """)
    ]
}

/// Webhooks and their deliveries in SQL.
package struct SQLWebhookStore: WebhookStore {
    private let database: Database

    package init(database: Database) { self.database = database }

    private static let columns = "w.id, w.name, w.url, w.description, w.events, w.status, w.secret, w.created_at, w.updated_at"

    package func create(_ webhook: Webhook, events: [EventDraft]) async throws {
        try await database.write { connection in
            try connection.execute(
                "INSERT INTO webhooks (id, name, url, description, events, status, secret, created_at, updated_at)"
                    + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    .text(webhook.id), .text(webhook.name), .text(webhook.url), .text(webhook.description),
                    .text(SQLWebhookStore.list(webhook.events)),
                    .text(webhook.status.rawValue), .text(webhook.secret), .int(webhook.createdAt.microseconds),
                    .int(webhook.updatedAt.microseconds),
                ])
            try EventTable.append(events, on: connection)
        }
    }

    package func webhook(id: String) async throws -> Webhook? { try await database.read { try SQLWebhookStore.webhook(id, on: $0) } }

    private static func webhook(_ id: String, on connection: Connection) throws -> Webhook? {
        try connection.first("SELECT \(columns) FROM webhooks w WHERE w.id = ?", [.text(id)]) { try read($0) }
    }

    package func webhooks(offset: Int, limit: Int) async throws -> [Webhook] {
        try await database.read { connection in
            try connection.map(
                "SELECT \(SQLWebhookStore.columns) FROM webhooks w ORDER BY w.created_at DESC, w.number DESC LIMIT ? OFFSET ?",
                [.int(Int64(limit) + 1), .int(Int64(offset))]
            ) { try SQLWebhookStore.read($0) }
        }
    }

    package func update(id: String, _ change: WebhookChange, at time: Timestamp, events: [EventDraft]) async throws -> Webhook {
        try await database.write { connection in
            try connection.execute(
                """
                UPDATE webhooks SET name = coalesce(?, name), url = coalesce(?, url), description = coalesce(?, description), \
                events = coalesce(?, events), status = coalesce(?, status), secret = coalesce(?, secret), updated_at = ? WHERE id = ?
                """,
                [
                    SQLValue(change.name), SQLValue(change.url), SQLValue(change.description),
                    SQLValue(change.events.map(SQLWebhookStore.list)),
                    SQLValue(change.status?.rawValue), SQLValue(change.secret), .int(time.microseconds), .text(id),
                ])
            guard let changed = try SQLWebhookStore.webhook(id, on: connection) else { throw SQLWebhookStore.unknown(id) }
            try EventTable.append(events, on: connection)
            return changed
        }
    }

    package func delete(id: String, events: [EventDraft]) async throws {
        try await database.write { connection in
            try connection.execute(
                "DELETE FROM webhook_deliveries WHERE webhook IN (SELECT number FROM webhooks WHERE id = ?)", [.text(id)])
            try connection.execute("DELETE FROM webhooks WHERE id = ?", [.text(id)])
            guard connection.changes == 1 else { throw SQLWebhookStore.unknown(id) }
            try EventTable.append(events, on: connection)
        }
    }

    static func unknown(_ id: String) -> JidokaError { .notFound("Webhook with ID \(id) not found.") }

    private static func list(_ events: [WebhookEvent]) -> String { events.map(\.text).joined(separator: ",") }

    static func read(_ row: Row, from first: Int = 0) throws -> Webhook {
        guard let status = Webhook.Status(rawValue: row.text(first + 5)) else { throw JidokaError.internal("a stored webhook is broken") }
        return Webhook(
            id: row.text(first), name: row.text(first + 1), url: row.text(first + 2), description: row.text(first + 3),
            events: try row.text(first + 4).split(separator: ",").map { try WebhookEvent(String($0)) }, status: status,
            secret: row.text(first + 6),
            createdAt: Timestamp(microseconds: row.int(first + 7)), updatedAt: Timestamp(microseconds: row.int(first + 8)))
    }
}

extension SQLWebhookStore {
    private static let deliveryColumns =
        "d.id, (SELECT id FROM webhooks WHERE number = d.webhook), d.event, d.body, d.state, d.attempts, d.due_at, d.created_at,"
        + " d.response_status, d.error"

    package func cursor() async throws -> Int64 {
        try await database.read { try $0.first("SELECT cursor FROM webhook_cursor") { $0.int(0) } ?? 0 }
    }

    package func take(_ deliveries: [WebhookDelivery], cursor: Int64, keeping: Int) async throws {
        try await database.write { connection in
            try connection.execute("UPDATE webhook_cursor SET cursor = ?1 WHERE cursor < ?1", [.int(cursor)])
            guard connection.changes == 1 else { return }
            for delivery in deliveries {
                // A webhook that has just been deleted is told nothing.
                try connection.execute(
                    "INSERT INTO webhook_deliveries (id, webhook, event, body, state, attempts, due_at, created_at)"
                        + " SELECT ?, number, ?, ?, 'waiting', 0, ?, ? FROM webhooks WHERE id = ?",
                    [
                        .text(delivery.id), .text(delivery.event), .text(delivery.body), .int(delivery.dueAt.microseconds),
                        .int(delivery.createdAt.microseconds), .text(delivery.webhookID),
                    ])
            }
            for webhook in Set(deliveries.map(\.webhookID)).sorted() { try SQLWebhookStore.prune(webhook, keeping, on: connection) }
        }
    }

    private static func prune(_ webhook: String, _ keeping: Int, on connection: Connection) throws {
        let settled = "webhook = (SELECT number FROM webhooks WHERE id = ?) AND state <> 'waiting'"
        let oldest = try connection.first(
            "SELECT number FROM webhook_deliveries WHERE \(settled) ORDER BY number DESC LIMIT 1 OFFSET ?",
            [.text(webhook), .int(Int64(keeping))]
        ) { $0.int(0) }
        guard let oldest else { return }
        try connection.execute("DELETE FROM webhook_deliveries WHERE \(settled) AND number <= ?", [.text(webhook), .int(oldest)])
    }

    package func due(at now: Timestamp, perWebhook: Int, limit: Int) async throws -> [(delivery: WebhookDelivery, webhook: Webhook)] {
        try await database.read { connection in
            try connection.map(
                """
                SELECT \(SQLWebhookStore.deliveryColumns), \(SQLWebhookStore.columns) FROM (SELECT *, row_number() \
                OVER (PARTITION BY webhook ORDER BY due_at, number) AS place FROM webhook_deliveries \
                WHERE state = 'waiting' AND due_at <= ?) d JOIN webhooks w ON w.number = d.webhook \
                WHERE w.status = 'ACTIVE' AND d.place <= ? ORDER BY d.due_at, d.number LIMIT ?
                """, [.int(now.microseconds), .int(Int64(perWebhook)), .int(Int64(limit))]
            ) { (try SQLWebhookStore.delivery($0), try SQLWebhookStore.read($0, from: 10)) }
        }
    }

    package func save(_ delivery: WebhookDelivery, events: [EventDraft]) async throws {
        try await database.write { connection in
            try connection.execute(
                "UPDATE webhook_deliveries SET state = ?, attempts = ?, due_at = ?, response_status = ?, error = ? WHERE id = ?",
                [
                    .text(delivery.state.rawValue), .int(Int64(delivery.attempts)), .int(delivery.dueAt.microseconds),
                    SQLValue(delivery.responseStatus), SQLValue(delivery.error), .text(delivery.id),
                ])
            // Its webhook was deleted meanwhile: nobody asks any more.
            guard connection.changes == 1 else { return }
            try EventTable.append(events, on: connection)
        }
    }

    package func delivery(id: String) async throws -> WebhookDelivery? {
        try await database.read { connection in
            try connection.first(
                "SELECT \(SQLWebhookStore.deliveryColumns) FROM webhook_deliveries d WHERE d.id = ?", [.text(id)], SQLWebhookStore.delivery)
        }
    }

    package func deliveries(
        webhookID: String?, state: WebhookDelivery.State?, offset: Int, limit: Int
    ) async throws -> [WebhookDelivery] {
        var conditions = FilterSQL()
        if let webhookID { conditions.add("d.webhook = (SELECT number FROM webhooks WHERE id = ?)", [.text(webhookID)]) }
        if let state { conditions.add("d.state = ?", [.text(state.rawValue)]) }
        let sql =
            "SELECT \(SQLWebhookStore.deliveryColumns) FROM webhook_deliveries d WHERE \(conditions.text)"
            + " ORDER BY d.number DESC LIMIT ? OFFSET ?"
        let bindings = conditions.bindings + [.int(Int64(limit) + 1), .int(Int64(offset))]
        return try await database.read { try $0.map(sql, bindings, SQLWebhookStore.delivery) }
    }

    private static func delivery(_ row: Row) throws -> WebhookDelivery {
        guard let state = WebhookDelivery.State(rawValue: row.text(4)) else { throw JidokaError.internal("a stored delivery is broken") }
        return WebhookDelivery(
            id: row.text(0), webhookID: row.text(1), event: row.text(2), body: row.text(3), state: state, attempts: Int(row.int(5)),
            dueAt: Timestamp(microseconds: row.int(6)), createdAt: Timestamp(microseconds: row.int(7)),
            responseStatus: row.optionalInt(8).map { Int($0) }, error: row.optionalText(9))
    }
}
