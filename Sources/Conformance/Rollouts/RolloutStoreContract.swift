import Clockwork
import Errors
import Events
import Rollouts

/// What every rollout store must do. Each check gets empty stores.
package enum RolloutStoreContract {
    package static let checks: [ContractCheck<LoopStores>] = [
        ContractCheck("a rollout is kept whole and told in one event", keepsWhole),
        ContractCheck("an endpoint has at most one rollout under way", oneUnderWay),
        ContractCheck("an update needs a greater revision, and brings its events or none", revisions),
        ContractCheck("an unknown rollout is nil and cannot be updated", unknown),
        ContractCheck("of writers with the same revision one wins", concurrentWriters),
        ContractCheck("of starts at the same moment one wins", concurrentStarts),
        ContractCheck("rollouts come newest first, narrowed and bounded", pages),
        ContractCheck("the unfinished are those that are not final", unfinished),
    ]

    private static func rollout(_ id: String, endpoint: String = "employment", state: Rollout.State = .canary, seed: UInt64 = 1) -> Rollout
    {
        var rollout = Rollout.arbitrary(SeededRandom(seed: seed), id: id, endpoint: endpoint)
        rollout.state = state
        rollout.revision = 3
        return rollout
    }

    private static func event(_ kind: String, _ rollout: Rollout) -> EventDraft {
        EventDraft(kind: kind, subject: EventSubject("rollout", rollout.id), actor: "user:ann", reason: "why", time: rollout.startedAt)
    }

    private static func create(_ rollout: Rollout, in stores: LoopStores) async throws {
        try await stores.rollouts.create(rollout, event: event("rollout.started", rollout))
    }

    private static func kinds(_ stores: LoopStores) async throws -> [String] {
        let events = try await EventLogContract.all(of: stores.log)
        try await EventLogContract.requireChain(events, head: stores.log.head())
        return events.map { "\($0.draft.kind) \($0.draft.subject.id)" }
    }

    @Sendable private static func keepsWhole(_ stores: LoopStores) async throws {
        for seed in 0..<40 {
            let any = rollout("r\(seed)", endpoint: "e\(seed)", state: .canary, seed: UInt64(seed))
            try await create(any, in: stores)
            try Broken.unless(try await stores.rollouts.rollout(any.id), is: any, "what is read back")
            var next = Rollout.arbitrary(SeededRandom(seed: UInt64(seed) + 1_000), id: any.id, endpoint: any.endpoint)
            next.startedAt = any.startedAt
            next.revision = 4
            try await stores.rollouts.update(next, events: [event("rollout.advanced", next)])
            try Broken.unless(try await stores.rollouts.rollout(any.id), is: next, "what is read back after an update")
        }
        let told = (0..<40).flatMap { ["rollout.started r\($0)", "rollout.advanced r\($0)"] }
        try Broken.unless(try await kinds(stores), is: told, "the events")
    }

    @Sendable private static func oneUnderWay(_ stores: LoopStores) async throws {
        var first = rollout("a")
        try await create(first, in: stores)
        try await Broken.unlessRefused(.conflict) { try await create(rollout("b"), in: stores) }
        try await create(rollout("c", endpoint: "another"), in: stores)
        first.state = .rolledBack
        first.revision += 1
        try await stores.rollouts.update(first, events: [])
        try await Broken.unlessRefused(.conflict) { try await create(rollout("a"), in: stores) }
        try await create(rollout("d"), in: stores)
        let told = ["rollout.started a", "rollout.started c", "rollout.started d"]
        try Broken.unless(try await kinds(stores), is: told, "the events: a refused start tells none")
        try Broken.unless(try await stores.rollouts.rollout("b"), is: nil, "a refused rollout")
        try Broken.unless(try await stores.rollouts.rollout("a"), is: first, "a rollout whose id was asked for again")
    }

    @Sendable private static func revisions(_ stores: LoopStores) async throws {
        var current = rollout("a")
        try await create(current, in: stores)
        for stale in [Int64(2), 3] {
            var other = current
            other.revision = stale
            other.percent = 99
            try await Broken.unlessRefused(.conflict) {
                try await stores.rollouts.update(other, events: [event("rollout.advanced", other)])
            }
        }
        try Broken.unless(try await stores.rollouts.rollout("a"), is: current, "what is kept after refused updates")
        current.revision = 4
        let events = [event("rollout.harm_detected", current), event("rollout.rolling_back", current)]
        try await stores.rollouts.update(current, events: events)
        let told = ["rollout.started a", "rollout.harm_detected a", "rollout.rolling_back a"]
        try Broken.unless(try await kinds(stores), is: told, "the events")
    }

    @Sendable private static func unknown(_ stores: LoopStores) async throws {
        try Broken.unless(try await stores.rollouts.rollout("none"), is: nil, "an unknown rollout")
        let none = rollout("none")
        try await Broken.unlessRefused(.conflict) { try await stores.rollouts.update(none, events: [event("rollout.advanced", none)]) }
        try Broken.unless(try await kinds(stores), is: [], "the events")
    }

    @Sendable private static func concurrentWriters(_ stores: LoopStores) async throws {
        let base = rollout("a")
        try await create(base, in: stores)
        let won = await count(of: 16) { writer in
            var mine = base
            mine.revision = 4
            mine.percent = writer
            try await stores.rollouts.update(mine, events: [event("rollout.advanced", mine)])
        }
        try Broken.unless(won, is: 1, "the writers that won")
        try Broken.unless(try await kinds(stores).count, is: 2, "the number of events")
    }

    @Sendable private static func concurrentStarts(_ stores: LoopStores) async throws {
        let won = await count(of: 16) { try await create(rollout("r\($0)"), in: stores) }
        try Broken.unless(won, is: 1, "the starts that won")
        try Broken.unless(try await stores.rollouts.unfinished().count, is: 1, "the rollouts under way")
    }

    /// How many of the bodies, all at the same moment, did not throw.
    static func count(of bodies: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async -> Int {
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<bodies {
                group.addTask {
                    do {
                        try await body(number)
                        return true
                    } catch { return false }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }

    @Sendable private static func pages(_ stores: LoopStores) async throws {
        for number in 0..<6 {
            var any = rollout("r\(number)", endpoint: number % 2 == 0 ? "even" : "odd", state: .done)
            // Two started in the same microsecond: the later id counts as newer.
            any.startedAt = Timestamp(microseconds: 1_000 + Int64(number / 2))
            try await create(any, in: stores)
        }
        func ids(_ endpoint: String?, _ limit: Int) async throws -> [String] {
            try await stores.rollouts.rollouts(endpoint: endpoint, limit: limit).map(\.id)
        }
        try Broken.unless(try await ids(nil, 4), is: ["r5", "r4", "r3", "r2"], "a page of all")
        try Broken.unless(try await ids("even", 1_000), is: ["r4", "r2", "r0"], "those of an endpoint")
        try Broken.unless(try await ids("none", 10), is: [], "those of an endpoint without any")
        for limit in [0, 1_001] { try await Broken.unlessRefused(.invalidArgument) { _ = try await ids(nil, limit) } }
    }

    @Sendable private static func unfinished(_ stores: LoopStores) async throws {
        for state in Rollout.State.allCases {
            try await create(rollout(state.rawValue, endpoint: state.rawValue, state: state), in: stores)
        }
        let wanted = Set(Rollout.State.allCases.map(\.rawValue)).subtracting(["done", "rolled_back"])
        try Broken.unless(Set(try await stores.rollouts.unfinished().map(\.id)), is: wanted, "the unfinished")
    }
}
