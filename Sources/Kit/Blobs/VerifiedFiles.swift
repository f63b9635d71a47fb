import Clockwork
internal import Glibc
import Synchronization

/// Which files were read to their end and found right, so that they need not be hashed for every download.
///
/// A file is known by its inode, size, and times of change: whoever writes to it makes it unknown. Damage below the file system changes
/// none of these, so that nothing counts as right for longer than `lifetime`.
final class VerifiedFiles: Sendable {
    struct Identity: Sendable, Hashable {
        let inode: UInt
        let size: Int
        let modified: Int
        let changed: Int

        init(_ status: stat) {
            inode = UInt(status.st_ino)
            size = Int(status.st_size)
            modified = status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
            changed = status.st_ctim.tv_sec * 1_000_000_000 + status.st_ctim.tv_nsec
        }

        init?(path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            self.init(status)
        }

        init?(descriptor: Int32) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { return nil }
            self.init(status)
        }
    }

    private struct Entry {
        let identity: Identity
        let at: UInt64
    }
    private let entries = Mutex<[Digest: Entry]>([:])
    private let time: any TimeSource
    private static let entriesMax = 50_000
    private static let lifetime: UInt64 = 3_600_000_000_000

    init(time: any TimeSource) { self.time = time }

    func remember(_ digest: Digest, _ identity: Identity?) {
        guard let identity else { return }
        let now = time.steadyNanoseconds()
        entries.withLock { entries in
            if entries.count >= VerifiedFiles.entriesMax { entries.removeAll() }
            entries[digest] = Entry(identity: identity, at: now)
        }
    }

    func holds(_ digest: Digest, path: String) -> Bool {
        guard let entry = entries.withLock({ $0[digest] }), time.steadyNanoseconds() - entry.at < VerifiedFiles.lifetime else {
            return false
        }
        return Identity(path: path) == entry.identity
    }
}
