import Clockwork
import Errors
package import HTTP
import JSON
package import Webhooks

/// Declares webhooks under `/api/v1/webhooks`: those of MLflow's protocol, and what became of their deliveries.
package func mountWebhooks(on router: inout Router, webhooks: WebhookService) {
    var routes = JidokaRoutes(router: router)
    addWebhooks(to: &routes, webhooks)
    addDeliveries(to: &routes, webhooks)
    router = routes.router
}

private func addWebhooks(to routes: inout JidokaRoutes, _ webhooks: WebhookService) {
    routes.add("GET", "/webhooks", .read, "The webhooks, newest first.") { _ in
        .json(.array(try await webhooks.webhooks(offset: 0, limit: WebhookService.pageMax).items.map { .object($0.json) }))
    }
    routes.add("POST", "/webhooks", .administer, "Make a webhook: `name`, `url`, `events` (`entity.action`).") { request in
        let fields = try await RequestFields(request, known: ["name", "url", "events", "description", "secret", "disabled", "actor"])
        let made = try await webhooks.create(
            name: try fields.text("name"), url: try fields.text("url"), events: try events(fields) ?? [],
            description: try fields.optionalText("description") ?? "", secret: try fields.optionalText("secret") ?? "",
            status: try fields.flag("disabled") ? .disabled : .active, actor: try fields.actor())
        return .json(.object(made.json), status: 201)
    }
    routes.add("GET", "/webhooks/{id}", .read, "One webhook.") { request in
        .json(.object(try await webhooks.webhook(id: try request.parameter("id")).json))
    }
    routes.add("POST", "/webhooks/{id}", .administer, "Change a webhook; what is left out stays.") { request in
        let fields = try await RequestFields(request, known: ["name", "url", "events", "description", "secret", "status", "actor"])
        var change = WebhookChange(
            name: try fields.optionalText("name"), url: try fields.optionalText("url"), description: try fields.optionalText("description"),
            secret: try fields.optionalText("secret"))
        change.events = try events(fields)
        if let status = try fields.optionalText("status") {
            guard let known = Webhook.Status(rawValue: status.uppercased()) else {
                throw JidokaError.invalidArgument("`status` must be active or disabled, not `\(status)`")
            }
            change.status = known
        }
        return .json(.object(try await webhooks.update(id: try request.parameter("id"), change, actor: try fields.actor()).json))
    }
    routes.add("POST", "/webhooks/{id}/delete", .administer, "Forget a webhook and its deliveries.") { request in
        let fields = try await RequestFields(request, known: ["actor"])
        try await webhooks.delete(id: try request.parameter("id"), actor: try fields.actor())
        return .json([:])
    }
    routes.add("POST", "/webhooks/{id}/test", .administer, "Send an example of `event` once.") { request in
        let fields = try await RequestFields(request, known: ["event", "actor"])
        let event = try fields.optionalText("event").map { try WebhookEvent($0) }
        let sending = try await webhooks.test(id: try request.parameter("id"), event: event)
        switch sending.outcome {
        case .answered(let status, _):
            return .json(["success": .bool((200..<300).contains(status)), "status": .int(Int64(status)), "body": .string(sending.body)])
        case .failed(let why, _): return .json(["success": false, "error": .string(why)])
        }
    }
}

/// nil when none are given.
private func events(_ fields: RequestFields) throws -> [WebhookEvent]? {
    try fields.items("events")?.map { item in
        guard let text = item.stringValue else {
            throw JidokaError.invalidArgument(
                "`events` must be a list of texts", hint: "one of: " + WebhookEvent.all.joined(separator: ", "))
        }
        return try WebhookEvent(text)
    }
}

private func addDeliveries(to routes: inout JidokaRoutes, _ webhooks: WebhookService) {
    routes.add("GET", "/webhook-deliveries", .read, "Deliveries, newest first: `webhook`, `state` (waiting, delivered, dead), `limit`.") {
        request in
        let state = try request.query("state").map { text in
            guard let state = WebhookDelivery.State(rawValue: text) else {
                throw JidokaError.invalidArgument("`state` must be waiting, delivered or dead, not `\(text)`")
            }
            return state
        }
        let page = try await webhooks.deliveries(
            webhookID: request.query("webhook"), state: state, offset: 0, limit: try request.limit(default: 20))
        return .json(.array(page.items.map { .object($0.json) }))
    }
    routes.add("POST", "/webhook-deliveries/{id}/redeliver", .operate, "Send a settled delivery again, under the same id.") { request in
        let fields = try await RequestFields(request, known: ["actor"])
        return .json(.object(try await webhooks.redeliver(id: try request.parameter("id"), actor: try fields.actor()).json))
    }
}

extension Webhook {
    /// Without the secret.
    fileprivate var json: JSONObject {
        [
            "id": .string(id), "name": .string(name), "url": .string(url), "description": .string(description),
            "events": .array(events.map { .string($0.text) }), "status": .string(status.rawValue.lowercased()),
            "signed": .bool(!secret.isEmpty),
            "created_at": .string(createdAt.rfc3339), "updated_at": .string(updatedAt.rfc3339),
        ]
    }
}

extension WebhookDelivery {
    fileprivate var json: JSONObject {
        [
            "id": .string(id), "webhook": .string(webhookID), "event": .string(event), "state": .string(state.rawValue),
            "attempts": .int(Int64(attempts)), "response_status": JSONValue(responseStatus), "error": JSONValue(error),
            "created_at": .string(createdAt.rfc3339), "due_at": state == .waiting ? .string(dueAt.rfc3339) : .null, "body": .string(body),
        ]
    }
}
