import Clockwork
import Errors
import HTTP
import JSON
import Webhooks

extension RouteTable {
    mutating func addWebhooks(_ webhooks: WebhookService) {
        add("POST", "webhooks", .administer) { call in
            let made = try await webhooks.create(
                name: try call.fields.requiredText("name"), url: try call.fields.requiredText("url"),
                events: try call.fields.webhookEvents() ?? [],
                description: try call.fields.text("description") ?? "", secret: try call.fields.text("secret") ?? "",
                status: try call.fields.webhookStatus() ?? .active, actor: call.actor)
            return .webhook(made)
        }
        add("GET", "webhooks", .read) { call in
            let page = try await webhooks.webhooks(
                offset: try PageToken.decode(try call.fields.text("page_token")), limit: try call.fields.limit(default: 100))
            return .object { writer in
                writer.list("webhooks", page.items) { $0.write($1) }
                writer.member("next_page_token", ifPresent: PageToken.encode(page.nextOffset))
            }
        }
        add("GET", "webhooks/{webhook_id}", .read) { call in
            .webhook(try await webhooks.webhook(id: try call.fields.requiredText("webhook_id")))
        }
        add("PATCH", "webhooks/{webhook_id}", .administer) { call in
            func text(_ name: String) throws -> String? { try call.fields.text(name).flatMap { $0.isEmpty ? nil : $0 } }
            let events = try call.fields.webhookEvents()
            let change = WebhookChange(
                name: try text("name"), url: try text("url"), description: try call.fields.text("description"),
                events: events?.isEmpty ?? true ? nil : events, status: try call.fields.webhookStatus(),
                secret: try call.fields.text("secret"))
            return .webhook(try await webhooks.update(id: try call.fields.requiredText("webhook_id"), change, actor: call.actor))
        }
        add("DELETE", "webhooks/{webhook_id}", .administer) { call in
            try await webhooks.delete(id: try call.fields.requiredText("webhook_id"), actor: call.actor)
            return .empty
        }
        add("POST", "webhooks/{webhook_id}/test", .administer) { call in
            let event = try call.fields.value("event").map { try WebhookEvent(mlflow: $0) }
            let sending = try await webhooks.test(id: try call.fields.requiredText("webhook_id"), event: event)
            return .object { writer in
                writer.key("result")
                writer.beginObject()
                switch sending.outcome {
                case .answered(let status, _):
                    writer.key("success")
                    writer.value(status < 400)
                    writer.member("response_status", Int64(status))
                    writer.member("response_body", sending.body)
                case .failed(let why, _):
                    writer.key("success")
                    writer.value(false)
                    writer.member("error_message", "Failed to test webhook: \(why)")
                }
                writer.endObject()
            }
        }
    }
}

extension RequestFields {
    /// nil when none are given.
    fileprivate func webhookEvents() throws -> [WebhookEvent]? {
        guard let value = try value("events") else { return nil }
        guard let items = value.arrayValue else {
            throw JidokaError.invalidArgument("Invalid value \(value.text) for parameter 'events' supplied: it must be a list of events")
        }
        return try items.map { try WebhookEvent(mlflow: $0) }
    }

    fileprivate func webhookStatus() throws -> Webhook.Status? {
        guard let text = try text("status"), !text.isEmpty else { return nil }
        guard let status = Webhook.Status(rawValue: text.uppercased()) else {
            throw JidokaError.invalidArgument("Invalid value '\(text)' for parameter 'status' supplied: it must be ACTIVE or DISABLED")
        }
        return status
    }
}

extension WebhookEvent {
    /// `{"entity": "MODEL_VERSION", "action": "CREATED"}`
    fileprivate init(mlflow value: JSONValue) throws {
        guard let entity = value["entity"]?.stringValue.flatMap({ Entity(rawValue: $0.lowercased()) }),
            let action = value["action"]?.stringValue.flatMap({ Action(rawValue: $0.lowercased()) })
        else {
            throw JidokaError.invalidArgument(
                "Invalid webhook event: \(value.text)", hint: "one of: " + WebhookEvent.all.joined(separator: ", "))
        }
        try self.init(entity, action)
    }
}

extension HTTPResponse {
    fileprivate static func webhook(_ webhook: Webhook) -> HTTPResponse {
        .object { writer in
            writer.key("webhook")
            writer.write(webhook)
        }
    }
}

extension JSONWriter {
    /// The secret is not told.
    fileprivate mutating func write(_ webhook: Webhook) {
        beginObject()
        member("webhook_id", webhook.id)
        member("name", webhook.name)
        member("url", webhook.url)
        key("events")
        beginArray()
        for event in webhook.events {
            beginObject()
            member("entity", event.entity.rawValue.uppercased())
            member("action", event.action.rawValue.uppercased())
            endObject()
        }
        endArray()
        if !webhook.description.isEmpty { member("description", webhook.description) }
        member("status", webhook.status.rawValue)
        member("creation_timestamp", webhook.createdAt.milliseconds)
        member("last_updated_timestamp", webhook.updatedAt.milliseconds)
        endObject()
    }
}
