import Clockwork
import Errors
package import Events
package import Webhooks

/// A store of webhooks, empty, with the log that it writes events to.
package struct WebhookStores: Sendable {
    package var webhooks: any WebhookStore
    package var events: any EventLog

    package init(webhooks: any WebhookStore, events: any EventLog) {
        self.webhooks = webhooks
        self.events = events
    }
}

/// What every `WebhookStore` does.
package enum WebhookStoreContract {
    package static let checks: [ContractCheck<WebhookStores>] = [
        ContractCheck("a webhook comes back as it was, is changed in part, and goes with its deliveries", lifeCycle),
        ContractCheck("webhooks are listed newest first, in pages", pages),
        ContractCheck("events are taken in once, also after a crash in between", takenOnce),
        ContractCheck("what is due comes oldest first, of active webhooks only", due),
        ContractCheck("a delivery is kept as it is now, a settled one is not due", settled),
        ContractCheck("of settled deliveries the newest stay, waiting ones all", pruned),
    ]

    private static let start = Timestamp(milliseconds: 1_700_000_000_000)
    private static func later(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: start.milliseconds + seconds * 1_000) }

    private static func webhook(_ id: String, at seconds: Int64 = 0) throws -> Webhook {
        Webhook(
            id: id, name: "name-\(id)", url: "https://hooks.example/\(id)", description: "d",
            events: [try WebhookEvent("model_version.created"), try WebhookEvent("prompt_tag.set")],
            secret: "s3cret", createdAt: later(seconds), updatedAt: later(seconds))
    }

    private static func event(_ kind: String) -> EventDraft {
        EventDraft(kind: kind, subject: EventSubject("webhook", "w"), actor: "user:test", reason: "contract", time: start)
    }

    private static func delivery(_ id: String, to webhook: String = "w", due seconds: Int64 = 0) -> WebhookDelivery {
        WebhookDelivery(
            id: id, webhookID: webhook, event: "model_version.created", body: "{\"ü\":1}", dueAt: later(seconds), createdAt: later(seconds))
    }

    @Sendable private static func lifeCycle(_ stores: WebhookStores) async throws {
        let made = try webhook("w")
        try await stores.webhooks.create(made, events: [event("webhook.created")])
        try Broken.unless(try await stores.webhooks.webhook(id: "w"), is: made, "as made")
        var wanted = made
        wanted.status = .disabled
        wanted.description = ""
        wanted.updatedAt = later(5)
        let change = WebhookChange(description: "", status: .disabled)
        try Broken.unless(
            try await stores.webhooks.update(id: "w", change, at: later(5), events: [event("webhook.changed")]), is: wanted, "in part")
        try await stores.webhooks.take([delivery("d")], cursor: 1, keeping: 10)
        try await stores.webhooks.delete(id: "w", events: [event("webhook.deleted")])
        try Broken.unless(try await stores.webhooks.webhook(id: "w") == nil, "gone")
        try Broken.unless(try await stores.webhooks.delivery(id: "d") == nil, "with its deliveries")
        try await Broken.unlessRefused(.notFound) { try await stores.webhooks.delete(id: "w", events: [event("webhook.deleted")]) }
        try await Broken.unlessRefused(.notFound) {
            _ = try await stores.webhooks.update(id: "w", change, at: start, events: [event("x.y")])
        }
        let kinds = try await stores.events.events(after: 0, limit: 10, kinds: nil, subject: nil).map(\.draft.kind)
        try Broken.unless(kinds, is: ["webhook.created", "webhook.changed", "webhook.deleted"], "its events, and none of refusals")
    }

    @Sendable private static func pages(_ stores: WebhookStores) async throws {
        for index in 0..<5 { try await stores.webhooks.create(try webhook("w\(index)", at: Int64(index)), events: []) }
        try Broken.unless(try await stores.webhooks.webhooks(offset: 0, limit: 2).map(\.id), is: ["w4", "w3", "w2"], "and one more")
        try Broken.unless(try await stores.webhooks.webhooks(offset: 4, limit: 2).map(\.id), is: ["w0"], "the last")
    }

    @Sendable private static func takenOnce(_ stores: WebhookStores) async throws {
        try await stores.webhooks.create(try webhook("w"), events: [])
        try Broken.unless(try await stores.webhooks.cursor(), is: 0, "nothing yet")
        try await stores.webhooks.take([delivery("a")], cursor: 7, keeping: 10)
        try await stores.webhooks.take([delivery("b")], cursor: 7, keeping: 10)
        try await stores.webhooks.take([delivery("c", to: "nobody")], cursor: 8, keeping: 10)
        try Broken.unless(try await stores.webhooks.cursor(), is: 8, "the newest")
        let found = try await stores.webhooks.deliveries(webhookID: nil, state: nil, offset: 0, limit: 10)
        try Broken.unless(found, is: [delivery("a")], "once, and none of a webhook that is gone")
    }

    @Sendable private static func due(_ stores: WebhookStores) async throws {
        try await stores.webhooks.create(try webhook("w"), events: [])
        try await stores.webhooks.create(try webhook("v"), events: [])
        try await stores.webhooks.take(
            [delivery("b", due: 2), delivery("a", due: 1), delivery("c", to: "v", due: 0), delivery("d", due: 9)], cursor: 1, keeping: 10)
        func ids(_ seconds: Int64, _ limit: Int = 10) async throws -> [String] {
            try await stores.webhooks.due(at: later(seconds), perWebhook: 10, limit: limit).map(\.delivery.id)
        }
        try Broken.unless(try await ids(5), is: ["c", "a", "b"], "oldest first")
        try Broken.unless(try await ids(5, 1), is: ["c"], "as many as asked for")
        _ = try await stores.webhooks.update(id: "v", WebhookChange(status: .disabled), at: later(1), events: [])
        try Broken.unless(try await ids(5), is: ["a", "b"], "not of a disabled one")
        _ = try await stores.webhooks.update(id: "v", WebhookChange(status: .active), at: later(1), events: [])
        let first = try await stores.webhooks.due(at: later(5), perWebhook: 1, limit: 9)
        try Broken.unless(first.first?.webhook.secret, is: "s3cret", "with its webhook")
        try Broken.unless(first.map(\.delivery.id), is: ["c", "a"], "one of each webhook")
    }

    @Sendable private static func settled(_ stores: WebhookStores) async throws {
        try await stores.webhooks.create(try webhook("w"), events: [])
        try await stores.webhooks.take([delivery("a")], cursor: 1, keeping: 10)
        let failed = delivery("a").settled(.answered(status: 500, retryAfter: nil), at: later(1))
        try await stores.webhooks.save(failed, events: [])
        try Broken.unless(try await stores.webhooks.delivery(id: "a"), is: failed, "as it failed")
        try Broken.unless(try await stores.webhooks.due(at: later(1), perWebhook: 9, limit: 10).isEmpty, "it waits")
        let done = failed.settled(.answered(status: 204, retryAfter: nil), at: later(3))
        try await stores.webhooks.save(done, events: [event("webhook.dead_lettered")])
        try Broken.unless(try await stores.webhooks.delivery(id: "a"), is: done, "as it arrived")
        try Broken.unless(try await stores.webhooks.due(at: later(1_000), perWebhook: 9, limit: 10).isEmpty, "it is done")
        try Broken.unless(
            try await stores.webhooks.deliveries(webhookID: "w", state: .delivered, offset: 0, limit: 9).map(\.id), is: ["a"], "by state")
        try Broken.unless(
            try await stores.webhooks.deliveries(webhookID: "w", state: .dead, offset: 0, limit: 9).isEmpty, "none in another state")
        try await stores.webhooks.save(delivery("gone"), events: [event("webhook.dead_lettered")])
        try Broken.unless(try await stores.events.head().sequence, is: 1, "no event of what is not there")
    }

    @Sendable private static func pruned(_ stores: WebhookStores) async throws {
        try await stores.webhooks.create(try webhook("w"), events: [])
        try await stores.webhooks.take((0..<5).map { delivery("d\($0)") }, cursor: 1, keeping: 10)
        for index in [0, 1, 2, 4] {
            try await stores.webhooks.save(delivery("d\(index)").settled(.answered(status: 200, retryAfter: nil), at: start), events: [])
        }
        try await stores.webhooks.take([delivery("d5")], cursor: 2, keeping: 2)
        let left = try await stores.webhooks.deliveries(webhookID: "w", state: nil, offset: 0, limit: 10).map(\.id)
        try Broken.unless(left, is: ["d5", "d4", "d3", "d2"], "two settled ones, and those that wait")
    }
}
