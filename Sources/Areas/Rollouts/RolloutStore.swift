package import Clockwork
package import Events

/// Keeps rollouts. Every method may be called from any task; each change is durable on return.
///
/// - `create` throws `conflict` when the endpoint has a rollout that is not final, or the id is taken.
/// - `update` throws `conflict` unless `rollout.revision` is greater than the stored one; the events are
///   written in the same transaction.
package protocol RolloutStore: Sendable {
    func create(_ rollout: Rollout, event: EventDraft) async throws
    func update(_ rollout: Rollout, events: [EventDraft]) async throws
    /// nil: no such rollout.
    func rollout(_ id: String) async throws -> Rollout?
    /// Newest first, at most `limit` (1...1000).
    func rollouts(endpoint: String?, limit: Int) async throws -> [Rollout]
    /// All that are not final: what a restarted server takes up again.
    func unfinished() async throws -> [Rollout]
}

/// What rollouts need of serving: who answers which share.
package protocol TrafficSwitch: Sendable {
    /// Loads the candidate and gives it `percent` of the traffic, the champion the rest. Returns once it is in force.
    func split(endpoint: String, champion: String, candidate: String, percent: Int, actor: String, reason: String) async throws
    /// Makes `version` the only one that answers.
    func switchOver(endpoint: String, to version: String, actor: String, reason: String) async throws
}

/// What rollouts need of the registry.
package protocol ChampionRegistry: Sendable {
    func makeChampion(model: String, version: String, actor: String, reason: String) async throws
}

/// What rollouts need of serving's counters and the joined labels.
package protocol EvidenceSource: Sendable {
    /// Counts of both versions on the endpoint since a moment. `slow` counts answers above `slowMicroseconds`.
    func evidence(endpoint: String, champion: String, candidate: String, since: Timestamp) async throws -> Evidence
}
