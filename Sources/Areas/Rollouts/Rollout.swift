package import Clockwork

/// How a rollout proceeds and when it stops.
package struct RolloutPlan: Sendable, Hashable {
    /// Shares of the traffic in percent, rising; 100 means promotion, so that `[100]` alone promotes without a canary.
    package var steps: [Int]
    /// Labelled rows that each arm needs in a step before a verdict may move it.
    package var labelsMin: Int
    /// The candidate may be worse than the champion by less than this in the goal (a difference of shares) and still be promoted.
    package var margin: Double
    /// Probability that a rollout of an equally good version is rolled back, over all its looks and steps.
    package var alpha: Double
    /// Which guards may roll back: errors answered, and answers slower than the champion's p99.
    package var guards: Set<Guard>
    /// Answers of the new champion that are watched before the rollout is done.
    package var bakeRequests: Int
    /// Without a new answer of the candidate for this long the rollout pauses.
    package var patience: Duration

    package enum Guard: String, Sendable, CaseIterable { case errorRate = "error_rate", latencyP99 = "latency_p99" }

    package init(
        steps: [Int] = [10, 50, 100], labelsMin: Int = 300, margin: Double = 0.01, alpha: Double = 0.05,
        guards: Set<Guard> = Set(Guard.allCases),
        bakeRequests: Int = 200, patience: Duration = .seconds(60)
    ) {
        self.steps = steps
        self.labelsMin = labelsMin
        self.margin = margin
        self.alpha = alpha
        self.guards = guards
        self.bakeRequests = bakeRequests
        self.patience = patience
    }
}

/// One change of an endpoint's champion, over time.
package struct Rollout: Sendable, Hashable {
    package enum State: String, Sendable, CaseIterable {
        case planned, canary, paused, promoting, baking, done
        case rollingBack = "rolling_back"
        case rolledBack = "rolled_back"

        package var isFinal: Bool { self == .done || self == .rolledBack }
    }

    /// Why a rollout waits: it resumes by itself in the first two cases, by a person in the third.
    package enum Pause: String, Sendable {
        case noTraffic = "no_traffic"
        case sampleRatioMismatch = "sample_ratio_mismatch"
        case person
    }

    package struct Entry: Sendable, Hashable {
        package var time: Timestamp
        package var state: State
        package var percent: Int
        package var reason: String

        package init(time: Timestamp, state: State, percent: Int, reason: String) {
            self.time = time
            self.state = state
            self.percent = percent
            self.reason = reason
        }
    }

    package var id: String
    package var endpoint: String
    package var model: String
    package var champion: String
    package var candidate: String
    package var plan: RolloutPlan
    package var actor: String
    package var reason: String
    /// True when the candidate skipped its gate by an audited override.
    package var overridden: Bool
    package var startedAt: Timestamp
    package var state: State
    package var pause: Pause?
    /// Index into `plan.steps` of the step under way.
    package var step: Int
    package var stepStartedAt: Timestamp
    package var percent: Int
    /// Whether the split of the step under way is in force; until then its evidence would be that of another split.
    package var isSplit: Bool
    /// The newest evidence of the step under way and what was concluded from it.
    package var evidence: Evidence
    package var verdict: Verdict?
    /// What the old champion did in the last step: the new one is held against it while it bakes.
    package var baseline: ArmEvidence
    package var history: [Entry]
    /// When the candidate's count of answers last grew.
    package var lastTrafficAt: Timestamp
    /// Grows with every change: stores compare it and set.
    package var revision: Int64

    package init(
        id: String, endpoint: String, model: String, champion: String, candidate: String, plan: RolloutPlan, actor: String, reason: String,
        overridden: Bool, at now: Timestamp
    ) {
        self.id = id
        self.endpoint = endpoint
        self.model = model
        self.champion = champion
        self.candidate = candidate
        self.plan = plan
        self.actor = actor
        self.reason = reason
        self.overridden = overridden
        startedAt = now
        state = .planned
        pause = nil
        step = 0
        stepStartedAt = now
        percent = 0
        isSplit = false
        evidence = Evidence()
        verdict = nil
        baseline = ArmEvidence()
        history = [Entry(time: now, state: .planned, percent: 0, reason: reason)]
        lastTrafficAt = now
        revision = 0
    }
}

/// What one version did since the step began.
package struct ArmEvidence: Sendable, Hashable {
    /// Rows assigned to and answered by the version, failed ones included.
    package var requests: Int64
    package var errors: Int64
    /// Answers slower than the champion's p99 of the time before the rollout.
    package var slow: Int64
    package var labelled: Int64
    package var correct: Int64

    package init(requests: Int64 = 0, errors: Int64 = 0, slow: Int64 = 0, labelled: Int64 = 0, correct: Int64 = 0) {
        self.requests = requests
        self.errors = errors
        self.slow = slow
        self.labelled = labelled
        self.correct = correct
    }
}

/// Both arms of a step.
package struct Evidence: Sendable, Hashable {
    package var champion: ArmEvidence
    package var candidate: ArmEvidence

    package init(champion: ArmEvidence = ArmEvidence(), candidate: ArmEvidence = ArmEvidence()) {
        self.champion = champion
        self.candidate = candidate
    }
}
