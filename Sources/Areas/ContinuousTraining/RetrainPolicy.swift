package import Clockwork

/// On these events retrain, but not more often than this.
package struct RetrainPolicy: Sendable, Hashable {
    /// Event kinds on the endpoint that ask for a retrain, for example `drift.confirmed`.
    package var triggers: Set<String>
    /// Newest labelled rows that make the training data.
    package var rows: Int
    /// Least time between two retrains.
    package var cooldown: Duration
    /// Most retrains in any 24 hours.
    package var budgetPerDay: Int

    package init(triggers: Set<String>, rows: Int = 10_000, cooldown: Duration = .seconds(6 * 3_600), budgetPerDay: Int = 4) {
        self.triggers = triggers
        self.rows = rows
        self.cooldown = cooldown
        self.budgetPerDay = budgetPerDay
    }
}

/// Where the loop of one endpoint stands.
package struct TrainingLoop: Sendable, Hashable {
    package enum Phase: Sendable, Hashable {
        case watching
        /// Decided, not yet handed to the pipeline; `request` makes the hand-over idempotent.
        case requested(request: String)
        case training(request: String, run: String)
        /// The version passed its gate; its rollout is being started.
        case produced(request: String, version: String)
        case rollingOut(request: String, version: String, rollout: String)
    }

    package var endpoint: String
    package var phase: Phase
    /// Why the loop left `watching`.
    package var reason: String
    /// Starts within the last day, or the cooldown where that is longer; oldest first.
    package var starts: [Timestamp]
    /// Set by a person: nothing is started until released; what runs already goes on.
    package var held: Bool
    /// The newest event of the log that the loop has taken in: what makes triggers count once.
    package var cursor: Int64
    package var revision: Int64

    package init(endpoint: String, cursor: Int64) {
        self.endpoint = endpoint
        phase = .watching
        reason = ""
        starts = []
        held = false
        self.cursor = cursor
        revision = 0
    }
}
