package import Clockwork
package import Events

/// Keeps logged models. Deleted ones are kept but not found.
///
/// State changes carry their events into the same transaction. Methods that name a model which does not exist throw
/// `TrackingErrors.noLoggedModel`. Every method may be called from any task.
package protocol LoggedModelStore: Sendable {
    func create(_ model: LoggedModel, events: [EventDraft]) async throws
    func model(id: String) async throws -> LoggedModel?
    func setStatus(_ status: LoggedModelStatus, id: String, at time: Timestamp, events: [EventDraft]) async throws -> LoggedModel
    /// Replaces tags of the same key.
    func setTags(_ tags: [Tag], id: String) async throws
    /// False when there was no such tag.
    func deleteTag(key: String, id: String) async throws -> Bool
    /// A param that is there already is replaced.
    func addParams(_ params: [Param], id: String) async throws
    func delete(id: String, at time: Timestamp, events: [EventDraft]) async throws
    /// At most `search.limit` (1...1000) models; by default the newest first.
    func search(_ search: LoggedModelSearch) async throws -> Page<LoggedModel>
}
