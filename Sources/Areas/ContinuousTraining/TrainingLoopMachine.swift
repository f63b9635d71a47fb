package import Clockwork
package import Events
import JSON

/// Continuous training of one endpoint as a pure state machine.
///
///     watching → requested → training → produced → rollingOut → watching
///
/// A trigger that comes while the loop is busy, cooling down, out of budget or held is suppressed, with an event that says why: two loops
/// never retrain one model at once. While a person holds the loop nothing is started, neither a retrain nor the rollout of what one made.
package struct TrainingLoopMachine: Sendable {
    package private(set) var loop: TrainingLoop
    private let policy: RetrainPolicy
    private static let day = Duration.seconds(86_400)

    package init(_ loop: TrainingLoop, policy: RetrainPolicy) {
        self.loop = loop
        self.policy = policy
    }

    package enum Input: Sendable {
        /// An event of the log; `request` is a fresh id for the retrain that it may start.
        case event(sequence: Int64, kind: String, reason: String, concernsEndpoint: Bool, request: String)
        /// The pipeline took the request.
        case started(run: String)
        case produced(version: String)
        case gateRefused(version: String, why: String)
        case failed(why: String)
        case rolloutStarted(rollout: String)
        case rolloutEnded(promoted: Bool, why: String)
        case hold(actor: String, reason: String)
        case release(actor: String, reason: String)
        /// After a restart: ask again for what was under way.
        case begin
    }

    package enum Action: Sendable, Equatable {
        /// Export the newest labelled rows and start the pipeline on them; the same `request` again starts nothing new.
        case retrain(request: String, rows: Int, reason: String)
        case startRollout(request: String, version: String, reason: String)
        case record(EventDraft)
    }

    package mutating func handle(_ input: Input, at now: Timestamp) -> [Action] {
        let before = loop
        let actions = step(input, now)
        if loop != before { loop.revision += 1 }
        return actions
    }

    private mutating func step(_ input: Input, _ now: Timestamp) -> [Action] {
        switch input {
        case .event(let sequence, let kind, let reason, let concerns, let request):
            guard sequence > loop.cursor else { return [] }
            loop.cursor = sequence
            guard concerns, policy.triggers.contains(kind) else { return [] }
            return trigger(kind, reason, request, now)
        case .begin: return underWay()
        case .started(let run):
            guard case .requested(let request) = loop.phase else { return [] }
            loop.phase = .training(request: request, run: run)
            return [record("retrain.started", loop.reason, ["pipeline_run": .string(run)], now)]
        case .produced(let version):
            guard case .training(let request, let run) = loop.phase else { return [] }
            loop.phase = .produced(request: request, version: version)
            let payload: JSONObject = ["pipeline_run": .string(run), "version": .string(version)]
            return [record("retrain.produced", "version \(version) passed its gate", payload, now)] + underWay()
        case .gateRefused(let version, let why):
            guard case .training(_, let run) = loop.phase else { return [] }
            return end("retrain.gate_refused", why, ["pipeline_run": .string(run), "version": .string(version)], now)
        case .failed(let why):
            // From here on the rollout says how it ends.
            if case .rollingOut = loop.phase { return [] }
            return end("retrain.failed", why, [:], now)
        case .rolloutStarted(let rollout):
            guard case .produced(let request, let version) = loop.phase else { return [] }
            loop.phase = .rollingOut(request: request, version: version, rollout: rollout)
            return []
        case .rolloutEnded(let promoted, let why):
            guard case .rollingOut(_, let version, let rollout) = loop.phase else { return [] }
            let payload: JSONObject = ["version": .string(version), "rollout": .string(rollout)]
            return end(promoted ? "retrain.promoted" : "retrain.rolled_back", why, payload, now)
        case .hold(let actor, let reason):
            guard !loop.held else { return [] }
            loop.held = true
            return [record("retrain.held", reason, [:], now, actor: actor)]
        case .release(let actor, let reason):
            guard loop.held else { return [] }
            loop.held = false
            return [record("retrain.released", reason, [:], now, actor: actor)] + underWay()
        }
    }

    private mutating func trigger(_ kind: String, _ reason: String, _ request: String, _ now: Timestamp) -> [Action] {
        loop.starts.removeAll { now - $0 >= max(TrainingLoopMachine.day, policy.cooldown) }
        if let why = refusal(now) { return [record("retrain.suppressed", why, ["trigger": .string(kind)], now)] }
        loop.phase = .requested(request: request)
        loop.reason = "\(kind): \(reason)"
        loop.starts.append(now)
        return [
            record("retrain.requested", loop.reason, ["trigger": .string(kind), "request": .string(request)], now),
            .retrain(request: request, rows: policy.rows, reason: loop.reason),
        ]
    }

    /// Why nothing is started now, or nil.
    private func refusal(_ now: Timestamp) -> String? {
        if loop.held { return "held by a person" }
        if loop.phase != .watching { return "a retrain is under way" }
        if let last = loop.starts.last, now - last < policy.cooldown {
            let age = Int((now - last).seconds)
            return "cooling down: the last retrain started \(age) s ago, the cooldown is \(Int(policy.cooldown.seconds)) s"
        }
        if loop.starts.count(where: { now - $0 < TrainingLoopMachine.day }) >= policy.budgetPerDay {
            return "the budget of \(policy.budgetPerDay) retrains a day is used up"
        }
        return nil
    }

    /// The action that the phase waits for; asking again is idempotent.
    private func underWay() -> [Action] {
        if loop.held { return [] }
        return switch loop.phase {
        case .requested(let request): [.retrain(request: request, rows: policy.rows, reason: loop.reason)]
        case .produced(let request, let version): [.startRollout(request: request, version: version, reason: loop.reason)]
        case .watching, .training, .rollingOut: []
        }
    }

    private mutating func end(_ kind: String, _ why: String, _ payload: JSONObject, _ now: Timestamp) -> [Action] {
        guard loop.phase != .watching else { return [] }
        loop.phase = .watching
        return [record(kind, why, payload, now)]
    }

    private func record(_ kind: String, _ reason: String, _ payload: JSONObject, _ now: Timestamp, actor: String? = nil) -> Action {
        .record(
            EventDraft(
                kind: kind, subject: EventSubject("endpoint", loop.endpoint), actor: actor ?? "policy:retrain", reason: reason,
                payload: payload,
                time: now))
    }
}
