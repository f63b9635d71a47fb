package import Clockwork
package import Events

/// Keeps webhooks and their deliveries; durable on return, events in the same transaction. Methods that name a webhook which does not exist
/// throw `not_found` and change nothing. Every method may be called from any task.
package protocol WebhookStore: Sendable {
    func create(_ webhook: Webhook, events: [EventDraft]) async throws
    func webhook(id: String) async throws -> Webhook?
    /// Newest first, at most `limit` (1...1000) and one more.
    func webhooks(offset: Int, limit: Int) async throws -> [Webhook]
    func update(id: String, _ change: WebhookChange, at time: Timestamp, events: [EventDraft]) async throws -> Webhook
    /// With its deliveries.
    func delete(id: String, events: [EventDraft]) async throws
    /// The newest event that was turned into deliveries.
    func cursor() async throws -> Int64
    /// Takes in deliveries of events up to `cursor`, once: nothing happens when they were taken already. Of each webhook's settled
    /// deliveries the newest `keeping` stay.
    func take(_ deliveries: [WebhookDelivery], cursor: Int64, keeping: Int) async throws
    /// Waiting deliveries of active webhooks that are due, oldest first, each with its webhook: at most `perWebhook` of each and `limit`
    /// (1...1000) in all.
    func due(at now: Timestamp, perWebhook: Int, limit: Int) async throws -> [(delivery: WebhookDelivery, webhook: Webhook)]
    /// Keeps a delivery as it is now.
    func save(_ delivery: WebhookDelivery, events: [EventDraft]) async throws
    func delivery(id: String) async throws -> WebhookDelivery?
    /// Newest first, at most `limit` (1...1000) and one more; of one webhook and in one state when they are given.
    func deliveries(webhookID: String?, state: WebhookDelivery.State?, offset: Int, limit: Int) async throws -> [WebhookDelivery]
}
