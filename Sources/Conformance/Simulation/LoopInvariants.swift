import Clockwork
import ContinuousTraining
import Events
import JSON
import Rollouts

/// An invariant that does not hold.
struct BrokenInvariant: Error {
    var what: String

    static func check(_ holds: Bool, _ what: @autoclosure () -> String) throws {
        if !holds { throw BrokenInvariant(what: what()) }
    }
}

/// What must hold after every step of the closed loop, whatever failed:
/// one champion; no acknowledged write lost; no double retrain, none within the cooldown or above the budget, none while held; no traffic
/// means paused; final states are final; only moves that the machine knows; the hash chain unbroken.
struct LoopInvariants {
    private var moves = RolloutMoves()
    private var truth = RolloutTruth()
    /// The chain as far as it was verified.
    private var sequence: Int64 = 0
    private var hash = HashChain.genesis
    /// When retrains were requested.
    private var requests: [Timestamp] = []
    private var held: (starts: Int, isHeld: Bool) = (0, false)
    /// Whether a retrain was requested and has not ended.
    private var isUnderWay = false
    private var suppressed = 0

    mutating func disturbed(at time: Timestamp) { moves.disturbed(at: time) }
    mutating func touched(_ rollout: String) { truth.touched(rollout) }

    mutating func served(_ rows: [String: Int], _ world: LoopWorld, population: Double) {
        moves.served(rows, at: world.time.now())
        for rollout in moves.open { truth.observe(rollout, world.serving, population: population) }
    }

    mutating func check(_ world: LoopWorld, after operation: LoopOperation, succeeded: Bool) async throws {
        let rollouts = try await world.stores.rollouts.rollouts(endpoint: LoopWorld.endpoint, limit: 1_000)
        try oneChampion(rollouts, world)
        if operation == .resume { moves.disturbed(at: world.time.now()) }
        let isLook = operation == .look && succeeded
        try moves.check(rollouts, at: world.time.now(), isLook: isLook)
        if operation == .pause, succeeded { try moves.isHeldByPerson() }
        try await acknowledged(rollouts, world)
        for event in try await chain(world) { try take(event) }
        try await retrains(rollouts, world)
    }

    /// Once more from the first event.
    mutating func finish(_ world: LoopWorld) async throws {
        (sequence, hash) = (0, HashChain.genesis)
        _ = try await chain(world)
    }

    func counted(in report: SimulationReport, _ world: LoopWorld) -> SimulationReport {
        var report = report
        report.events = Int(sequence)
        report.requested = requests.count
        report.suppressed = suppressed
        moves.count(into: &report)
        truth.count(moves.ended, into: &report)
        return report
    }

    // MARK: One champion

    /// The traffic plan, the registry and the rollouts tell of one champion, except while a rollout is between two actions.
    private func oneChampion(_ rollouts: [Rollout], _ world: LoopWorld) throws {
        let open = rollouts.filter { !$0.state.isFinal }
        try BrokenInvariant.check(open.count <= 1, "two rollouts under way: \(open.map(\.id))")
        let weights = world.serving.weights
        let registered = world.serving.registered
        try BrokenInvariant.check(weights.values.reduce(0, +) == 100, "the plan's shares do not add up: \(weights)")
        guard let rollout = open.first else {
            let newest = rollouts.first
            let champion = newest.map { $0.state == .done ? $0.candidate : $0.champion } ?? "v1"
            try BrokenInvariant.check(
                weights == [champion: 100] && registered == champion,
                "champion is \(champion), the plan says \(weights), the registry \(registered)")
            return
        }
        let (champion, candidate) = (rollout.champion, rollout.candidate)
        let isRight =
            switch rollout.state {
            case .planned: weights == [champion: 100] && registered == champion
            case .canary where rollout.isSplit, .paused where rollout.isSplit:
                weights == [champion: 100 - rollout.percent, candidate: rollout.percent] && registered == champion
            case .canary, .paused: Set(weights.keys).isSubset(of: [champion, candidate]) && registered == champion
            case .baking: weights == [candidate: 100] && registered == candidate
            case .promoting, .rollingBack, .done, .rolledBack:
                Set(weights.keys).isSubset(of: [champion, candidate]) && [champion, candidate].contains(registered)
            }
        try BrokenInvariant.check(
            isRight,
            "rollout \(rollout.id) is \(rollout.state.rawValue) at \(rollout.percent) % from \(champion) to \(candidate), the plan says "
                + "\(weights), the registry \(registered)")
    }

    // MARK: Acknowledged writes and the chain

