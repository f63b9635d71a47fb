/// Where the bytes of artifacts are kept.
///
/// Contents are immutable and addressed by digest, so that equal files are kept once; a path points to one content and putting again
/// replaces the pointer. `put` is durable on return and leaves nothing behind when the body throws. Reads give the bytes that were put or
/// throw `internal`: they are verified against the digest. Neither direction ever holds a whole file in memory.
package protocol ArtifactStore: Sendable {
    /// - Throws: `invalid_argument` when the path is a folder, or one of its parents is a file; whatever `body` throws.
    func put(_ path: ArtifactPath, _ body: (any ArtifactSink) async throws -> Void) async throws -> ArtifactEntry
    /// nil when there is no such file.
    func entry(_ path: ArtifactPath) async throws -> ArtifactEntry?
    /// Hands over chunk after chunk. - Throws: `not_found`; `internal` when the bytes are damaged; whatever `take` throws.
    func read(_ path: ArtifactPath, _ take: @Sendable ([UInt8]) async throws -> Void) async throws
    /// A file of this machine that holds an entry's bytes, verified, to be read only and soon. nil where bytes would have to be fetched or
    /// verified first and `mayFetch` is false, or where there are no such files. - Throws: `not_found`; `internal` when damaged.
    func file(_ entry: ArtifactEntry, mayFetch: Bool) async throws -> String?
    /// The direct children of a folder by name (nil: the root), at most `limit` (1...1000) after the child named `after`; empty when
    /// missing.
    func list(_ folder: ArtifactPath?, after: String?, limit: Int) async throws -> [ArtifactEntry]
    /// Every file below a folder, by path; same bounds.
    func files(in folder: ArtifactPath, after: ArtifactPath?, limit: Int) async throws -> [ArtifactEntry]
    /// Removes the file, or everything below the folder; nothing there is fine.
    func delete(_ path: ArtifactPath) async throws
    /// Transfers past this server; nil where there are none.
    var direct: (any DirectArtifacts)? { get }
}

/// Takes the bytes of one artifact in order.
package protocol ArtifactSink: Sendable {
    func write(_ chunk: [UInt8]) async throws
}

/// A file, or (without digest and size) a folder.
package struct ArtifactEntry: Sendable, Hashable {
    package var path: ArtifactPath
    /// SHA-256, 64 hexadecimal digits; nil for a folder.
    package var digest: String?
    /// Bytes.
    package var size: Int64

    package init(path: ArtifactPath, digest: String?, size: Int64) {
        self.path = path
        self.digest = digest
        self.size = size
    }

    package var isFolder: Bool { digest == nil }
}

extension ArtifactStore {
    /// For stores that keep nothing on this machine.
    package func file(_ entry: ArtifactEntry, mayFetch: Bool) async throws -> String? { nil }
}
