package import Events

/// Keeps evaluation datasets and their records.
///
/// A change and its event are one transaction, durable on return. Methods that name a dataset which does not exist throw
/// `EvaluationErrors.noDataset` and change nothing. Every method may be called from any task.
package protocol EvaluationDatasetStore: Sendable {
    func create(_ dataset: EvaluationDataset, event: EventDraft) async throws -> EvaluationDataset
    /// With tags and experiments.
    func dataset(id: String) async throws -> EvaluationDataset
    /// With records, tags and links. False when there was none.
    func delete(id: String, event: EventDraft) async throws -> Bool
    /// At most `search.limit` datasets in the order of the search.
    func search(_ search: EvaluationDatasetSearch) async throws -> EvaluationDatasetPage
    func setTags(_ tags: [String: String], id: String) async throws
    /// Deleting a tag that is not there is no error.
    func deleteTag(key: String, id: String) async throws
    /// Links (or unlinks) experiments; what is so already stays.
    func setExperiments(_ ids: [String], linked: Bool, id: String, at time: Int64) async throws -> EvaluationDataset
    /// Records with new inputs are added, others merged; digest, schema and profile follow.
    func upsert(_ drafts: [EvaluationRecordDraft], id: String, at time: Int64, event: EventDraft) async throws -> (
        inserted: Int, updated: Int
    )
    /// At most `limit` records after the given one, the oldest first, ties by id.
    func records(datasetID: String, after: (createdAt: Int64, id: String)?, limit: Int) async throws -> [EvaluationRecord]
    /// - Returns: how many there were.
    func deleteRecords(ids: [String], datasetID: String, event: EventDraft) async throws -> Int
}

/// Keeps scorers: judges under a name, with versions that count from 1 and are not used twice. A change and its event are one transaction.
package protocol ScorerStore: Sendable {
    /// The next version; `id` is taken when the name is new in its experiment.
    func register(_ scorer: ScorerVersion, event: @escaping @Sendable (ScorerVersion) -> EventDraft) async throws -> ScorerVersion
    /// The newest version of each scorer, by experiment and name; all experiments when none are named.
    func newest(experimentIDs: [String]?) async throws -> [ScorerVersion]
    /// The oldest first. - Throws: `EvaluationErrors.noScorer` when there is none.
    func versions(experimentID: String, name: String) async throws -> [ScorerVersion]
    /// One version, or all of them (nil). - Throws: `EvaluationErrors.noScorer`.
    func delete(experimentID: String, name: String, version: Int64?, event: EventDraft) async throws
}

/// One version of a scorer. `serialized` is the client's own text: this server keeps it and never runs it.
package struct ScorerVersion: Sendable, Equatable {
    package var id: String
    package var experimentID: String
    package var name: String
    package var version: Int64
    package var serialized: String
    /// Milliseconds since 1970.
    package var createdAt: Int64

    package init(id: String, experimentID: String, name: String, version: Int64, serialized: String, createdAt: Int64) {
        self.id = id
        self.experimentID = experimentID
        self.name = name
        self.version = version
        self.serialized = serialized
        self.createdAt = createdAt
    }
}
