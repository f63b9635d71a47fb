import Blobs
import Clockwork
import Digests
import Errors
import Synchronization

/// Uploads that clients make to the bucket itself, in parts, and addresses for reading.
///
/// An upload is staged at `<prefix>/staged/<label's hash>-<id>`, which no signed address can write to once its parts are joined. Then its
/// bytes are read once, for their digest, and copied inside the bucket. Beside it `….done` tells for a while what it became, because a
/// client that was not answered in time asks again.
final class S3DirectTransfers: DirectTransfers {
    private let client: S3Client
    private let pool: BlockingPool
    private let ids: any IDSource
    /// One reading of an upload, however often it is asked for.
    private let running = Mutex<[String: Task<StoredBlob, any Error>]>([:])
    /// Clients are given all addresses at the beginning of an upload that may take hours.
    private static let addressSeconds = 6 * 3_600
    private static let runningMax = 64

    init(client: S3Client, pool: BlockingPool, ids: any IDSource) {
        self.client = client
        self.pool = pool
        self.ids = ids
    }

    /// `<id>.<the store's own name of the upload>`.
    private struct Name {
        let id: String
        let upload: String

        init(_ text: String) throws {
            let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[1].isEmpty, parts[1].utf8.count <= 1_024, (1...64).contains(parts[0].utf8.count),
                parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == 0x2D })
            else { throw S3DirectTransfers.absent }
            (id, upload) = (parts[0], parts[1])
        }
    }

    private static var absent: JidokaError {
        .notFound("there is no such upload", hint: "it was completed long ago, given up, or begun for another path: begin again")
    }

    private func key(_ label: String, _ id: String) -> String {
        client.location.key("staged/\(SHA256.hex(label.utf8).prefix(32))-\(id)")
    }

    func begin(_ label: String, parts: Int) async throws -> DirectUpload {
        guard (1...10_000).contains(parts) else { throw JidokaError.invalidArgument("an upload has 1 to 10000 parts, not \(parts)") }
        let id = ids.next()
        let key = key(label, id)
        let upload = try await client.beginParts(key)
        let client = client
        let addresses = try await pool.run {
            (1...parts).map {
                client.presigned("PUT", key: key, query: S3Client.query(upload, $0), seconds: S3DirectTransfers.addressSeconds)
            }
        }
        return DirectUpload(id: "\(id).\(upload)", addresses: addresses)
    }

    /// Goes on when who asked has gone: they will ask again.
    func complete(_ upload: String, label: String, _ parts: [DirectPart], maximumSize: Int64) async throws -> StoredBlob {
        let name = try Name(upload)
        let key = key(label, name.id)
        let task = try running.withLock { tasks in
            if let task = tasks[key] { return task }
            guard tasks.count < S3DirectTransfers.runningMax else {
                throw JidokaError(.unavailable, "too many uploads are being completed", hint: "try again")
            }
            let task = Task {
                defer { running.withLock { $0[key] = nil } }
                return try await finish(key, name.upload, parts, maximumSize)
            }
            tasks[key] = task
            return task
        }
        return try await task.value
    }

    private func finish(_ key: String, _ upload: String, _ parts: [DirectPart], _ maximumSize: Int64) async throws -> StoredBlob {
        if let done = try await recall(key) { return done }
        var joined = try await client.head(key)
        if joined == nil {
            guard try await client.hasParts(key, upload: upload) else { throw S3DirectTransfers.absent }
            try await join(key, upload, parts)
            joined = try await client.head(key)
        }
        guard let staged = joined else { throw S3DirectTransfers.absent }
        guard staged.size <= maximumSize else {
            try await client.delete(key)
            throw JidokaError(.exhausted, "the object is larger than \(maximumSize) bytes", hint: "send less, or raise the limit")
        }
        let digest = try await digest(of: staged)
        let isNew = try await client.keep(digest, size: staged.size) { try await client.copy(staged, to: client.location.object(digest)) }
        try await client.put("\(key).done", Array("\(digest) \(staged.size)".utf8))
        try await client.delete(key)
        return StoredBlob(digest: digest, size: staged.size, isNew: isNew)
    }

    private func join(_ key: String, _ upload: String, _ parts: [DirectPart]) async throws {
        do {
            try await client.completeParts(key, upload: upload, parts.map { S3Client.Part(number: $0.number, tag: $0.tag) })
        } catch let error as JidokaError {
            let theirs = ["InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML", "InvalidRequest", "InvalidArgument"]
            guard let code = error.fields["s3_code"], theirs.contains(code) else { throw error }
            throw JidokaError(
                .invalidArgument, "the parts cannot be joined: \(code)",
                hint: "name every part with the ETag that the store answered; all but the last have at least 5 MiB", cause: error)
        }
    }

    private func digest(of staged: S3Object) async throws -> Digest {
        let hash = StreamDigest()
        try await client.stream(staged.key, size: staged.size) { piece, _ in try await pool.run { hash.take(piece) } }
        return try hash.finish()
    }

    /// What the upload became, if its object is still there.
    private func recall(_ key: String) async throws -> StoredBlob? {
        guard let note = try await client.head("\(key).done") else { return nil }
        let words = String(decoding: try await client.get(note.key, range: 0..<note.size), as: UTF8.self).split(separator: " ")
        guard words.count == 2, let size = Int64(words[1]) else { return nil }
        let digest = try Digest(String(words[0]))
        _ = try await client.keep(digest, size: size) { throw S3DirectTransfers.absent }
        return StoredBlob(digest: digest, size: size, isNew: false)
    }

    func abort(_ upload: String, label: String) async throws {
        let name = try Name(upload)
        let key = key(label, name.id)
        try await client.abortParts(key, upload: name.upload)
        try await client.delete(key)
    }

    func address(_ digest: Digest, disposition: String, type: String, seconds: Int) async throws -> String {
        guard (1...604_800).contains(seconds) else {
            throw JidokaError.invalidArgument("expiration must be between 1 and 604800 seconds (got \(seconds)).")
        }
        let query = [(name: "response-content-disposition", value: disposition), (name: "response-content-type", value: type)]
        return client.presigned("GET", key: client.location.object(digest), query: query, seconds: seconds)
    }

    func sweep(begunBefore limit: Timestamp) async throws -> Int {
        let prefix = client.location.key("staged/")
        var swept = 0
        for upload in try await client.uploads(prefix: prefix) where upload.begun < limit {
            try await client.abortParts(upload.key, upload: upload.id)
            swept += 1
        }
        var after: String?
        repeat {
            let page = try await client.list(prefix: prefix, after: after, limit: 1_000)
            for object in page where object.modified < limit {
                try await client.delete(object.key)
                if !object.key.hasSuffix(".done") { swept += 1 }
            }
            after = page.count < 1_000 ? nil : page.last?.key
        } while after != nil
        return swept
    }
}
