import Blobs
import Clockwork
import Errors
import Tracking

/// Artifacts that go past the server: the store's transfers, and the index that a finished one is written to.
struct DirectArtifactTransfers: DirectArtifacts {
    let transfers: any DirectTransfers
    let index: any ArtifactIndex
    let time: any TimeSource
    let maximumSize: Int64

    /// The index would refuse the path at the end, after all bytes were sent.
    func begin(_ path: ArtifactPath, parts: Int) async throws -> ArtifactUpload {
        if let there = try await index.entry(path), there.isFolder { throw JidokaError.invalidArgument("`\(path)` is a folder") }
        var above = path.parent
        while let folder = above {
            if let there = try await index.entry(folder), !there.isFolder {
                throw JidokaError.invalidArgument("`\(folder)` is a file: nothing can lie below it")
            }
            above = folder.parent
        }
        let upload = try await transfers.begin(path.description, parts: parts)
        return ArtifactUpload(id: upload.id, addresses: upload.addresses)
    }

    func complete(_ path: ArtifactPath, upload: String, _ parts: [ArtifactPart]) async throws -> ArtifactEntry {
        let stored = try await transfers.complete(
            upload, label: path.description, parts.map { DirectPart(number: $0.number, tag: $0.tag) }, maximumSize: maximumSize)
        try await index.put(path, digest: stored.digest.hex, size: stored.size, at: time.now())
        return ArtifactEntry(path: path, digest: stored.digest.hex, size: stored.size)
    }

    func abort(_ path: ArtifactPath, upload: String) async throws { try await transfers.abort(upload, label: path.description) }

    func address(of entry: ArtifactEntry, disposition: String, type: String, seconds: Int) async throws -> String {
        guard let digest = entry.digest else { throw JidokaError.invalidArgument("`\(entry.path)` is a folder, not a file") }
        return try await transfers.address(try Digest(digest), disposition: disposition, type: type, seconds: seconds)
    }
}
