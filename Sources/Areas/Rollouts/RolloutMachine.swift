package import Clockwork
package import Events
package import JSON

/// The rollout as a pure state machine: inputs in, actions out; no clock, no socket, no store.
///
///     planned → canary(k %) ⇄ paused → promoting → baking → done
///                  └───────────┴─────────┴───────────┴→ rolling_back → rolled_back
///
/// An action is asked for again by every look until it was carried out, so that a lost answer or a crash leaves nothing half done.
/// Harm rolls back at any look. A step below the last is passed once both arms have `labelsMin` labels, no harm is seen and the estimate is
/// not below the margin; the last step before 100 % must prove non-inferiority. No traffic is `paused`, never passed or failed.
package struct RolloutMachine: Sendable {
    package private(set) var rollout: Rollout

    package init(_ rollout: Rollout) { self.rollout = rollout }

    package enum Input: Sendable {
        /// Take it up: after creation and after every restart.
        case begin
        case evidence(Evidence)
        /// An action was carried out.
        case splitDone, promotionDone, rollbackDone
        /// An action failed; it is tried again by the next `begin` or evidence, except that a canary that cannot be set up is rolled back.
        case failed(String)
        case pause(actor: String, reason: String)
        case resume(actor: String, reason: String)
        case promote(actor: String, reason: String)
        case rollBack(actor: String, reason: String)
    }

    package enum Action: Sendable, Equatable {
        case split(percent: Int)
        case promote
        case rollBack
        case record(EventDraft)
    }

    package mutating func handle(_ input: Input, at now: Timestamp) -> [Action] {
        if rollout.state.isFinal { return [] }
        let before = rollout
        let actions = step(input, now)
        if rollout != before { rollout.revision += 1 }
        return actions
    }

    private mutating func step(_ input: Input, _ now: Timestamp) -> [Action] {
        switch input {
        case .begin: return begin(now)
        case .evidence(let evidence): return look(at: evidence, now)
        case .splitDone: return splitDone(now)
        case .promotionDone: return promotionDone(now)
        case .rollbackDone: return rollbackDone(now)
        case .failed(let why): return failed(why, now)
        case .pause(let actor, let reason):
            // A person's pause outlasts the machine's own: traffic that flows again must not resume it.
            guard rollout.state == .canary || (rollout.state == .paused && rollout.pause != .person) else { return [] }
            return pause(.person, "paused by \(actor): \(reason)", actor, now)
        case .resume(let actor, let reason):
            guard rollout.state == .paused else { return [] }
            return resume("resumed by \(actor): \(reason)", actor, now)
        case .promote(let actor, let reason):
            guard rollout.state == .canary || rollout.state == .paused else { return [] }
            return promote("promoted by \(actor): \(reason)", actor, now)
        case .rollBack(let actor, let reason):
            guard rollout.state != .rollingBack else { return [] }
            return leave("rolled back by \(actor): \(reason)", actor, now)
        }
    }

    /// What was under way is asked for again: all actions are idempotent.
    private mutating func begin(_ now: Timestamp) -> [Action] {
        switch rollout.state {
        case .planned:
            let first = rollout.plan.steps[0]
            if first >= 100 { return promote("the plan has no canary step", actor, now) }
            enter(.canary, percent: first, "canary at \(first) %", now)
            beginStep(now)
            return [.split(percent: first)]
        case .canary:
            // The time that the server was down is no lack of traffic.
            rollout.lastTrafficAt = now
            return [.split(percent: rollout.percent)]
        case .paused: return [.split(percent: rollout.percent)]
        case .promoting: return [.promote]
        case .rollingBack: return [.rollBack]
        case .baking, .done, .rolledBack: return []
        }
    }

    private mutating func splitDone(_ now: Timestamp) -> [Action] {
        // A split asked for again after a restart keeps its evidence: a test begun afresh at every restart would have no level.
        guard rollout.state == .canary || rollout.state == .paused, !rollout.isSplit else { return [] }
        beginStep(now)
        rollout.isSplit = true
        return []
    }

    private mutating func beginStep(_ now: Timestamp) {
        rollout.isSplit = false
        rollout.stepStartedAt = now
        rollout.lastTrafficAt = now
        rollout.evidence = Evidence()
        rollout.verdict = nil
    }

    private mutating func look(at evidence: Evidence, _ now: Timestamp) -> [Action] {
        guard rollout.state == .canary || rollout.state == .paused || rollout.state == .baking else { return [] }
        guard rollout.isSplit || rollout.state == .baking else { return [.split(percent: rollout.percent)] }
        let flows = evidence.candidate.requests > rollout.evidence.candidate.requests
        if flows { rollout.lastTrafficAt = now }
        rollout.evidence = evidence
        if rollout.state == .baking { return bake(evidence, now) }
        let verdict = Verdict.judge(evidence, plan: rollout.plan, percent: rollout.percent, isLastStep: isLastStep)
        rollout.verdict = verdict
        if case .harm(let why) = verdict.outcome { return harm(why, now) }
        if rollout.pause == .person { return [] }
        if case .sampleRatioMismatch(let why) = verdict.outcome {
            return rollout.state == .paused ? [] : pause(.sampleRatioMismatch, why, actor, now)
        }
        if rollout.state == .canary, now - rollout.lastTrafficAt >= rollout.plan.patience {
            let seconds = Int(rollout.plan.patience.seconds)
            return pause(.noTraffic, "no answer of version \(rollout.candidate) for \(seconds) s: insufficient data", actor, now)
        }
        var actions: [Action] = []
        if rollout.state == .paused {
            guard flows else { return [] }
            actions = resume(
                rollout.pause == .sampleRatioMismatch ? "the traffic is split as planned again" : "traffic flows again", actor, now)
        }
        if case .pass(let why) = verdict.outcome { actions += advance(why, now) }
        return actions
    }

    private var isLastStep: Bool { rollout.step + 1 >= rollout.plan.steps.count || rollout.plan.steps[rollout.step + 1] >= 100 }
    private var actor: String { "rollout:\(rollout.id)" }

    private mutating func advance(_ why: String, _ now: Timestamp) -> [Action] {
        if isLastStep { return promote(why, actor, now) }
        rollout.step += 1
        let percent = rollout.plan.steps[rollout.step]
        // The event carries the evidence of the step that was passed.
        let advanced = event("rollout.advanced", why, actor, now)
        enter(.canary, percent: percent, "to \(percent) %: \(why)", now)
        beginStep(now)
        return [.split(percent: percent), .record(advanced)]
    }

    private mutating func promote(_ why: String, _ actor: String, _ now: Timestamp) -> [Action] {
        rollout.pause = nil
        enter(.promoting, percent: rollout.percent, why, now)
        rollout.reason = why
        return [.promote, .record(event("rollout.promoting", why, actor, now))]
    }

    private mutating func promotionDone(_ now: Timestamp) -> [Action] {
        guard rollout.state == .promoting else { return [] }
        enter(.baking, percent: 100, "version \(rollout.candidate) is champion; watching \(rollout.plan.bakeRequests) answers", now)
        rollout.stepStartedAt = now
        rollout.baseline = rollout.evidence.champion
        rollout.evidence = Evidence()
        return [.record(event("rollout.promoted", rollout.reason, actor, now))]
    }

    private mutating func bake(_ evidence: Evidence, _ now: Timestamp) -> [Action] {
        if let why = Verdict.bakingHarm(evidence.candidate, against: rollout.baseline, plan: rollout.plan) { return harm(why, now) }
        guard evidence.candidate.requests >= Int64(rollout.plan.bakeRequests) else { return [] }
        enter(.done, percent: 100, "baked over \(evidence.candidate.requests) answers", now)
        return [.record(event("rollout.done", "version \(rollout.candidate) stays champion", actor, now))]
    }

    private mutating func harm(_ why: String, _ now: Timestamp) -> [Action] {
        let detected = event("rollout.harm_detected", why, actor, now)
        return [.record(detected)] + rollBack(why, now)
    }

    /// Back without proven harm: the decision gets an event of its own.
    private mutating func leave(_ why: String, _ actor: String, _ now: Timestamp) -> [Action] {
        let decided = event("rollout.rolling_back", why, actor, now)
        return [.record(decided)] + rollBack(why, now)
    }

    private mutating func rollBack(_ why: String, _ now: Timestamp) -> [Action] {
        rollout.pause = nil
        rollout.reason = why
        enter(.rollingBack, percent: rollout.percent, why, now)
        return [.rollBack]
    }

    private mutating func rollbackDone(_ now: Timestamp) -> [Action] {
        guard rollout.state == .rollingBack else { return [] }
        enter(.rolledBack, percent: 0, rollout.reason, now)
        return [.record(event("rollout.rolled_back", rollout.reason, actor, now))]
    }

    private mutating func failed(_ why: String, _ now: Timestamp) -> [Action] {
        // A candidate that cannot even be loaded must not stay in the plan; promotion and rollback are asked for again.
        guard rollout.state == .canary || rollout.state == .paused else { return [] }
        return leave("the traffic could not be split: \(why)", actor, now)
    }

    private mutating func pause(_ pause: Rollout.Pause, _ why: String, _ actor: String, _ now: Timestamp) -> [Action] {
        rollout.pause = pause
        enter(.paused, percent: rollout.percent, why, now)
        return [.record(event("rollout.paused", why, actor, now))]
    }

    private mutating func resume(_ why: String, _ actor: String, _ now: Timestamp) -> [Action] {
        rollout.pause = nil
        rollout.lastTrafficAt = now
        enter(.canary, percent: rollout.percent, why, now)
        return [.record(event("rollout.resumed", why, actor, now))]
    }

    private mutating func enter(_ state: Rollout.State, percent: Int, _ reason: String, _ now: Timestamp) {
        rollout.state = state
        rollout.percent = percent
        rollout.history.append(Rollout.Entry(time: now, state: state, percent: percent, reason: reason))
        if rollout.history.count > 200 { rollout.history.remove(at: 1) }
    }

    private func event(_ kind: String, _ reason: String, _ actor: String, _ now: Timestamp) -> EventDraft {
        var payload: JSONObject = [
            "endpoint": .string(rollout.endpoint), "model": .string(rollout.model), "champion": .string(rollout.champion),
            "candidate": .string(rollout.candidate), "state": .string(rollout.state.rawValue), "percent": .int(Int64(rollout.percent)),
            "evidence": rollout.evidence.json,
        ]
        if let verdict = rollout.verdict { payload["verdict"] = verdict.json }
        return EventDraft(
            kind: kind, subject: EventSubject("rollout", rollout.id), actor: actor, reason: reason, payload: payload, time: now)
    }
}

extension Evidence {
    package var json: JSONValue { ["champion": champion.json, "candidate": candidate.json] }
}

extension ArmEvidence {
    package var json: JSONValue {
        [
            "requests": .int(requests), "errors": .int(errors), "slow": .int(slow), "labelled": .int(labelled), "correct": .int(correct),
            "accuracy": labelled > 0 ? .double(Double(correct) / Double(labelled)) : .null,
        ]
    }
}
