package import Clockwork

/// Which content each artifact path points to. Bytes are kept elsewhere; a row here is written only after they are durable.
package protocol ArtifactIndex: Sendable {
    /// Points the path to a content. - Throws: `invalid_argument` when the path is a folder, or one of its parents is a file.
    func put(_ path: ArtifactPath, digest: String, size: Int64, at time: Timestamp) async throws
    func entry(_ path: ArtifactPath) async throws -> ArtifactEntry?
    /// The direct children of a folder by name, at most `limit` (1...1000) after the child named `after`.
    func list(_ folder: ArtifactPath?, after: String?, limit: Int) async throws -> [ArtifactEntry]
    /// Every file below a folder by path, at most `limit` (1...1000) after `after`.
    func files(in folder: ArtifactPath, after: ArtifactPath?, limit: Int) async throws -> [ArtifactEntry]
    /// Removes the file, or everything below the folder.
    func remove(_ path: ArtifactPath) async throws
}
