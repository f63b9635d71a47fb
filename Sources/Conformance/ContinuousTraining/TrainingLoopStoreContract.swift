import Clockwork
package import ContinuousTraining
import Errors
import Events

extension TrainingLoop {
    /// Any loop at all, drawn from a seed: every member may have every value.
    package static func arbitrary(_ random: SeededRandom, endpoint: String = "employment") -> TrainingLoop {
        var loop = TrainingLoop(endpoint: endpoint, cursor: Int64(random.below(1 << 40)))
        let (request, name) = (random.text(), random.text())
        loop.phase = random.element(of: [
            .watching, .requested(request: request), .training(request: request, run: name), .produced(request: request, version: name),
            .rollingOut(request: request, version: name, rollout: random.text()),
        ])
        loop.reason = random.text()
        loop.starts = (0..<random.below(4)).map { _ in random.moment() }
        loop.held = random.chance(0.5)
        loop.revision = Int64(random.below(1 << 40))
        return loop
    }
}

/// What every store of training loops must do. Each check gets empty stores.
package enum TrainingLoopStoreContract {
    package static let checks: [ContractCheck<LoopStores>] = [
        ContractCheck("a loop is kept whole", keepsWhole),
        ContractCheck("an endpoint has one loop", oneEach),
        ContractCheck("an update needs a greater revision, and brings its events or none", revisions),
        ContractCheck("of writers with the same revision one wins", concurrentWriters),
    ]

    private static func event(_ kind: String) -> EventDraft {
        EventDraft(kind: kind, subject: EventSubject("endpoint", "employment"), actor: "policy:retrain", reason: "", time: .zero)
    }

    private static func kinds(_ stores: LoopStores) async throws -> [String] {
        let events = try await EventLogContract.all(of: stores.log)
        try await EventLogContract.requireChain(events, head: stores.log.head())
        return events.map(\.draft.kind)
    }

    @Sendable private static func keepsWhole(_ stores: LoopStores) async throws {
        for seed in 0..<60 {
            var first = TrainingLoop.arbitrary(SeededRandom(seed: UInt64(seed)), endpoint: "e\(seed)")
            first.revision = 3
            try await stores.loops.create(first)
            try Broken.unless(try await stores.loops.loop(endpoint: first.endpoint), is: first, "what is read back")
            var next = TrainingLoop.arbitrary(SeededRandom(seed: UInt64(seed) + 1_000), endpoint: first.endpoint)
            next.revision = 4
            try await stores.loops.update(next, events: [])
            try Broken.unless(try await stores.loops.loop(endpoint: first.endpoint), is: next, "what is read back after an update")
        }
    }

    @Sendable private static func oneEach(_ stores: LoopStores) async throws {
        try Broken.unless(try await stores.loops.loop(endpoint: "employment"), is: nil, "an endpoint without a loop")
        let first = TrainingLoop(endpoint: "employment", cursor: 4)
        try await stores.loops.create(first)
        try await Broken.unlessRefused(.conflict) { try await stores.loops.create(TrainingLoop(endpoint: "employment", cursor: 5)) }
        try await stores.loops.create(TrainingLoop(endpoint: "another", cursor: 6))
        try Broken.unless(try await stores.loops.loop(endpoint: "employment"), is: first, "what is kept")
    }

    @Sendable private static func revisions(_ stores: LoopStores) async throws {
        var current = TrainingLoop(endpoint: "employment", cursor: 4)
        current.revision = 3
        try await Broken.unlessRefused(.conflict) { try await stores.loops.update(current, events: [event("retrain.failed")]) }
        try await stores.loops.create(current)
        for stale in [Int64(2), 3] {
            var other = current
            other.revision = stale
            other.held = true
            try await Broken.unlessRefused(.conflict) { try await stores.loops.update(other, events: [event("retrain.held")]) }
        }
        try Broken.unless(try await stores.loops.loop(endpoint: "employment"), is: current, "what is kept after refused updates")
        current.revision = 9
        try await stores.loops.update(current, events: [event("retrain.requested"), event("retrain.started")])
        try Broken.unless(try await kinds(stores), is: ["retrain.requested", "retrain.started"], "the events")
    }

    @Sendable private static func concurrentWriters(_ stores: LoopStores) async throws {
        let base = TrainingLoop(endpoint: "employment", cursor: 4)
        try await stores.loops.create(base)
        let won = await RolloutStoreContract.count(of: 16) { writer in
            var mine = base
            mine.revision = 1
            mine.cursor = Int64(writer)
            try await stores.loops.update(mine, events: [event("retrain.requested")])
        }
        try Broken.unless(won, is: 1, "the writers that won")
        try Broken.unless(try await kinds(stores), is: ["retrain.requested"], "the events")
    }
}
