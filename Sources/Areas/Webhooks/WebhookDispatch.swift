package import Clockwork
import Errors
package import Events
import JSON
package import Telemetry

/// Whether a registered model is a prompt: the area asks it of the registry.
package protocol PromptTeller: Sendable {
    /// False for a model that is not there.
    func isPrompt(_ model: String) async throws -> Bool
}

/// Turns events of the log into deliveries, once each, and sends what is due. Runs in one process of those on a database at a time.
package struct WebhookDispatch: Service {
    package let name = "webhooks"
    private let store: any WebhookStore
    private let sender: any WebhookSender
    private let prompts: any PromptTeller
    private let log: any EventLog
    private let time: any TimeSource
    private let ids: any IDSource
    private let logger: Logger

    private static let interval = Duration.milliseconds(250)
    private static let kinds: Set<String> = [
        "registered_model.created", "registered_model.tag_set", "registered_model.tag_deleted", "model_version.registered",
        "model_version.tag_set", "model_version.tag_deleted", "model_version.alias_set", "model_version.alias_removed",
    ]
    /// Sent at the same time.
    private static let sendingMax = 8
    private static let keptMax = 1_000

    package init(
        store: any WebhookStore, sender: any WebhookSender, prompts: any PromptTeller, log: any EventLog, time: any TimeSource,
        ids: any IDSource, logger: Logger
    ) {
        self.store = store
        self.sender = sender
        self.prompts = prompts
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
            } catch let error as JidokaError { logger.warning("webhooks could not go on", [("error", .string(error.description))]) }
            try await time.sleep(for: WebhookDispatch.interval)
        }
    }

    /// Reads the log from the cursor.
    package func takeEvents() async throws {
        while true {
            let after = try await store.cursor()
            let head = try await log.head().sequence
            guard head > after else { return }
            let events = try await log.events(after: after, limit: 500, kinds: WebhookDispatch.kinds, subject: nil)
            // Fewer than asked for: the rest of the log up to the head holds none.
            let cursor = events.count == 500 ? events[499].sequence : max(head, events.last?.sequence ?? 0)
            let webhooks = events.isEmpty ? [] : try await active()
            var deliveries: [WebhookDelivery] = []
            for event in events where !webhooks.isEmpty {
                guard let message = try await WebhookMessage(event.draft, isPrompt: { try await prompts.isPrompt($0) }) else { continue }
                for webhook in webhooks where webhook.events.contains(message.event) && event.draft.time >= webhook.createdAt {
                    deliveries.append(
                        WebhookDelivery(
                            id: ids.next(), webhookID: webhook.id, event: message.event.text, body: message.body(at: event.draft.time),
                            dueAt: time.now(), createdAt: event.draft.time))
                }
            }
            try await store.take(deliveries, cursor: cursor, keeping: WebhookDispatch.keptMax)
        }
    }

    private func active() async throws -> [Webhook] {
        var all: [Webhook] = []
        var offset = 0
        while true {
            let page = try await store.webhooks(offset: offset, limit: 1_000)
            all += page.prefix(1_000).filter { $0.status == .active }
            guard page.count > 1_000 else { return all }
            offset += 1_000
        }
    }

    /// Sends what is due, a few at a time.
    package func deliver() async throws {
        let due = try await store.due(at: time.now(), limit: 100)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, item) in due.enumerated() {
                if index >= WebhookDispatch.sendingMax { try await group.next() }
                group.addTask { try await send(item.delivery, to: item.webhook) }
            }
            try await group.waitForAll()
        }
    }

    private func send(_ delivery: WebhookDelivery, to webhook: Webhook) async throws {
        let sending = await sender.send(delivery, to: webhook)
        // A stop is no answer: what was under way is sent again.
        try Task.checkCancellation()
        let settled = delivery.settled(sending.outcome, at: time.now())
        var events: [EventDraft] = []
        if settled.state == .dead {
            events.append(
                EventDraft(
                    kind: "webhook.dead_lettered", subject: EventSubject("webhook", webhook.id), actor: "system",
                    reason: "given up after \(settled.attempts) attempts: \(settled.error ?? "")",
                    payload: ["delivery": .string(delivery.id)],
                    time: time.now()))
            logger.warning(
                "a webhook was not reached",
                [("webhook", .string(webhook.name)), ("delivery", .string(delivery.id)), ("error", .string(settled.error ?? ""))])
        }
        try await store.save(settled, events: events)
    }
}
