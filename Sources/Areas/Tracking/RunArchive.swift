package import Clockwork
package import Events
package import JSON

/// Something that was deleted and is still kept, until it is restored or purged.
package struct ArchivedItem: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case run, experiment
        case loggedModel = "logged_model"
    }

    package var kind: Kind
    package var id: String
    package var name: String
    package var experimentID: String
    package var deletedAt: Timestamp
    /// Where its files lie; "" for an experiment, which has none but those of its runs and models.
    package var artifactURI: String

    package init(kind: Kind, id: String, name: String, experimentID: String, deletedAt: Timestamp, artifactURI: String) {
        self.kind = kind
        self.id = id
        self.name = name
        self.experimentID = experimentID
        self.deletedAt = deletedAt
        self.artifactURI = artifactURI
    }

    package var json: JSONObject {
        [
            "kind": .string(kind.rawValue), "id": .string(id), "name": .string(name), "experiment_id": .string(experimentID),
            "deleted_at": .string(deletedAt.rfc3339), "artifact_uri": .string(artifactURI),
        ]
    }
}

/// The end of a run's life and the corrections before it: what MLflow's protocol has no words for.
///
/// A change and its events are one transaction, durable on return; what is refused changes nothing. Every method may be called from any
/// task.
package protocol RunArchive: Sendable {
    /// Moves active runs, with their datasets and the models that they logged; artifacts stay where they are.
    /// - Throws: `not_found`, or that a run or the experiment is not active.
    func move(runIDs: [String], to experimentID: String, events: [EventDraft]) async throws
    /// The runs that name one of these as their parent (tag `mlflow.parentRunId`), active or deleted.
    func children(of runIDs: [String]) async throws -> [String]
    /// What was deleted before that moment, the longest ago first, after `after`, at most `limit` (1...10000); in one experiment when it
    /// is given.
    func deleted(
        _ kind: ArchivedItem.Kind, before: Timestamp, experimentID: String?, after: ArchivedItem?, limit: Int
    ) async throws -> [ArchivedItem]
    /// What belongs to a deleted experiment: its deleted runs, then all its logged models, after `after`, at most `limit` (1...10000).
    func contents(ofExperiment id: String, after: ArchivedItem?, limit: Int) async throws -> [ArchivedItem]
    /// Removes every row of what is deleted: runs and models first, then experiments with nothing left in them.
    /// - Throws: `failed_precondition` when one of them is not deleted (any more) or an experiment still holds something.
    func purge(_ items: [ArchivedItem], events: [EventDraft]) async throws
    /// Gives a param of an active run another value; the event of the change is made of the old one.
    /// - Throws: `not_found` when the run has no such param.
    func correct(_ param: Param, runID: String, event: @escaping @Sendable (String) -> EventDraft) async throws -> String
}
