package import Clockwork
package import Events
package import JSON

/// A pipeline run as a pure state machine.
///
/// Steps start when all that they need is satisfied, at most `parallelMax` at once. A failed step is tried again `retries` times; then
/// what needs it is skipped and the run fails. When all steps are satisfied the run concludes (registers and judges the model).
package struct PipelineMachine: Sendable {
    package private(set) var run: PipelineRun
    package static let parallelMax = 2

    package init(_ run: PipelineRun) { self.run = run }

    package enum Input: Sendable {
        /// Start, or take up again after a restart: what was running then is started anew.
        case begin
        case cacheHit(step: String, from: String)
        case ended(step: String, attempt: Int, exitStatus: Int, message: String?)
        /// The step could not be run at all or overran its time.
        case broke(step: String, attempt: Int, message: String)
        case concluded(modelVersion: String?, gate: JSONObject?, refused: String?)
        case concludingFailed(String)
        case cancel(actor: String, reason: String)
        /// The run cannot be driven at all, for example because its data is gone.
        case abandoned(String)
    }

    package enum Action: Sendable, Equatable {
        case start(step: String, attempt: Int)
        case stop(step: String)
        case conclude
        case record(EventDraft)
    }

    package mutating func handle(_ input: Input, at now: Timestamp) -> [Action] {
        if run.status.isFinal { return [] }
        let before = run
        var actions = take(input, now)
        if !run.status.isFinal, run.status != .concluding { actions += proceed(now) }
        if run != before { run.revision += 1 }
        return actions
    }

    private mutating func take(_ input: Input, _ now: Timestamp) -> [Action] {
        switch input {
        case .begin: return begin(now)
        case .cacheHit(let step, let from):
            update(step, if: { $0 == .running }) {
                $0.status = .cached
                $0.cachedFrom = from
                $0.endedAt = now
                $0.message = "unchanged since run \(from)"
            }
        case .ended(let step, let attempt, let status, let message):
            guard isCurrent(step, attempt) else { return [] }
            if status == 0 {
                update(step) {
                    $0.status = .succeeded
                    $0.exitStatus = 0
                    $0.endedAt = now
                    $0.message = message
                }
            } else {
                fail(step, message ?? "exit status \(status)", status, now)
            }
        case .broke(let step, let attempt, let message):
            guard isCurrent(step, attempt) else { return [] }
            fail(step, message, nil, now)
        case .concluded(let version, let gate, let refused):
            guard run.status == .concluding else { return [] }
            run.modelVersion = version
            run.gate = gate
            if let refused { return end(.failed, refused, isVerdict: true, now) }
            return end(.succeeded, nil, now)
        case .concludingFailed(let why):
            guard run.status == .concluding else { return [] }
            return end(.failed, why, now)
        case .cancel(let actor, let reason): return cancel(.cancelled, "cancelled by \(actor): \(reason)", by: actor, now)
        case .abandoned(let why): return cancel(.failed, why, by: run.actor, now)
        }
        return []
    }

    private mutating func begin(_ now: Timestamp) -> [Action] {
        if run.status == .concluding { return [.conclude] }
        let resumed = run.status == .running
        for index in run.steps.indices where run.steps[index].status == .running {
            run.steps[index].status = .waiting
            // A restart is no failure of the step: it uses up no retry.
            run.steps[index].attempt -= 1
            run.steps[index].message = "started again after a restart of the server"
        }
        run.status = .running
        return [record(resumed ? "pipeline_run.resumed" : "pipeline_run.started", run.reason, now)]
    }

    /// Starts what can start, skips what cannot, and ends or concludes the run when nothing is left.
    private mutating func proceed(_ now: Timestamp) -> [Action] {
        var actions: [Action] = []
        for (index, definition) in run.definition.steps.enumerated() where run.steps[index].status == .waiting {
            let needs = definition.needs.compactMap { need in run.steps.first { $0.name == need } }
            if let broken = needs.first(where: { $0.status.isFinal && !$0.status.satisfies }) {
                run.steps[index].status = .skipped
                run.steps[index].message = "needs `\(broken.name)`, which \(broken.status.rawValue)"
            } else if needs.allSatisfy({ $0.status.satisfies }), runningCount < PipelineMachine.parallelMax {
                run.steps[index].status = .running
                run.steps[index].attempt += 1
                run.steps[index].startedAt = now
                run.steps[index].endedAt = nil
                actions.append(.start(step: definition.name, attempt: run.steps[index].attempt))
            }
        }
        guard run.steps.allSatisfy({ $0.status.isFinal }) else { return actions }
        if let failed = run.steps.first(where: { $0.status == .failed }) {
            let verdict = failed.exitStatus == 3
            return actions + end(.failed, "step `\(failed.name)` failed: \(failed.message ?? "no message")", isVerdict: verdict, now)
        }
        run.status = .concluding
        return actions + [.conclude]
    }

    private var runningCount: Int { run.steps.count { $0.status == .running } }

    private mutating func fail(_ step: String, _ message: String, _ exitStatus: Int?, _ now: Timestamp) {
        let retries = run.definition.steps.first { $0.name == step }?.retries ?? 0
        update(step) {
            $0.exitStatus = exitStatus
            $0.message = message
            $0.endedAt = now
            $0.status = exitStatus != 3 && $0.attempt <= retries ? .waiting : .failed
        }
    }

    private mutating func cancel(_ status: PipelineRun.Status, _ why: String, by actor: String, _ now: Timestamp) -> [Action] {
        var actions: [Action] = []
        for index in run.steps.indices where !run.steps[index].status.isFinal {
            if run.steps[index].status == .running { actions.append(.stop(step: run.steps[index].name)) }
            run.steps[index].status = .cancelled
            run.steps[index].endedAt = now
        }
        return actions + end(status, why, by: actor, now)
    }

    private mutating func end(
        _ status: PipelineRun.Status, _ why: String?, isVerdict: Bool = false, by actor: String? = nil, _ now: Timestamp
    ) -> [Action] {
        run.status = status
        run.error = why
        run.refused = isVerdict
        run.endedAt = now
        return [record("pipeline_run.\(status.rawValue)", why ?? run.reason, by: actor, now)]
    }

    private func isCurrent(_ step: String, _ attempt: Int) -> Bool {
        run.steps.contains { $0.name == step && $0.status == .running && $0.attempt == attempt }
    }

    private mutating func update(_ step: String, if condition: (StepRun.Status) -> Bool = { _ in true }, _ change: (inout StepRun) -> Void)
    {
        guard let index = run.steps.firstIndex(where: { $0.name == step }), condition(run.steps[index].status) else { return }
        change(&run.steps[index])
    }

    private func record(_ kind: String, _ reason: String, by actor: String? = nil, _ now: Timestamp) -> Action {
        var payload: JSONObject = [
            "trigger": .string(run.trigger),
            "data": .object(JSONObject(run.data.sorted { $0.key < $1.key }.map { (key: $0.key, value: .string($0.value)) })),
        ]
        if let version = run.modelVersion { payload["model_version"] = .string(version) }
        return .record(
            EventDraft(
                kind: kind, subject: EventSubject("pipeline_run", run.id), actor: actor ?? run.actor, reason: reason, payload: payload,
                time: now))
    }
}
