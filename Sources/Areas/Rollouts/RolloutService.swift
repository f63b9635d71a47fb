package import Clockwork
import Errors
import Events
import JSON
package import Telemetry

/// Starts rollouts, looks at their evidence, and carries out what the machine decides.
///
/// Every decision is stored before it is carried out, and all actions are idempotent: a server that dies in between takes the rollout up
/// where it was. The inputs of one rollout take turns, so that a late action never lands on top of a newer one; an endpoint's rollouts
/// therefore belong to one service.
package struct RolloutService: Sendable {
    private let store: any RolloutStore
    private let traffic: any TrafficSwitch
    private let registry: any ChampionRegistry
    private let evidence: any EvidenceSource
    private let time: any TimeSource
    private let ids: any IDSource
    private let logger: Logger
    private let turns = Turns()
    private static let conflictsMax = 8

    package init(
        store: any RolloutStore, traffic: any TrafficSwitch, registry: any ChampionRegistry, evidence: any EvidenceSource,
        time: any TimeSource,
        ids: any IDSource, logger: Logger
    ) {
        self.store = store
        self.traffic = traffic
        self.registry = registry
        self.evidence = evidence
        self.time = time
        self.ids = ids
        self.logger = logger
    }

    /// What a caller asks for.
    package struct Request: Sendable {
        package var endpoint: String
        package var model: String
        package var champion: String
        package var candidate: String
        package var plan: RolloutPlan
        package var actor: String
        package var reason: String
        package var overridden: Bool

        package init(
            endpoint: String, model: String, champion: String, candidate: String, plan: RolloutPlan, actor: String, reason: String,
            overridden: Bool
        ) {
            self.endpoint = endpoint
            self.model = model
            self.champion = champion
            self.candidate = candidate
            self.plan = plan
            self.actor = actor
            self.reason = reason
            self.overridden = overridden
        }
    }

    /// - Throws: `conflict` when the endpoint has a rollout under way, `invalid_argument` for a plan that cannot be.
    package func start(_ request: Request) async throws -> Rollout {
        try check(request)
        let now = time.now()
        let rollout = Rollout(
            id: ids.next(), endpoint: request.endpoint, model: request.model, champion: request.champion, candidate: request.candidate,
            plan: request.plan, actor: request.actor, reason: request.reason, overridden: request.overridden, at: now)
        let event = EventDraft(
            kind: "rollout.started", subject: EventSubject("rollout", rollout.id), actor: request.actor, reason: request.reason,
            payload: [
                "endpoint": .string(request.endpoint), "model": .string(request.model), "champion": .string(request.champion),
                "candidate": .string(request.candidate), "override": .bool(request.overridden), "plan": request.plan.json,
            ], time: now)
        try await store.create(rollout, event: event)
        return try await apply(.begin, to: rollout.id)
    }

    private func check(_ request: Request) throws {
        let steps = request.plan.steps
        guard !steps.isEmpty, steps.allSatisfy({ (1...100).contains($0) }), zip(steps, steps.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw JidokaError.invalidArgument("`steps` must be rising percentages between 1 and 100", hint: "for example 10,50,100")
        }
        guard request.champion != request.candidate else {
            throw JidokaError.failedPrecondition("version \(request.candidate) is the champion already", hint: "choose another version")
        }
    }

    package func rollout(_ id: String) async throws -> Rollout {
        guard let rollout = try await store.rollout(id) else {
            throw JidokaError.notFound("no rollout `\(id)`", hint: "`jidoka rollout list` shows them")
        }
        return rollout
    }

    package func rollouts(endpoint: String?, limit: Int) async throws -> [Rollout] {
        try await store.rollouts(endpoint: endpoint, limit: limit)
    }

    /// A person's command. - Throws: `failed_precondition` when the rollout has ended.
    package func command(_ input: RolloutMachine.Input, on id: String) async throws -> Rollout {
        let current = try await rollout(id)
        guard !current.state.isFinal else {
            throw JidokaError.failedPrecondition("rollout `\(id)` has ended: \(current.state.rawValue)", hint: "start another one")
        }
        return try await apply(input, to: id)
    }

    /// Takes up what a stopped server left.
    package func resumeAll() async throws { try await forEachUnfinished { _ = try await apply(.begin, to: $0) } }

    /// One look at every rollout under way.
    package func lookAtAll() async throws { try await forEachUnfinished(look) }

    /// The trouble of one rollout keeps no other waiting: the first error is thrown once all had their turn.
    private func forEachUnfinished(_ body: (String) async throws -> Void) async throws {
        var failure: (any Error)?
        for rollout in try await store.unfinished() {
            do { try await body(rollout.id) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }

    /// Counts are gathered within the turn: those of a step that a person ended meanwhile must not be taken for the next one's.
    private func look(at id: String) async throws {
        try await turns.take(id) {
            let current = try await rollout(id)
            switch current.state {
            case .planned, .promoting, .rollingBack: _ = try await feed(.begin, to: id)
            case .canary, .paused, .baking:
                let seen = try await evidence.evidence(
                    endpoint: current.endpoint, champion: current.champion, candidate: current.candidate, since: current.stepStartedAt)
                _ = try await feed(.evidence(seen), to: id)
            case .done, .rolledBack: break
            }
        }
    }

    private func apply(_ input: RolloutMachine.Input, to id: String) async throws -> Rollout {
        try await turns.take(id) { try await feed(input, to: id) }
    }

    /// Feeds one input through the machine, stores the outcome, carries out the actions and feeds back how they went.
    private func feed(_ input: RolloutMachine.Input, to id: String) async throws -> Rollout {
        for _ in 0..<RolloutService.conflictsMax {
            let stored = try await rollout(id)
            var machine = RolloutMachine(stored)
            let actions = machine.handle(input, at: time.now())
            if machine.rollout != stored {
                do {
                    try await store.update(
                        machine.rollout, events: actions.compactMap { if case .record(let event) = $0 { event } else { nil } })
                } catch let error as JidokaError where error.code == .conflict { continue }
            }
            var current = machine.rollout
            for action in actions {
                guard let answer = await carryOut(action, for: current) else { continue }
                current = try await feed(answer, to: id)
            }
            return current
        }
        throw JidokaError(.conflict, "rollout `\(id)` is being changed by others", hint: "try again")
    }

    private func carryOut(_ action: RolloutMachine.Action, for rollout: Rollout) async -> RolloutMachine.Input? {
        let actor = "rollout:\(rollout.id)"
        do {
            switch action {
            case .record: return nil
            case .split(let percent):
                try await traffic.split(
                    endpoint: rollout.endpoint, champion: rollout.champion, candidate: rollout.candidate, percent: percent, actor: actor,
                    reason: rollout.history.last?.reason ?? rollout.reason)
                return .splitDone
            case .promote:
                try await registry.makeChampion(model: rollout.model, version: rollout.candidate, actor: actor, reason: rollout.reason)
                try await traffic.switchOver(endpoint: rollout.endpoint, to: rollout.candidate, actor: actor, reason: rollout.reason)
                return .promotionDone
            case .rollBack:
                try await traffic.switchOver(endpoint: rollout.endpoint, to: rollout.champion, actor: actor, reason: rollout.reason)
                try await registry.makeChampion(model: rollout.model, version: rollout.champion, actor: actor, reason: rollout.reason)
                return .rollbackDone
            }
        } catch {
            let error = JidokaError.wrapping(error)
            logger.warning("rollout action failed", [("rollout", .string(rollout.id)), ("error", .string(error.description))])
            return .failed(error.message)
        }
    }
}

/// Looks at all rollouts again and again.
package struct RolloutLooker: Service {
    package let name = "rollouts"
    private let rollouts: RolloutService
    private let interval: Duration
    private let time: any TimeSource
    private let logger: Logger

    package init(rollouts: RolloutService, interval: Duration = .milliseconds(500), time: any TimeSource, logger: Logger) {
        self.rollouts = rollouts
        self.interval = interval
        self.time = time
        self.logger = logger
    }

    package func run() async throws {
        let repetition = Repetition(every: interval, time: time, logger: logger)
        try await repetition.untilDone("rollouts could not be taken up yet") { try await rollouts.resumeAll() }
        try await repetition.forever("rollouts could not be looked at") { try await rollouts.lookAtAll() }
    }
}
