import Blobs
import Clockwork
import Synchronization

/// Copies on this machine of objects in a bucket, the youngest ones, within bounds. Calls block.
final class ObjectCache: Sendable {
    let blobs: BlobStore
    private let bytesMax: Int64
    private let time: any TimeSource
    private let bytes = Mutex<Int64?>(nil)
    /// A copy that was handed out is about to be opened: it stays for this long.
    private static let keptAtLeast = Duration.seconds(600)

    init(blobs: BlobStore, bytesMax: Int64, time: any TimeSource) {
        self.blobs = blobs
        self.bytesMax = bytesMax
        self.time = time
    }

    func reader(_ digest: Digest) throws -> BlobReader? { try verifiedFile(digest) == nil ? nil : try blobs.open(digest) }

    /// A copy that is damaged is dropped: the bucket has another.
    func verifiedFile(_ digest: Digest) throws -> String? {
        if let path = blobs.verifiedPath(digest) { return path }
        guard blobs.contains(digest) else { return nil }
        do { try blobs.verify(digest) } catch {
            try drop(digest)
            return nil
        }
        return blobs.path(for: digest)
    }

    func drop(_ digest: Digest) throws {
        let size = blobs.contains(digest) ? try blobs.size(of: digest) : 0
        if try blobs.discard(digest, notPutAfter: time.now()) {
            try blobs.purge(digest)
            bytes.withLock { bytes in if let known = bytes { bytes = known - size } }
        }
    }

    /// Counts a new copy, and drops the oldest ones when there are too many bytes.
    func added(_ blob: StoredBlob) throws {
        let total: Int64 = try bytes.withLock { bytes in
            let now = if let known = bytes { known + (blob.isNew ? blob.size : 0) } else { try all().reduce(0) { $0 + $1.size } }
            bytes = now
            return now
        }
        guard total > bytesMax else { return }
        var over = total - bytesMax * 9 / 10
        let limit = time.now() + .microseconds(-ObjectCache.keptAtLeast.microseconds)
        for old in try all().sorted(by: { $0.modified < $1.modified }) where old.digest != blob.digest && old.modified < limit {
            if over <= 0 { return }
            try drop(old.digest)
            over -= old.size
        }
    }

    private func all() throws -> [ObjectFacts] {
        var all: [ObjectFacts] = []
        while true {
            let page = try blobs.objects(after: all.last?.digest, limit: 1_000)
            all += page
            if page.count < 1_000 { return all }
        }
    }
}
