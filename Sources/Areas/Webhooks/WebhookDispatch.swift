package import Clockwork
import Errors
package import Events
import JSON
import Synchronization
package import Telemetry

/// Whether a registered model is a prompt: the area asks it of the registry.
package protocol PromptTeller: Sendable {
    /// False for a model that is not there.
    func isPrompt(_ model: String) async throws -> Bool
}

/// Turns events of the log into deliveries, once each, and sends what is due. Runs in one process of those on a database at a time.
package final class WebhookDispatch: Service {
    package let name = "webhooks"
    private let store: any WebhookStore
    private let sender: any WebhookSender
    private let prompts: any PromptTeller
    private let log: any EventLog
    private let time: any TimeSource
    private let ids: any IDSource
    private let logger: Logger
    /// Webhooks that something is being sent to.
    private let sending = Mutex<Set<String>>([])

    private static let interval = Duration.milliseconds(250)
    private static let kinds: Set<String> = [
        "registered_model.created", "registered_model.tag_set", "registered_model.tag_deleted", "model_version.registered",
        "model_version.tag_set", "model_version.tag_deleted", "model_version.alias_set", "model_version.alias_removed",
    ]
    /// Webhooks that something is sent to at the same time.
    package static let sendingMax = 8
    /// Deliveries of one webhook in a row.
    private static let lotMax = 50
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

    /// Taking in and sending go on beside each other: a receiver that hangs holds up neither the log nor other receivers.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in try await again { try await takeEvents() } }
            group.addTask { [self] in
                try await withThrowingDiscardingTaskGroup { sendings in
                    try await again { for lot in try await lots() { sendings.addTask { [self] in await send(lot) } } }
                }
            }
            try await group.waitForAll()
        }
    }

    private func again(_ step: () async throws -> Void) async throws {
        while true {
            do { try await step() } catch let error as JidokaError { told(error) }
            try await time.sleep(for: WebhookDispatch.interval)
        }
    }

    private func told(_ error: JidokaError) { logger.warning("webhooks could not go on", [("error", .string(error.description))]) }

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
                guard let message = try await WebhookMessage(event.draft, isPrompt: { [prompts] in try await prompts.isPrompt($0) }) else {
                    continue
                }
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

    /// Sends what is due, and waits for all of it.
    package func deliver() async throws {
        await withDiscardingTaskGroup { group in
            do { for lot in try await lots() { group.addTask { [self] in await send(lot) } } } catch { told(.wrapping(error)) }
        }
    }

    private typealias Lot = [(delivery: WebhookDelivery, webhook: Webhook)]

    /// What is due by webhook, oldest first, of those that nothing is being sent to; at most `sendingMax` at a time.
    private func lots() async throws -> [Lot] {
        let due = try await store.due(at: time.now(), perWebhook: WebhookDispatch.lotMax, limit: 1_000)
        let lots = Dictionary(grouping: due, by: \.webhook.id).values.sorted { $0[0].delivery.dueAt < $1[0].delivery.dueAt }
        return lots.filter { lot in
            sending.withLock { $0.count < WebhookDispatch.sendingMax && $0.insert(lot[0].webhook.id).inserted }
        }
    }

    /// One after the other, until one does not arrive: what is left is due again.
    private func send(_ lot: Lot) async {
        defer { _ = sending.withLock { $0.remove(lot[0].webhook.id) } }
        for item in lot {
            do {
                guard try await send(item.delivery, to: item.webhook) else { return }
            } catch is CancellationError { return } catch { return told(.wrapping(error)) }
        }
    }

    /// Whether it arrived.
    private func send(_ delivery: WebhookDelivery, to webhook: Webhook) async throws -> Bool {
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
        return settled.state == .delivered
    }
}
