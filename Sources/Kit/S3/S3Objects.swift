package import Blobs
package import Clockwork
import Errors

/// The object store in a bucket: `<prefix>/objects/<64 digits>`, with copies on this machine for uploads
/// under way and for whoever needs a file.
///
/// An upload is written to a file here while it is hashed, because its digest is its name; then it goes to the bucket. A discarded object
/// stays where it is and gets a mark, `<prefix>/trash/<64 digits>`, an empty object whose time says since when: nothing is copied.
package struct S3Objects: ObjectStore {
    private let client: S3Client
    private let cache: ObjectCache
    private let pool: BlockingPool
    private static let mending = "restore it from a version of the bucket or a backup, or store the same content again"
    package let direct: (any DirectTransfers)?

    /// `cache` may be removed while no server runs. At most about `cacheBytesMax` bytes stay in it.
    package init(
        client: S3Client, cache: BlobStore, pool: BlockingPool, cacheBytesMax: Int64 = 20 << 30, isDirect: Bool = true,
        ids: any IDSource = SystemIDs()
    ) {
        self.client = client
        direct = isDirect ? S3DirectTransfers(client: client, pool: pool, ids: ids) : nil
        self.cache = ObjectCache(blobs: cache, bytesMax: cacheBytesMax, time: client.time)
        self.pool = pool
    }

    package var location: String { client.location.description }

    /// Writes and removes a small object: a bucket that cannot be used is found at the start.
    package func check() async throws {
        let key = client.location.key("tmp/check")
        try await client.put(key, Array("jidoka".utf8))
        try await client.delete(key)
    }

    func key(_ digest: Digest) -> String { client.location.object(digest) }
    private func mark(_ digest: Digest) -> String { client.location.mark(digest) }

    package func begin(maximumSize: Int64) async throws -> any ObjectUpload {
        let cache = cache
        return S3Upload(writer: try await pool.run { try cache.blobs.begin(maximumSize: maximumSize) }, store: self, pool: pool)
    }

    package func size(of digest: Digest) async throws -> Int64? { try await client.head(key(digest))?.size }

    package func read(_ digest: Digest, expectedSize: Int64?, _ take: ([UInt8]) async throws -> Void) async throws {
        let cache = cache
        if let reader = try await pool.run({ try cache.reader(digest) }) {
            while let piece = try await pool.run({ try reader.next() }) { try await take(piece) }
            return
        }
        let size = try await knownSize(digest, expectedSize)
        let hash = StreamDigest()
        try await client.stream(key(digest), size: size) { piece, isLast in
            try await pool.run { hash.take(piece) }
            if isLast { try hash.finish(expecting: digest, at: location, hint: S3Objects.mending) }
            if !piece.isEmpty { try await take(piece) }
        }
    }

    private func knownSize(_ digest: Digest, _ expected: Int64?) async throws -> Int64 {
        guard let size = try await size(of: digest) else { throw JidokaError.notFound("there is no object `\(digest)`") }
        guard expected == nil || expected == size else {
            throw JidokaError.internal("data loss: object `\(digest)` has \(size) bytes and should have \(expected ?? 0)")
        }
        return size
    }

    package func file(_ digest: Digest, expectedSize: Int64?) async throws -> String {
        if let path = try await fileAtHand(digest) { return path }
        let (cache, pool) = (cache, pool)
        if let path = try await pool.run({ try cache.verifiedFile(digest) }) { return path }
        let writer = try await pool.run { try cache.blobs.begin() }
        try await read(digest, expectedSize: expectedSize) { piece in try await pool.run { try writer.append(piece) } }
        return try await pool.run {
            let stored = try writer.commit()
            try cache.added(stored)
            return cache.blobs.path(for: stored.digest)
        }
    }

    package func fileAtHand(_ digest: Digest) async throws -> String? { cache.blobs.verifiedPath(digest) }

    /// A content that is there is not sent again, but made young by a copy onto itself, and its mark goes.
    func store(_ blob: StoredBlob) async throws -> StoredBlob {
        let (cache, pool) = (cache, pool)
        let path = cache.blobs.path(for: blob.digest)
        var stored = blob
        stored.isNew = try await client.keep(blob.digest, size: blob.size) {
            try await client.put(key(blob.digest), file: path, size: blob.size, digest: blob.digest.hex)
        }
        try await pool.run { try cache.added(blob) }
        return stored
    }

    package func objects(after: Digest?, limit: Int) async throws -> [ObjectFacts] { try await list("objects/", after, limit) }

    package func trash(after: Digest?, limit: Int) async throws -> [ObjectFacts] {
        var found: [ObjectFacts] = []
        for marked in try await list("trash/", after, limit) {
            let size = try await size(of: marked.digest)
            found.append(ObjectFacts(digest: marked.digest, size: size ?? 0, modified: marked.modified))
        }
        return found
    }

    private func list(_ folder: String, _ after: Digest?, _ limit: Int) async throws -> [ObjectFacts] {
        let prefix = client.location.key(folder)
        return try await client.list(prefix: prefix, after: after.map { "\(prefix)\($0)" }, limit: limit).compactMap { object in
            // A name that is no digest is not ours.
            (try? Digest(String(object.key.dropFirst(prefix.count)))).map {
                ObjectFacts(digest: $0, size: object.size, modified: object.modified)
            }
        }
    }

    package func discard(_ digest: Digest, notPutAfter limit: Timestamp) async throws -> Bool {
        guard let there = try await client.head(key(digest)), there.modified <= limit else { return false }
        guard try await client.head(mark(digest)) == nil else { return false }
        try await client.put(mark(digest), [])
        return true
    }

    package func restore(_ digest: Digest) async throws -> Bool {
        guard try await client.head(mark(digest)) != nil else { return false }
        try await client.delete(mark(digest))
        if let there = try await client.head(key(digest)) { try await client.copy(there, to: key(digest)) }
        return true
    }

    /// An object that was put after it was marked is kept, and only the mark goes.
    package func purge(_ digest: Digest) async throws {
        let cache = cache
        guard let marked = try await client.head(mark(digest)) else { return }
        if let there = try await client.head(key(digest)), there.modified <= marked.modified {
            try await client.delete(key(digest))
            try await pool.run { try cache.drop(digest) }
        }
        try await client.delete(mark(digest))
    }
}

private struct S3Upload: ObjectUpload {
    let writer: BlobWriter
    let store: S3Objects
    let pool: BlockingPool

    func append(_ bytes: [UInt8]) async throws {
        let writer = writer
        try await pool.run { try writer.append(bytes) }
    }

    func commit() async throws -> StoredBlob {
        let writer = writer
        return try await store.store(try await pool.run { try writer.commit() })
    }

    func abort() async {
        let writer = writer
        // Closing and unlinking have no error to report; the pool's own would be the caller's cancellation.
        _ = try? await pool.run { writer.abort() }
    }
}
