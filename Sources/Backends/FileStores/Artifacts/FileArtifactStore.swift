package import Blobs
package import Clockwork
import Errors
import Synchronization
package import Tracking

/// Artifacts as content-addressed objects: bytes in an `ObjectStore` (files or a bucket), paths in an `ArtifactIndex`.
///
/// The object is durable before its path points to it, so a crash in between leaves bytes without a name, never a name without bytes.
package struct FileArtifactStore: ArtifactStore {
    private let objects: any ObjectStore
    private let index: any ArtifactIndex
    private let time: any TimeSource
    private let maximumSize: Int64
    /// Small chunks are joined to pieces of this size before they go to a blocking thread.
    private static let pieceBytes = 1 << 20

    /// `maximumSize` in bytes bounds one artifact.
    package init(objects: any ObjectStore, index: any ArtifactIndex, time: any TimeSource, maximumSize: Int64 = 1 << 40) {
        self.objects = objects
        self.index = index
        self.time = time
        self.maximumSize = maximumSize
    }

    /// On files of this machine.
    package init(blobs: BlobStore, index: any ArtifactIndex, pool: BlockingPool, time: any TimeSource, maximumSize: Int64 = 1 << 40) {
        self.init(objects: FileObjects(blobs: blobs, pool: pool), index: index, time: time, maximumSize: maximumSize)
    }

    package func put(_ path: ArtifactPath, _ body: (any ArtifactSink) async throws -> Void) async throws -> ArtifactEntry {
        let upload = try await objects.begin(maximumSize: maximumSize)
        let sink = Sink(upload: upload)
        do {
            try await body(sink)
            try await sink.flush()
        } catch {
            await upload.abort()
            throw error
        }
        let stored = try await upload.commit()
        try await index.put(path, digest: stored.digest.hex, size: stored.size, at: time.now())
        return ArtifactEntry(path: path, digest: stored.digest.hex, size: stored.size)
    }

    package var direct: (any DirectArtifacts)? {
        objects.direct.map { DirectArtifactTransfers(transfers: $0, index: index, time: time, maximumSize: maximumSize) }
    }

    package func entry(_ path: ArtifactPath) async throws -> ArtifactEntry? { try await index.entry(path) }

    package func read(_ path: ArtifactPath, _ take: @Sendable ([UInt8]) async throws -> Void) async throws {
        guard let entry = try await index.entry(path), let digest = entry.digest else {
            throw JidokaError.notFound("No such artifact: '\(path)'")
        }
        try await objects.read(try Digest(digest), expectedSize: entry.size) { try await take($0) }
    }

    package func file(_ entry: ArtifactEntry, mayFetch: Bool) async throws -> String? {
        guard let text = entry.digest else { return nil }
        let digest = try Digest(text)
        return mayFetch ? try await objects.file(digest, expectedSize: entry.size) : try await objects.fileAtHand(digest)
    }

    package func list(_ folder: ArtifactPath?, after: String?, limit: Int) async throws -> [ArtifactEntry] {
        try check(limit)
        return try await index.list(folder, after: after, limit: limit)
    }

    package func files(in folder: ArtifactPath, after: ArtifactPath?, limit: Int) async throws -> [ArtifactEntry] {
        try check(limit)
        return try await index.files(in: folder, after: after, limit: limit)
    }

    /// Only the path goes: the same content may have other names.
    package func delete(_ path: ArtifactPath) async throws { try await index.remove(path) }

    private func check(_ limit: Int) throws {
        guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
    }

    private final class Sink: ArtifactSink {
        private let upload: any ObjectUpload
        private let waiting = Mutex<[UInt8]>([])

        init(upload: any ObjectUpload) { self.upload = upload }

        func write(_ chunk: [UInt8]) async throws {
            let full: [UInt8]? = waiting.withLock { waiting in
                if waiting.isEmpty { waiting = chunk } else { waiting += chunk }
                guard waiting.count >= FileArtifactStore.pieceBytes else { return nil }
                defer { waiting = [] }
                return waiting
            }
            if let full { try await upload.append(full) }
        }

        func flush() async throws {
            let rest = waiting.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
            if !rest.isEmpty { try await upload.append(rest) }
        }
    }
}
