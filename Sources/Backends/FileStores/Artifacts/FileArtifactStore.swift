package import Blobs
package import Clockwork
import Errors
import Synchronization
package import Tracking

/// Artifacts as content-addressed objects: bytes in a `BlobStore`, paths in an `ArtifactIndex`.
///
/// The object is durable before its path points to it, so a crash in between leaves bytes without a name, never a name without bytes.
package struct FileArtifactStore: ArtifactStore {
    private let blobs: BlobStore
    private let index: any ArtifactIndex
    private let pool: BlockingPool
    private let time: any TimeSource
    private let maximumSize: Int64
    /// Small chunks are joined to pieces of this size before they go to a blocking thread.
    private static let pieceBytes = 1 << 20

    /// `maximumSize` in bytes bounds one artifact.
    package init(
        blobs: BlobStore, index: any ArtifactIndex, pool: BlockingPool, time: any TimeSource, maximumSize: Int64 = 1 << 40
    ) {
        self.blobs = blobs
        self.index = index
        self.pool = pool
        self.time = time
        self.maximumSize = maximumSize
    }

    package func put(_ path: ArtifactPath, _ body: (any ArtifactSink) async throws -> Void) async throws -> ArtifactEntry {
        let (blobs, maximumSize) = (blobs, maximumSize)
        let writer = try await pool.run { try blobs.begin(maximumSize: maximumSize) }
        let sink = Sink(writer: writer, pool: pool)
        do {
            try await body(sink)
            try await sink.flush()
        } catch {
            _ = try? await pool.run { writer.abort() }
            throw error
        }
        let stored = try await pool.run { try writer.commit() }
        try await index.put(path, digest: stored.digest.hex, size: stored.size, at: time.now())
        return ArtifactEntry(path: path, digest: stored.digest.hex, size: stored.size)
    }

    package func entry(_ path: ArtifactPath) async throws -> ArtifactEntry? { try await index.entry(path) }

    package func read(_ path: ArtifactPath, _ take: @Sendable ([UInt8]) async throws -> Void) async throws {
        guard let entry = try await index.entry(path), let digest = entry.digest else {
            throw JidokaError.notFound("No such artifact: '\(path)'")
        }
        let blobs = blobs
        let reader = try await pool.run { try blobs.open(try Digest(digest), expectedSize: entry.size) }
        while let piece = try await pool.run({ try reader.next() }) { try await take(piece) }
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
        private let writer: BlobWriter
        private let pool: BlockingPool
        private let waiting = Mutex<[UInt8]>([])

        init(writer: BlobWriter, pool: BlockingPool) {
            self.writer = writer
            self.pool = pool
        }

        func write(_ chunk: [UInt8]) async throws {
            let full: [UInt8]? = waiting.withLock { waiting in
                if waiting.isEmpty { waiting = chunk } else { waiting += chunk }
                guard waiting.count >= FileArtifactStore.pieceBytes else { return nil }
                defer { waiting = [] }
                return waiting
            }
            if let full { try await append(full) }
        }

        func flush() async throws {
            let rest = waiting.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
            if !rest.isEmpty { try await append(rest) }
        }

        private func append(_ bytes: [UInt8]) async throws {
            let writer = writer
            try await pool.run { try writer.append(bytes) }
        }
    }
}
