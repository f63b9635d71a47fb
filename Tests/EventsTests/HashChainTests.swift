import Clockwork
import Events
import JSON
import Testing

struct HashChainTests {
    private func draft(_ kind: String, payload: JSONObject = ["rows": 5]) -> EventDraft {
        EventDraft(
            kind: kind, subject: EventSubject("endpoint", "employment"), actor: "user:alice", reason: "asked", payload: payload,
            time: Timestamp(microseconds: 1_700_000_000_000_000))
    }

    private func chain(_ count: Int) -> [Event] {
        var events: [Event] = []
        var previous = HashChain.genesis
        for index in 1...count {
            let draft = draft("thing.happened", payload: ["n": .int(Int64(index))])
            let hash = HashChain.hash(draft, sequence: Int64(index), previous: previous)
            events.append(Event(sequence: Int64(index), draft: draft, previousHash: previous, hash: hash))
            previous = hash
        }
        return events
    }

    /// Computed apart from this code with `python3 -c` from the canonical JSON of docs/format/events.md, so that the format cannot drift.
    @Test func `the hash is the SHA-256 of the canonical JSON`() {
        #expect(
            HashChain.hash(draft("model_version.promoted"), sequence: 1, previous: HashChain.genesis)
                == "245095669af267b8dee8c8fd40ab37c1c1b386947936d727e658463e66ecf83b")
    }

    @Test func `the order of a payload's members does not change the hash`() {
        let one = HashChain.hash(draft("a.b", payload: ["x": 1, "y": ["p": 1, "q": 2]]), sequence: 1, previous: HashChain.genesis)
        let two = HashChain.hash(draft("a.b", payload: ["y": ["q": 2, "p": 1], "x": 1]), sequence: 1, previous: HashChain.genesis)
        #expect(one == two)
    }

    @Test func `a whole chain has no break`() {
        #expect(HashChain.firstBreak(in: chain(50), after: HashChain.genesis, sequence: 0) == nil)
        #expect(HashChain.firstBreak(in: chain(50).suffix(10), after: chain(50)[39].hash, sequence: 40) == nil)
    }

    @Test(arguments: ["kind", "actor", "reason", "payload", "time", "subject", "hash", "previous", "removed", "swapped"])
    func `every change of the past is found`(change: String) {
        var events = chain(10)
        switch change {
        case "kind": events[4].draft.kind = "thing.else"
        case "actor": events[4].draft.actor = "user:mallory"
        case "reason": events[4].draft.reason = ""
        case "payload": events[4].draft.payload["n"] = 99
        case "time": events[4].draft.time = .zero
        case "subject": events[4].draft.subject = EventSubject("endpoint", "other")
        case "hash": events[4].hash = HashChain.genesis
        case "previous": events[4].previousHash = HashChain.genesis
        case "removed": events.remove(at: 4)
        default: events.swapAt(4, 5)
        }
        let found = HashChain.firstBreak(in: events, after: HashChain.genesis, sequence: 0)
        #expect(found == events[4])
    }

    @Test func `an event's JSON has its place in the chain`() {
        let json = JSONValue.object(chain(1)[0].json)
        #expect(json["sequence"] == 1)
        #expect(json["subject"]?["id"] == "employment")
        #expect(json["time"] == "2023-11-14T22:13:20.000000Z")
        #expect(json["previous_hash"] == .string(HashChain.genesis))
    }
}
