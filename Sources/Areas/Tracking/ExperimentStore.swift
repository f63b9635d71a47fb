package import Clockwork
package import Events

/// Keeps experiments.
///
/// Names are unique among active and deleted experiments. Ids are integers counted up from 1, never used twice; 0 is given by the caller
/// for `Default`. A change and its event are one transaction: both are durable on return, or neither happened. Methods that name an
/// experiment which does not exist throw `not_found` and change nothing. Every method may be called from any task.
package protocol ExperimentStore: Sendable {
    /// - Throws: `already_exists` when the name is taken.
    func create(_ draft: ExperimentDraft, event: @escaping @Sendable (Experiment) -> EventDraft) async throws -> Experiment
    /// Active or deleted, with its tags; nil when there is none.
    func experiment(id: String) async throws -> Experiment?
    func experiment(name: String) async throws -> Experiment?
    /// At most `search.limit` (1...50000) experiments in the order of the search.
    func search(_ search: ExperimentSearch) async throws -> Page<Experiment>
    /// - Throws: `already_exists` when the name is taken.
    func rename(id: String, to name: String, at time: Timestamp, events: [EventDraft]) async throws
    /// Changes the experiment and all its runs: deleting stamps them with `time`, restoring brings all of them back.
    func setLifecycle(_ lifecycle: Lifecycle, id: String, at time: Timestamp, events: [EventDraft]) async throws
    func setTag(_ tag: Tag, id: String, at time: Timestamp) async throws
    /// The datasets that runs of the experiments read, one for each context they read it in, at most `limit`; by name, digest, context.
    func datasets(in experimentIDs: [String], limit: Int) async throws -> [DatasetSummary]
    /// False when there was no such tag.
    func deleteTag(key: String, id: String, at time: Timestamp) async throws -> Bool
}
