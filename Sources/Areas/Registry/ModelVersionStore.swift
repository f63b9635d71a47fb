package import Clockwork
package import Events

/// Keeps the versions of registered models.
///
/// A change and its events are one transaction, durable on return. Deleted versions keep their row, so that numbers are never used
/// twice, but are not found. Methods that name a version which does not exist throw `RegistryErrors.noVersion`, for a missing model
/// `RegistryErrors.noModel`, and change nothing. Every method may be called from any task.
package protocol ModelVersionStore: Sendable {
    /// Numbered one above the highest that ever was; stamps the model.
    func create(_ draft: ModelVersionDraft, event: @escaping @Sendable (ModelVersion) -> EventDraft) async throws -> ModelVersion
    /// Takes in a version that was made elsewhere, once: the version with the same number, creation time and run is given back as
    /// it is, without an event, and so is one that an earlier call numbered anew (it has the tag `KeptVersion.originTag`). Otherwise it
    /// gets its own number when that is free, else the next one with that tag. nil, without an event, when it is known and deleted.
    func adopt(_ draft: ModelVersionDraft, _ kept: KeptVersion, event: @escaping @Sendable (ModelVersion) -> EventDraft) async throws
        -> AdoptedVersion
    /// With tags and aliases; nil when there is none.
    func version(name: String, _ version: Int) async throws -> ModelVersion?
    /// At most `search.limit` (1...200000) versions in the order of the search.
    func search(_ search: ModelVersionSearch) async throws -> ModelPage<ModelVersion>
    /// Versions that wait for their verification and were created before that moment, the oldest first; at most `limit` (1...1000).
    func pending(registeredBefore: Timestamp, limit: Int) async throws -> [ModelVersion]
    func update(name: String, version: Int, _ change: ModelVersionChange, at time: Timestamp, events: [EventDraft]) async throws
        -> ModelVersion
    /// Moves a version to a stage and, when asked, every other version of that stage to the archive; stamps the model.
    func setStage(
        _ stage: ModelStage, name: String, version: Int, archiveOthers: Bool, at time: Timestamp, events: [EventDraft]
    ) async throws -> ModelVersion
    /// Its aliases go with it.
    func delete(name: String, version: Int, at time: Timestamp, events: [EventDraft]) async throws
    func setTag(_ tag: ModelTag, name: String, version: Int, events: [EventDraft]) async throws
    /// A tag that is not there writes no event.
    func deleteTag(key: String, name: String, version: Int, events: [EventDraft]) async throws
}
