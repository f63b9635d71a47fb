package import Events

/// Where dataset versions are kept.
///
/// Every method may be called from any task. A change and its event are one transaction: both or neither.
package protocol DatasetStore: Sendable {
    /// Adds a version; a digest that the dataset has already is left alone, writes no event, and is answered with `added == false`.
    func add(_ version: DatasetVersion, event: EventDraft) async throws -> (version: DatasetVersion, added: Bool)
    /// The version whose digest begins with `prefix`. - Throws: `not_found`; `invalid_argument` when several begin so.
    func version(dataset: String, prefix: String) async throws -> DatasetVersion
    /// Any version with this digest, in whichever dataset; nil when there is none.
    func version(digest: String) async throws -> DatasetVersion?
    /// Newest first, at most `limit` (1...1000), leaving out the first `skip`.
    func versions(dataset: String, limit: Int, skip: Int) async throws -> [DatasetVersion]
    /// By name, at most `limit` (1...1000), names after `after`.
    func datasets(limit: Int, after: String?) async throws -> [DatasetSummary]
}

/// Where validation results are kept.
package protocol ValidationStore: Sendable {
    func record(_ result: ValidationResult, event: EventDraft) async throws
    /// Newest first, at most `limit` (1...1000); `digest` narrows to one content.
    func results(dataset: String, digest: String?, limit: Int) async throws -> [ValidationResult]
}
