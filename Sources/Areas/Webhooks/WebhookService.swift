package import Clockwork
import Errors
import Events
import JSON

/// Carries a message to a webhook.
package protocol WebhookSender: Sendable {
    /// - Throws: `invalid_argument` with the reason when this server does not send to such an address.
    func check(url: String) throws
    /// One attempt. Never throws: no answer is an outcome too.
    func send(_ delivery: WebhookDelivery, to webhook: Webhook) async -> WebhookSending
}

/// What one attempt came to, and the beginning of the answer.
package struct WebhookSending: Sendable, Hashable {
    package var outcome: WebhookDelivery.Outcome
    package var body: String

    package init(_ outcome: WebhookDelivery.Outcome, body: String = "") {
        self.outcome = outcome
        self.body = body
    }
}

/// The rules of webhooks: what may be registered, and what it is told. What is sent by itself is in `WebhookDispatch`.
package struct WebhookService: Sendable {
    let store: any WebhookStore
    let sender: any WebhookSender
    let time: any TimeSource
    let ids: any IDSource

    package static let pageMax = 1_000
    private static let urlMax = 2_048
    private static let secretMax = 1_000
    private static let descriptionMax = 5_000

    package init(store: any WebhookStore, sender: any WebhookSender, time: any TimeSource, ids: any IDSource) {
        self.store = store
        self.sender = sender
        self.time = time
        self.ids = ids
    }

    package func create(
        name: String, url: String, events: [WebhookEvent], description: String, secret: String, status: Webhook.Status, actor: String
    ) async throws -> Webhook {
        try check(WebhookChange(name: name, url: url, description: description, events: events, secret: secret))
        let now = time.now()
        let webhook = Webhook(
            id: ids.next(), name: name, url: url, description: description, events: distinct(events), status: status, secret: secret,
            createdAt: now, updatedAt: now)
        try await store.create(webhook, events: [event("webhook.created", webhook.id, actor, ["name": .string(name)])])
        return webhook
    }

    package func webhook(id: String) async throws -> Webhook {
        guard let webhook = try await store.webhook(id: id) else { throw WebhookService.unknown(id) }
        return webhook
    }

    package func webhooks(offset: Int, limit: Int) async throws -> (items: [Webhook], nextOffset: Int?) {
        guard (1...WebhookService.pageMax).contains(limit) else {
            throw JidokaError.invalidArgument("max_results must be between 1 and \(WebhookService.pageMax).")
        }
        let found = try await store.webhooks(offset: offset, limit: limit)
        return (Array(found.prefix(limit)), found.count > limit ? offset + limit : nil)
    }

    package func update(id: String, _ change: WebhookChange, actor: String) async throws -> Webhook {
        try check(change)
        var change = change
        change.events = change.events.map(distinct)
        return try await store.update(id: id, change, at: time.now(), events: [event("webhook.changed", id, actor)])
    }

    package func delete(id: String, actor: String) async throws {
        try await store.delete(id: id, events: [event("webhook.deleted", id, actor)])
    }

    /// Sends an example of an event (nil: the first that it is told of) once, and says what came of it. It is not in the log.
    package func test(id: String, event: WebhookEvent?) async throws -> WebhookSending {
        let webhook = try await webhook(id: id)
        let event = event ?? webhook.events[0]
        let now = time.now()
        let body = WebhookMessage(event: event, data: WebhookMessage.example(event)).body(at: now)
        let delivery = WebhookDelivery(id: ids.next(), webhookID: id, event: event.text, body: body, dueAt: now, createdAt: now)
        return await sender.send(delivery, to: webhook)
    }

    package func deliveries(
        webhookID: String?, state: WebhookDelivery.State?, offset: Int, limit: Int
    ) async throws -> (items: [WebhookDelivery], nextOffset: Int?) {
        if let webhookID { _ = try await webhook(id: webhookID) }
        let found = try await store.deliveries(webhookID: webhookID, state: state, offset: offset, limit: limit)
        return (Array(found.prefix(limit)), found.count > limit ? offset + limit : nil)
    }

    /// Sends a delivery that was settled once more, under the same id. - Throws: `failed_precondition` while it waits.
    package func redeliver(id: String, actor: String) async throws -> WebhookDelivery {
        guard var delivery = try await store.delivery(id: id) else {
            throw JidokaError.notFound("no delivery `\(id)`", hint: "`jidoka webhooks deliveries` shows them")
        }
        guard delivery.state != .waiting else { throw JidokaError.failedPrecondition("delivery `\(id)` waits to be sent already") }
        delivery.state = .waiting
        delivery.attempts = 0
        delivery.dueAt = time.now()
        try await store.save(delivery, events: [event("webhook.redelivered", delivery.webhookID, actor, ["delivery": .string(id)])])
        return delivery
    }

    private func check(_ change: WebhookChange) throws {
        if let name = change.name { try checkName(name) }
        if let url = change.url {
            guard url.contains(where: { !$0.isWhitespace }) else {
                throw JidokaError.invalidArgument("Webhook URL cannot be empty or just whitespace: '\(url)'")
            }
            guard url.utf8.count <= WebhookService.urlMax else {
                throw JidokaError.invalidArgument("Webhook URL is longer than \(WebhookService.urlMax) bytes")
            }
            try sender.check(url: url)
        }
        if change.events?.isEmpty ?? false {
            throw JidokaError.invalidArgument("Webhook events must be a non-empty list of WebhookEvent objects: [].")
        }
        if (change.secret?.utf8.count ?? 0) > WebhookService.secretMax {
            throw JidokaError.invalidArgument("Webhook secret is longer than \(WebhookService.secretMax) bytes")
        }
        if (change.description?.utf8.count ?? 0) > WebhookService.descriptionMax {
            throw JidokaError.invalidArgument("Webhook description is longer than \(WebhookService.descriptionMax) bytes")
        }
    }

    private func checkName(_ name: String) throws {
        let letters = name.utf8.map { byte in (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) }
        let isWell =
            (1...63).contains(name.utf8.count) && letters.first == true && letters.last == true
            && zip(name.utf8, letters).allSatisfy { $1 || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D }
        guard isWell else {
            throw JidokaError.invalidArgument(
                "Webhook name '\(name)' is invalid. It must start and end with a letter or digit, be less than 63 characters long, "
                    + "and contain only letters, digits, dots (.), underscores (_), and hyphens (-).")
        }
    }

    private func distinct(_ events: [WebhookEvent]) -> [WebhookEvent] {
        var kept: [WebhookEvent] = []
        for event in events where !kept.contains(event) { kept.append(event) }
        return kept
    }

    static func unknown(_ id: String) -> JidokaError { .notFound("Webhook with ID \(id) not found.") }

    private func event(_ kind: String, _ id: String, _ actor: String, _ payload: JSONObject = [:]) -> EventDraft {
        EventDraft(kind: kind, subject: EventSubject("webhook", id), actor: actor, reason: "", payload: payload, time: time.now())
    }
}
