package import Clockwork
package import Events

/// Keeps registered models and their aliases.
///
/// A change and its events are one transaction, durable on return. Methods that name a model which does not exist throw
/// `RegistryErrors.noModel` and change nothing. Every method may be called from any task.
package protocol ModelStore: Sendable {
    /// - Throws: `already_exists` when the name is taken.
    func create(_ model: RegisteredModel, events: [EventDraft]) async throws
    /// With tags, aliases and latest versions; nil when there is none.
    func model(name: String) async throws -> RegisteredModel?
    /// At most `search.limit` (1...1000) models in the order of the search.
    func search(_ search: ModelSearch) async throws -> ModelPage<RegisteredModel>
    func describe(name: String, _ description: String, at time: Timestamp) async throws
    /// Versions, tags and aliases follow. - Throws: `already_exists` when the new name is taken.
    func rename(name: String, to newName: String, at time: Timestamp, events: [EventDraft]) async throws
    /// With all versions, tags and aliases.
    func delete(name: String, events: [EventDraft]) async throws
    func setTag(_ tag: ModelTag, name: String, events: [EventDraft]) async throws
    /// A tag that is not there writes no event.
    func deleteTag(key: String, name: String, events: [EventDraft]) async throws
    /// Points an alias to a version (nil: removes it), but only when it points where `expected` says: of two changes that saw the same
    /// state, one wins and the other throws `conflict`. A version must exist, else `RegistryErrors.noVersion`.
    func setAlias(_ alias: String, name: String, to version: Int?, expecting: AliasExpectation, at time: Timestamp, events: [EventDraft])
        async throws
}

/// What must be true of an alias for a change to happen.
package enum AliasExpectation: Sendable, Hashable {
    case anything
    /// It points to this version; nil: it does not exist.
    case version(Int?)
}
