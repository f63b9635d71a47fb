package import Clockwork
import Errors
package import Events
import JSON
package import Telemetry

/// Runs the loop of one endpoint: reads the event log from its cursor, follows the pipeline run and the rollout under way. Its calls take
/// turns.
package struct TrainingLoopService: Sendable {
    private let endpoint: String
    private let policy: RetrainPolicy
    private let store: any TrainingLoopStore
    private let log: any EventLog
    private let actions: any RetrainActions
    private let time: any TimeSource
    private let ids: any IDSource
    private let logger: Logger
    private let turns = Turns()
    private static let conflictsMax = 8
    private static let eventsMax = 500

    package init(
        endpoint: String, policy: RetrainPolicy, store: any TrainingLoopStore, log: any EventLog, actions: any RetrainActions,
        time: any TimeSource,
        ids: any IDSource, logger: Logger
    ) {
        self.endpoint = endpoint
        self.policy = policy
        self.store = store
        self.log = log
        self.actions = actions
        self.time = time
        self.ids = ids
        self.logger = logger
    }

    /// Once after a start: a new endpoint begins at the head of the log; an old one asks again for what was under way.
    package func begin() async throws {
        try await turns.take(endpoint) {
            if try await store.loop(endpoint: endpoint) == nil {
                try await store.create(TrainingLoop(endpoint: endpoint, cursor: try await log.head().sequence))
            }
            try await apply(.begin)
        }
    }

    package func loop() async throws -> TrainingLoop {
        guard let loop = try await store.loop(endpoint: endpoint) else { throw JidokaError.notFound("no training loop for `\(endpoint)`") }
        return loop
    }

    /// A person's command.
    package func command(_ input: TrainingLoopMachine.Input) async throws { try await turns.take(endpoint) { try await apply(input) } }

    /// Takes in new events, then asks how the run or the rollout under way is doing. Does nothing when there is nothing new.
    package func step() async throws {
        try await turns.take(endpoint) {
            try await takeEvents()
            try await follow()
        }
    }

    private func follow() async throws {
        switch try await loop().phase {
        case .watching: break
        case .requested, .produced: try await apply(.begin)
        case .training(_, let run):
            switch try await actions.outcome(run: run) {
            case .produced(let version): try await apply(.produced(version: version))
            case .gateRefused(let version, let why): try await apply(.gateRefused(version: version, why: why))
            case .failed(let why): try await apply(.failed(why: why))
            case nil: break
            }
        case .rollingOut(_, _, let rollout):
            if let outcome = try await actions.rolloutOutcome(rollout) {
                try await apply(.rolloutEnded(promoted: outcome.promoted, why: outcome.why))
            }
        }
    }

    private func takeEvents() async throws {
        while true {
            let cursor = try await loop().cursor
            let events = try await log.events(after: cursor, limit: TrainingLoopService.eventsMax, kinds: nil, subject: nil)
            guard !events.isEmpty else { return }
            // Only triggers and the last event are worth a write: the cursor jumps over the rest.
            for event in events where policy.triggers.contains(event.draft.kind) || event.sequence == events.last?.sequence {
                try await apply(
                    .event(
                        sequence: event.sequence, kind: event.draft.kind, reason: event.draft.reason,
                        concernsEndpoint: concerns(event.draft),
                        request: ids.next()))
            }
        }
    }

    private func concerns(_ draft: EventDraft) -> Bool {
        (draft.subject.type == "endpoint" && draft.subject.id == endpoint) || draft.payload["endpoint"] == .string(endpoint)
    }

    private func apply(_ input: TrainingLoopMachine.Input) async throws {
        for _ in 0..<TrainingLoopService.conflictsMax {
            let stored = try await loop()
            var machine = TrainingLoopMachine(stored, policy: policy)
            let actions = machine.handle(input, at: time.now())
            do {
                if machine.loop != stored {
                    try await store.update(
                        machine.loop, events: actions.compactMap { if case .record(let event) = $0 { event } else { nil } })
                }
            } catch let error as JidokaError where error.code == .conflict { continue }
            for action in actions { try await carryOut(action) }
            return
        }
        throw JidokaError(.conflict, "the training loop of `\(endpoint)` is being changed by others", hint: "try again")
    }

    private func carryOut(_ action: TrainingLoopMachine.Action) async throws {
        let answer: TrainingLoopMachine.Input
        do {
            switch action {
            case .record: return
            case .retrain(let request, let rows, let reason):
                answer = .started(run: try await actions.retrain(endpoint: endpoint, rows: rows, request: request, reason: reason))
            case .startRollout(let request, let version, let reason):
                answer = .rolloutStarted(
                    rollout: try await actions.startRollout(endpoint: endpoint, version: version, request: request, reason: reason))
            }
        } catch let error as JidokaError where TrainingLoopService.isLasting(error) {
            // Trying again would not help: the loop goes back to watching and says why.
            logger.warning("retrain could not go on", [("endpoint", .string(endpoint)), ("error", .string(error.description))])
            answer = .failed(why: error.message)
        }
        // Outside the `do`: an answer that could not be stored says nothing of the action, which is asked for again.
        try await apply(answer)
    }

    /// The others pass: the next step asks for the action again.
    private static func isLasting(_ error: JidokaError) -> Bool {
        error.code != .unavailable && error.code != .conflict && error.code != .exhausted
    }
}

/// Steps the loop again and again.
package struct TrainingLoopRunner: Service {
    package let name: String
    private let loop: TrainingLoopService
    private let interval: Duration
    private let time: any TimeSource
    private let logger: Logger

    package init(loop: TrainingLoopService, endpoint: String, interval: Duration = .milliseconds(500), time: any TimeSource, logger: Logger)
    {
        name = "training loop of \(endpoint)"
        self.loop = loop
        self.interval = interval
        self.time = time
        self.logger = logger
    }

    package func run() async throws {
        let repetition = Repetition(every: interval, time: time, logger: logger)
        try await repetition.untilDone("the training loop cannot begin yet") { try await loop.begin() }
        try await repetition.forever("the training loop could not go on") { try await loop.step() }
    }
}
