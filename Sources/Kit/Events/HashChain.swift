import Clockwork
import Digests
import JSON

/// The chain that makes the log tamper-evident: each hash covers the event and the hash before it.
///
/// hash = SHA-256 over the canonical JSON (members sorted, no whitespace) of
/// `{actor, kind, payload, previous_hash, reason, sequence, subject, time}` with `time` in microseconds. See docs/format/events.md.
package enum HashChain {
    package static let genesis = String(repeating: "0", count: 64)

    package static func hash(_ draft: EventDraft, sequence: Int64, previous: String) -> String {
        let covered: JSONValue = [
            "sequence": .int(sequence), "time": .int(draft.time.microseconds), "kind": .string(draft.kind),
            "subject": ["type": .string(draft.subject.type), "id": .string(draft.subject.id)], "actor": .string(draft.actor),
            "reason": .string(draft.reason), "payload": .object(draft.payload), "previous_hash": .string(previous),
        ]
        return SHA256.hex(covered.canonical.serialized)
    }

    /// The first event that breaks the chain, or nil when all of `events` continue it from `previous`.
    package static func firstBreak(in events: some Sequence<Event>, after previous: String, sequence: Int64) -> Event? {
        var previous = previous
        var expected = sequence + 1
        for event in events {
            guard event.sequence == expected, event.previousHash == previous,
                event.hash == hash(event.draft, sequence: event.sequence, previous: previous)
            else { return event }
            previous = event.hash
            expected += 1
        }
        return nil
    }
}
