import Clockwork
package import Events
import JSON
package import SQL

/// Writes events inside the transaction of the change that they tell of.
package enum EventTable {
    /// Numbers and chains the drafts and inserts them; call it on the connection of the change, after the change.
    @discardableResult
    package static func append(_ drafts: [EventDraft], on connection: Connection) throws -> [Event] {
        if drafts.isEmpty { return [] }
        var (sequence, previous) = try head(on: connection)
        var events: [Event] = []
        for draft in drafts {
            sequence += 1
            let hash = HashChain.hash(draft, sequence: sequence, previous: previous)
            try connection.execute(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    .int(sequence), .int(draft.time.microseconds), .text(draft.kind), .text(draft.subject.type), .text(draft.subject.id),
                    .text(draft.actor), .text(draft.reason), .text(JSONValue.object(draft.payload).text), .text(previous), .text(hash),
                ])
            events.append(Event(sequence: sequence, draft: draft, previousHash: previous, hash: hash))
            previous = hash
        }
        return events
    }

    static func head(on connection: Connection) throws -> (sequence: Int64, hash: String) {
        try connection.first("SELECT sequence, hash FROM events ORDER BY sequence DESC LIMIT 1") { ($0.int(0), $0.text(1)) } ?? (
            0, HashChain.genesis
        )
    }

    static func event(_ row: Row) throws -> Event {
        let payload = try JSONValue.parse(row.text(7)).objectValue ?? [:]
        let draft = EventDraft(
            kind: row.text(2), subject: EventSubject(row.text(3), row.text(4)), actor: row.text(5), reason: row.text(6), payload: payload,
            time: Timestamp(microseconds: row.int(1)))
        return Event(sequence: row.int(0), draft: draft, previousHash: row.text(8), hash: row.text(9))
    }
}
