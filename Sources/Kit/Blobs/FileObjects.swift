package import Clockwork

/// The object store on files of this machine: a `BlobStore`, whose calls block, behind a pool.
package struct FileObjects: ObjectStore {
    private let blobs: BlobStore
    private let pool: BlockingPool

    package init(blobs: BlobStore, pool: BlockingPool) {
        self.blobs = blobs
        self.pool = pool
    }

    package var location: String { "file://\(blobs.folder)" }

    package func begin(maximumSize: Int64) async throws -> any ObjectUpload {
        let blobs = blobs
        return FileUpload(writer: try await pool.run { try blobs.begin(maximumSize: maximumSize) }, pool: pool)
    }

    package func size(of digest: Digest) async throws -> Int64? {
        let blobs = blobs
        return try await pool.run { try blobs.recover(digest) ? try blobs.size(of: digest) : nil }
    }

    package func read(_ digest: Digest, expectedSize: Int64?, _ take: ([UInt8]) async throws -> Void) async throws {
        let blobs = blobs
        let reader = try await pool.run {
            _ = try blobs.recover(digest)
            return try blobs.open(digest, expectedSize: expectedSize)
        }
        while let piece = try await pool.run({ try reader.next() }) { try await take(piece) }
    }

    package func file(_ digest: Digest, expectedSize: Int64?) async throws -> String {
        let blobs = blobs
        return try await pool.run {
            _ = try blobs.recover(digest)
            if let path = blobs.verifiedPath(digest) { return path }
            let reader = try blobs.open(digest, expectedSize: expectedSize)
            while try reader.next() != nil {}
            return blobs.path(for: digest)
        }
    }

    /// One `stat`, which is faster than a thread's turn.
    package func fileAtHand(_ digest: Digest) async throws -> String? { blobs.verifiedPath(digest) }

    package func objects(after: Digest?, limit: Int) async throws -> [ObjectFacts] {
        let blobs = blobs
        return try await pool.run { try blobs.objects(after: after, limit: limit) }
    }

    package func discard(_ digest: Digest, notPutAfter limit: Timestamp) async throws -> Bool {
        let blobs = blobs
        return try await pool.run { try blobs.discard(digest, notPutAfter: limit) }
    }

    package func restore(_ digest: Digest) async throws -> Bool {
        let blobs = blobs
        return try await pool.run { try blobs.restore(digest) }
    }

    package func trash(after: Digest?, limit: Int) async throws -> [ObjectFacts] {
        let blobs = blobs
        return try await pool.run { try blobs.trash(after: after, limit: limit) }
    }

    package func purge(_ digest: Digest) async throws {
        let blobs = blobs
        try await pool.run { try blobs.purge(digest) }
    }
}

private struct FileUpload: ObjectUpload {
    let writer: BlobWriter
    let pool: BlockingPool

    func append(_ bytes: [UInt8]) async throws {
        let writer = writer
        try await pool.run { try writer.append(bytes) }
    }

    func commit() async throws -> StoredBlob {
        let writer = writer
        return try await pool.run { try writer.commit() }
    }

    func abort() async {
        let writer = writer
        // Closing and unlinking have no error to report; the pool's own would be the caller's cancellation.
        _ = try? await pool.run { writer.abort() }
    }
}
