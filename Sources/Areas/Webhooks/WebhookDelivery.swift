package import Clockwork

/// One message to one webhook, and what became of it.
package struct WebhookDelivery: Sendable, Hashable {
    package enum State: String, Sendable, CaseIterable {
        case waiting, delivered
        /// Given up: a dead letter.
        case dead
    }

    /// The same for every attempt, so that a receiver can tell a repetition.
    package var id: String
    package var webhookID: String
    /// `entity.action`
    package var event: String
    /// The JSON that is sent, the same bytes each time.
    package var body: String
    package var state: State
    /// Attempts so far.
    package var attempts: Int
    package var dueAt: Timestamp
    package var createdAt: Timestamp
    /// The newest answer's status, and why the newest attempt failed.
    package var responseStatus: Int?
    package var error: String?

    package init(
        id: String, webhookID: String, event: String, body: String, state: State = .waiting, attempts: Int = 0, dueAt: Timestamp,
        createdAt: Timestamp, responseStatus: Int? = nil, error: String? = nil
    ) {
        self.id = id
        self.webhookID = webhookID
        self.event = event
        self.body = body
        self.state = state
        self.attempts = attempts
        self.dueAt = dueAt
        self.createdAt = createdAt
        self.responseStatus = responseStatus
        self.error = error
    }

    /// What one attempt came to.
    package enum Outcome: Sendable, Hashable {
        case answered(status: Int, retryAfter: Duration?)
        /// No answer; `isFinal` when no later attempt can do better.
        case failed(why: String, isFinal: Bool)
    }

    /// How long to wait after the first, second, … failed attempt; after the last one it is a dead letter.
    package static let pauses: [Duration] = [.seconds(1), .seconds(5), .seconds(30), .seconds(120), .seconds(600), .seconds(3_600)]
    private static let longestPause = Duration.seconds(3_600)
    /// Answers after which trying again is pointless are all others: the receiver refused the message itself.
    private static func mayRecover(_ status: Int) -> Bool { status == 408 || status == 429 || status >= 500 }

    /// The delivery after an attempt.
    package func settled(_ outcome: Outcome, at now: Timestamp) -> WebhookDelivery {
        var next = self
        next.attempts += 1
        var wanted: Duration?
        var mayRecover = true
        switch outcome {
        case .answered(let status, let retryAfter):
            next.responseStatus = status
            guard !(200..<300).contains(status) else {
                next.state = .delivered
                next.error = nil
                return next
            }
            next.error = "the answer was \(status)"
            wanted = retryAfter
            mayRecover = WebhookDelivery.mayRecover(status)
        case .failed(let why, let isFinal):
            next.responseStatus = nil
            next.error = why
            mayRecover = !isFinal
        }
        guard mayRecover, next.attempts <= WebhookDelivery.pauses.count else {
            next.state = .dead
            return next
        }
        let pause = max(WebhookDelivery.pauses[next.attempts - 1], min(wanted ?? .zero, WebhookDelivery.longestPause))
        next.dueAt = now + pause
        return next
    }
}
