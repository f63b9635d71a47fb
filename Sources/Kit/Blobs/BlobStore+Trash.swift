package import Clockwork
import Errors
internal import Glibc

/// Listing, and the trash: `<folder>/trash/<64 digits>`, in the same file system. A move is one rename; a file's time of change says when.
///
/// Whoever moves an object, or leaves one in place because it is there already, holds its shard's lock, in whichever process. So an upload
/// either finds the object and makes it young before the collector looks, or finds it gone and writes it.
extension BlobStore {
    var trashFolder: String { "\(folder)/trash" }

    func trashPath(_ digest: Digest) -> String { "\(trashFolder)/\(digest.hex)" }

    package func objects(after: Digest?, limit: Int) throws -> [ObjectFacts] {
        let start = after?.hex ?? ""
        var found: [ObjectFacts] = []
        let shards = try FileCalls.names(in: folder).filter { $0.utf8.count == 2 && $0 >= start.prefix(2) }.sorted()
        for shard in shards {
            let names = try FileCalls.names(in: "\(folder)/\(shard)").sorted()
            for name in names {
                guard let digest = try? Digest("\(shard)\(name)"), digest.hex > start,
                    let facts = BlobStore.facts(digest, path(for: digest))
                else { continue }
                found.append(facts)
                if found.count == limit { return found }
            }
        }
        return found
    }

    package func trash(after: Digest?, limit: Int) throws -> [ObjectFacts] {
        guard access(trashFolder, F_OK) == 0 else { return [] }
        let start = after?.hex ?? ""
        let names = try FileCalls.names(in: trashFolder).filter { $0 > start }.sorted()
        var found: [ObjectFacts] = []
        for name in names where found.count < limit {
            // A name that is no digest is not ours.
            guard let digest = try? Digest(name), let facts = BlobStore.facts(digest, trashPath(digest)) else { continue }
            found.append(facts)
        }
        return found
    }

    package func discard(_ digest: Digest, notPutAfter limit: Timestamp) throws -> Bool {
        try FileCalls.makeFolders(trashFolder)
        return try locked(digest) {
            guard let facts = BlobStore.facts(digest, path(for: digest)), facts.modified <= limit else { return false }
            return try move(path(for: digest), to: trashPath(digest))
        }
    }

    package func restore(_ digest: Digest) throws -> Bool {
        guard access(trashPath(digest), F_OK) == 0 else { return false }
        return try locked(digest) { try move(trashPath(digest), to: path(for: digest)) }
    }

    /// Whether the object is there, once it was taken out of the trash where necessary.
    package func recover(_ digest: Digest) throws -> Bool { try contains(digest) || restore(digest) || contains(digest) }

    package func purge(_ digest: Digest) throws {
        let path = trashPath(digest)
        if unlink(path) != 0, errno != ENOENT { throw FileCalls.failure(errno, "remove `\(path)`") }
    }

    /// Runs while the lock of the digest's shard is held.
    func locked<T>(_ digest: Digest, _ body: () throws -> T) throws -> T {
        let shard = "\(folder)/\(digest.hex.prefix(2))"
        try FileCalls.makeFolders(shard)
        let descriptor = try FileCalls.open(shard, O_RDONLY | O_DIRECTORY, "open the folder `\(shard)`")
        defer { close(descriptor) }  // and with it the lock goes
        while flock(descriptor, LOCK_EX) != 0 {
            if errno != EINTR { throw FileCalls.failure(errno, "lock the folder `\(shard)`") }
        }
        return try body()
    }

    /// Makes the object young: it was put again.
    static func touch(_ path: String) throws {
        if utimensat(AT_FDCWD, path, nil, 0) != 0 { throw FileCalls.failure(errno, "touch `\(path)`") }
    }

    /// The time of the move is the file's from now on; false when there is nothing to move.
    private func move(_ from: String, to: String) throws -> Bool {
        guard rename(from, to) == 0 else {
            if errno == ENOENT { return false }
            throw FileCalls.failure(errno, "move `\(from)` to `\(to)`")
        }
        try BlobStore.touch(to)
        for path in [from, to] { try FileCalls.syncFolder(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])) }
        return true
    }

    private static func facts(_ digest: Digest, _ path: String) -> ObjectFacts? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let modified = Int64(status.st_mtim.tv_sec) * 1_000_000 + Int64(status.st_mtim.tv_nsec) / 1_000
        return ObjectFacts(digest: digest, size: Int64(status.st_size), modified: Timestamp(microseconds: modified))
    }
}
