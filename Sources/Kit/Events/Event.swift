package import Clockwork
package import JSON

/// One fact that happened: who, what, when, why, with what evidence. A draft becomes an `Event` when the log takes it.
///
/// `kind` is `<noun>.<past participle>`, for example `model_version.promoted`, `drift.confirmed`, `rollout.rolled_back`.
package struct EventDraft: Sendable, Hashable {
    package var kind: String
    package var subject: EventSubject
    /// Who did it: `user:alice`, `policy:drift.confirmed`, `rollout:<id>`, `system`.
    package var actor: String
    package var reason: String
    package var payload: JSONObject
    package var time: Timestamp

    package init(kind: String, subject: EventSubject, actor: String, reason: String, payload: JSONObject = [:], time: Timestamp) {
        self.kind = kind
        self.subject = subject
        self.actor = actor
        self.reason = reason
        self.payload = payload
        self.time = time
    }
}

/// What an event is about: `("endpoint", "employment")`, `("model_version", "employment/3")`.
package struct EventSubject: Sendable, Hashable {
    package var type: String
    package var id: String
    package init(_ type: String, _ id: String) {
        self.type = type
        self.id = id
    }
}

/// An event as the log holds it: numbered, and chained to the one before by `previousHash`.
package struct Event: Sendable, Hashable {
    package var sequence: Int64
    package var draft: EventDraft
    package var previousHash: String
    package var hash: String

    package init(sequence: Int64, draft: EventDraft, previousHash: String, hash: String) {
        self.sequence = sequence
        self.draft = draft
        self.previousHash = previousHash
        self.hash = hash
    }

    package var json: JSONObject {
        [
            "sequence": .int(sequence), "time": .string(draft.time.rfc3339), "kind": .string(draft.kind),
            "subject": ["type": .string(draft.subject.type), "id": .string(draft.subject.id)], "actor": .string(draft.actor),
            "reason": .string(draft.reason), "payload": .object(draft.payload), "previous_hash": .string(previousHash),
            "hash": .string(hash),
        ]
    }
}
