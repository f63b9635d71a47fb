package import Events

/// Keeps the loops. Every method may be called from any task; each change is durable on return.
///
/// - `create` throws `conflict` when the endpoint has a loop already.
/// - `update` throws `conflict` unless `loop.revision` is greater than the stored one; the events are written in the same transaction.
package protocol TrainingLoopStore: Sendable {
    /// nil: the endpoint has none yet.
    func loop(endpoint: String) async throws -> TrainingLoop?
    func create(_ loop: TrainingLoop) async throws
    func update(_ loop: TrainingLoop, events: [EventDraft]) async throws
}

/// What continuous training needs of the pipeline, the gate and the rollouts. The starts are idempotent by `request`.
package protocol RetrainActions: Sendable {
    /// Exports the newest labelled rows as a dataset version and starts the pipeline on it. Answers the pipeline run's id.
    func retrain(endpoint: String, rows: Int, request: String, reason: String) async throws -> String
    /// nil while the run goes on.
    func outcome(run: String) async throws -> RetrainOutcome?
    /// Answers the rollout's id.
    func startRollout(endpoint: String, version: String, request: String, reason: String) async throws -> String
    /// nil while the rollout goes on.
    func rolloutOutcome(_ rollout: String) async throws -> RolloutOutcome?
}

/// How a retrain's pipeline run ended.
package enum RetrainOutcome: Sendable, Hashable {
    case produced(version: String)
    case gateRefused(version: String, why: String)
    case failed(why: String)
}

/// How a retrained version's rollout ended, and why.
package struct RolloutOutcome: Sendable, Hashable {
    package var promoted: Bool
    package var why: String
    package init(promoted: Bool, why: String) {
        self.promoted = promoted
        self.why = why
    }
}