    private func acknowledged(_ rollouts: [Rollout], _ world: LoopWorld) async throws {
        for written in world.acknowledged.rollouts {
            let kept = rollouts.first { $0.id == written.id }?.revision ?? -1
            try BrokenInvariant.check(
                kept >= written.revision, "rollout \(written.id) was acknowledged at \(written.revision), is at \(kept)")
        }
        for written in world.acknowledged.loops {
            let kept = try await world.stores.loops.loop(endpoint: written.endpoint)?.revision ?? -1
            try BrokenInvariant.check(kept >= written.revision, "the loop was acknowledged at \(written.revision), is at \(kept)")
        }
    }

    /// Verifies and answers what was added since the last call.
    private mutating func chain(_ world: LoopWorld) async throws -> [Event] {
        var added: [Event] = []
        while true {
            let page = try await world.stores.log.events(after: sequence, limit: 1_000, kinds: nil, subject: nil)
            guard let last = page.last else { break }
            if let event = HashChain.firstBreak(in: page, after: hash, sequence: sequence) {
                throw BrokenInvariant(what: "the chain breaks at event \(event.sequence)")
            }
            for event in page {
                let known = world.acknowledged.hash(ofEvent: event.sequence)
                try BrokenInvariant.check(known == nil || known == event.hash, "event \(event.sequence) is not the one acknowledged")
            }
            (sequence, hash) = (last.sequence, last.hash)
            added += page
        }
        let head = try await world.stores.log.head()
        try BrokenInvariant.check(head.sequence == sequence && head.hash == hash, "the head of the log is not its newest event")
        try BrokenInvariant.check(world.acknowledged.newestEvent <= sequence, "acknowledged events are gone")
        return added
    }

    // MARK: Retrains

    private mutating func take(_ event: Event) throws {
        let draft = event.draft
        switch draft.kind {
        case "retrain.requested":
            if let last = requests.last {
                try BrokenInvariant.check(
                    draft.time - last >= LoopWorld.policy.cooldown, "a retrain within the cooldown: event \(event.sequence)")
            }
            try BrokenInvariant.check(!isUnderWay, "a retrain while another is under way: event \(event.sequence)")
            isUnderWay = true
            requests.append(draft.time)
            let today = requests.count { draft.time - $0 < .seconds(86_400) }
            try BrokenInvariant.check(today <= LoopWorld.policy.budgetPerDay, "\(today) retrains within a day: event \(event.sequence)")
        case "retrain.suppressed": suppressed += 1
        case "retrain.failed", "retrain.gate_refused", "retrain.promoted", "retrain.rolled_back": isUnderWay = false
        case "rollout.advanced", "rollout.promoting": try provedBy(event)
        case "rollout.harm_detected":
            let requests = draft.payload["evidence"]?["candidate"]?["requests"]?.intValue ?? 0
            try BrokenInvariant.check(requests > 0, "harm without an answer of the candidate: event \(event.sequence)")
        default: break
        }
        truth.take(draft)
    }

    /// What the machine decides by itself it decides on labels of both arms.
    private func provedBy(_ event: Event) throws {
        guard event.draft.actor.hasPrefix("rollout:") else { return }
        let evidence = event.draft.payload["evidence"]
        for arm in ["champion", "candidate"] {
            let labels = evidence?[arm]?["labelled"]?.intValue ?? 0
            try BrokenInvariant.check(
                labels >= LoopWorld.plan.labelsMin, "\(event.draft.kind) on \(labels) labels of the \(arm): event \(event.sequence)")
        }
    }

    private mutating func retrains(_ rollouts: [Rollout], _ world: LoopWorld) async throws {
        let runs = world.pipeline.runs
        if let overlap = world.pipeline.overlap { throw BrokenInvariant(what: "two retrains under way: \(overlap)") }
        guard let loop = try await world.stores.loops.loop(endpoint: LoopWorld.endpoint) else { return }
        if let run = runs.last, run.end > world.time.now() {
            let isKnown =
                switch loop.phase {
                case .requested: true
                case .training(_, let known): known == run.id
                case .watching, .produced, .rollingOut: false
                }
            try BrokenInvariant.check(isKnown, "\(run.id) is under way and the loop is \(loop.phase)")
        }
        let starts = runs.count + requests.count + rollouts.count { $0.actor == "policy:retrain" }
        try BrokenInvariant.check(!(held.isHeld && loop.held) || starts == held.starts, "something was started while held by a person")
        held = (starts, loop.held)
    }
}
