import Clockwork
import Errors
package import Events
import JSON

/// What every event log must do. Each check gets an empty log.
package enum EventLogContract {
    package static let checks: [ContractCheck<any EventLog>] = [
        ContractCheck("an empty log has sequence 0 and the genesis hash", emptyLog),
        ContractCheck("events are numbered without gaps and chained", numbered),
        ContractCheck("payloads of every shape are read back and verify", payloads),
        ContractCheck("pages narrow by position, kinds and subject", pages),
        ContractCheck("a limit outside 1...1000 is refused", limits),
        ContractCheck("writers at the same moment leave no gap", concurrentWriters),
        ContractCheck("a waiting reader wakes when an event is added", waiting),
        ContractCheck("a reader that is behind does not wait, and a cancelled one stops", notWaiting),
    ]

    static func draft(_ number: Int, kind: String = "run.created", subject: EventSubject = EventSubject("run", "r1")) -> EventDraft {
        EventDraft(
            kind: kind, subject: subject, actor: "user:ann", reason: "number \(number)", payload: ["number": .int(Int64(number))],
            time: Timestamp(microseconds: 1_767_225_600_000_000 + Int64(number)))
    }

    /// Everything there is, in pages.
    static func all(of log: any EventLog, page: Int = 7) async throws -> [Event] {
        var events: [Event] = []
        while true {
            let next = try await log.events(after: events.last?.sequence ?? 0, limit: page, kinds: nil, subject: nil)
            if next.isEmpty { return events }
            events += next
        }
    }

    static func requireChain(_ events: [Event], head: (sequence: Int64, hash: String)) throws {
        let broken = HashChain.firstBreak(in: events, after: HashChain.genesis, sequence: 0)
        try Broken.unless(broken == nil, "the chain breaks at \(broken?.sequence ?? 0)")
        try Broken.unless(head.sequence, is: events.last?.sequence ?? 0, "the head's sequence")
        try Broken.unless(head.hash, is: events.last?.hash ?? HashChain.genesis, "the head's hash")
    }

    @Sendable private static func emptyLog(_ log: any EventLog) async throws {
        try await requireChain(all(of: log), head: log.head())
        try Broken.unless(try await log.append([]).isEmpty, "nothing appended is nothing")
        try Broken.unless(try await log.head().sequence, is: 0, "the sequence after nothing")
    }

    @Sendable private static func numbered(_ log: any EventLog) async throws {
        let first = try await log.append([draft(1), draft(2)])
        let second = try await log.append([draft(3)])
        try Broken.unless((first + second).map(\.sequence), is: [1, 2, 3], "the sequences")
        let kept = try await all(of: log, page: 2)
        try Broken.unless(kept, is: first + second, "what is read back")
        try await requireChain(kept, head: log.head())
    }

    @Sendable private static func payloads(_ log: any EventLog) async throws {
        let text = "quote \" backslash \\ newline \n tab \t bell \u{7} nul \u{0} ünïcode 自働化 🚦 </script>"
        let values: [JSONValue] = [
            .null, .bool(true), .int(.max), .int(.min), .double(1), .double(0.1), .double(-0.0), .double(1e16),
            .double(.leastNonzeroMagnitude),
            .double(.greatestFiniteMagnitude), .string(text), .string(""), .array([]), .object([:]), [1, [2, ["three": nil]]],
        ]
        var payload: JSONObject = ["z": 1, "a": 2, "ü": 3, "": 4]
        for (index, value) in values.enumerated() { payload["value \(index)"] = value }
        var odd = draft(1)
        (odd.payload, odd.reason, odd.actor) = (payload, text, text)
        odd.subject = EventSubject(text, text)
        odd.time = Timestamp(microseconds: -1)
        var infinite = draft(2)
        infinite.payload = ["nan": .double(.nan), "infinity": .double(.infinity)]
        try await log.append([odd, infinite, draft(3)])
        let kept = try await all(of: log)
        try await requireChain(kept, head: log.head())
        try Broken.unless(kept.first?.draft, is: odd, "what is read back")
    }

    @Sendable private static func pages(_ log: any EventLog) async throws {
        let kinds = ["run.created", "run.finished", "drift.confirmed"]
        let subjects = [EventSubject("run", "r1"), EventSubject("run", "r2"), EventSubject("endpoint", "r1")]
        let drafts = (0..<30).map { draft($0, kind: kinds[$0 % 3], subject: subjects[$0 / 3 % 3]) }
        let events = try await log.append(drafts)
        func sequences(_ after: Int64, _ limit: Int, _ kinds: Set<String>?, _ subject: EventSubject?) async throws -> [Int64] {
            try await log.events(after: after, limit: limit, kinds: kinds, subject: subject).map(\.sequence)
        }
        try Broken.unless(try await sequences(0, 4, nil, nil), is: [1, 2, 3, 4], "the first page")
        try Broken.unless(try await sequences(28, 4, nil, nil), is: [29, 30], "the last page")
        try Broken.unless(try await sequences(30, 4, nil, nil), is: [], "the page after the end")
        try Broken.unless(try await sequences(99, 4, nil, nil), is: [], "a page far after the end")
        try Broken.unless(try await sequences(0, 1_000, [], nil), is: events.map(\.sequence), "an empty set of kinds narrows nothing")
        for subject in [nil] + subjects.map(Optional.some) {
            let wanted = events.filter {
                $0.sequence > 5 && $0.draft.kind != "run.finished" && (subject == nil || $0.draft.subject == subject)
            }
            let found = try await sequences(5, 1_000, ["run.created", "drift.confirmed", "none"], subject)
            try Broken.unless(found, is: wanted.map(\.sequence), "events of \(String(describing: subject))")
        }
    }

    @Sendable private static func limits(_ log: any EventLog) async throws {
        for limit in [-1, 0, 1_001] {
            try await Broken.unlessRefused(.invalidArgument) { _ = try await log.events(after: 0, limit: limit, kinds: nil, subject: nil) }
        }
    }

    @Sendable private static func concurrentWriters(_ log: any EventLog) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<20 { group.addTask { for number in 0..<5 { try await log.append([draft(writer), draft(number)]) } } }
            try await group.waitForAll()
        }
        let kept = try await all(of: log, page: 64)
        try Broken.unless(kept.count, is: 200, "the number of events")
        try await requireChain(kept, head: log.head())
    }

    @Sendable private static func waiting(_ log: any EventLog) async throws {
        try await log.append([draft(1)])
        async let woken: Void = log.waitForEvents(after: 1)
        try await log.append([draft(2)])
        try await woken
        try Broken.unless(try await log.head().sequence, is: 2, "the sequence once the reader woke")
    }

    @Sendable private static func notWaiting(_ log: any EventLog) async throws {
        try await log.append([draft(1), draft(2)])
        try await log.waitForEvents(after: 1)
        let waiter = Task { try await log.waitForEvents(after: 2) }
        waiter.cancel()
        let outcome = await waiter.result
        guard case .failure(let error) = outcome, error is CancellationError else {
            throw JidokaError.internal("the contract is broken: a cancelled reader ends with the cancellation")
        }
    }
}
