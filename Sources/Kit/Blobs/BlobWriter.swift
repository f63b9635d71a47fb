import Digests
import Errors
internal import Glibc
import Synchronization

/// An object being written: `append` pieces, then `commit` or `abort`; letting it go aborts. Memory stays constant. Calls block.
package final class BlobWriter: Sendable {
    private struct State: ~Copyable, @unchecked Sendable {  // seen only under the mutex
        var hash: SHA256? = SHA256()
        var size: Int64 = 0
        /// -1 once committed or aborted.
        var descriptor: Int32
    }

    private let store: BlobStore
    private let temporary: String
    private let maximumSize: Int64
    private let state: Mutex<State>

    init(_ store: BlobStore, temporary: String, maximumSize: Int64) throws {
        self.store = store
        self.temporary = temporary
        self.maximumSize = maximumSize
        state = Mutex(State(descriptor: try BlobWriter.createLocked(temporary)))
    }

    deinit { abort() }

    /// Bytes taken so far.
    package var size: Int64 { state.withLock { $0.size } }

    package func append(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try append($0) } }

    /// Takes the next bytes. After an error the object is aborted, and its temporary file gone.
    package func append(_ bytes: UnsafeRawBufferPointer) throws {
        do {
            try state.withLock { state in
                guard state.descriptor >= 0 else { throw JidokaError.failedPrecondition("the object is already committed or aborted") }
                guard state.size + Int64(bytes.count) <= maximumSize else {
                    throw JidokaError(.exhausted, "the object is larger than \(maximumSize) bytes", hint: "send less, or raise the limit")
                }
                try FileCalls.writeAll(state.descriptor, bytes, "write an object to `\(temporary)`")
                state.hash?.update(bytes)
                state.size += Int64(bytes.count)
            }
        } catch {
            abort()
            throw error
        }
    }

    /// Makes the object durable under its digest. Where the same object is there already it stays, and the new copy is dropped.
    package func commit() throws -> StoredBlob {
        defer { abort() }  // after success there is nothing left to remove
        return try state.withLock { state in
            guard state.descriptor >= 0, let hash = state.hash.take() else {
                throw JidokaError.failedPrecondition("the object is already committed or aborted")
            }
            let digest = try Digest(hash.finish())
            let path = store.path(for: digest)
            let shard = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
            try FileCalls.makeFolders(shard)
            try write(out: &state, digest)
            let isNew = try store.locked(digest) {
                if try isThere(digest, state, path: path) {
                    // Put again: the collector must see that it is wanted.
                    try BlobStore.touch(path)
                    store.verified.remember(digest, .init(path: path))
                    return false
                }
                if rename(temporary, path) != 0 { throw FileCalls.failure(errno, "move an object to `\(path)`") }
                store.verified.remember(digest, .init(path: path))
                close(state.descriptor)
                state.descriptor = -1
                return true
            }
            guard store.isDurable else { return StoredBlob(digest: digest, size: state.size, isNew: isNew) }
            // Also where the object was there: its writer may not have come this far yet.
            try FileCalls.syncFolder(shard)
            try FileCalls.syncFolder(store.folder)
            return StoredBlob(digest: digest, size: state.size, isNew: isNew)
        }
    }

    /// Before the lock is taken, because it takes long; not where the same content is there already.
    private func write(out state: inout State, _ digest: Digest) throws {
        fchmod(state.descriptor, 0o444)
        if store.isDurable, FileCalls.size(store.path(for: digest)) != state.size {
            try FileCalls.sync(state.descriptor, "make `\(temporary)` durable")
        }
    }

    /// Whether the same bytes are there, or come back out of the trash. One of another size, or of other bytes, is a damaged copy, which
    /// the whole one replaces.
    private func isThere(_ digest: Digest, _ state: borrowing State, path: String) throws -> Bool {
        let size = state.size
        if FileCalls.size(path) != size, rename(store.trashPath(digest), path) != 0, errno != ENOENT {
            throw FileCalls.failure(errno, "take an object out of the trash to `\(path)`")
        }
        guard FileCalls.size(path) == size else { return false }
        if store.verified.holds(digest, path: path) { return true }
        do {
            let reader = try BlobReader(digest, path: path, verified: store.verified)
            while try reader.next() != nil {}
            return true
        } catch let error as JidokaError where error.message.hasPrefix("data loss") {
            if store.isDurable { try FileCalls.sync(state.descriptor, "make `\(temporary)` durable") }
            return false
        }
    }

    /// Drops what was written; does nothing after `commit` or `abort`.
    package func abort() {
        state.withLock { state in
            guard state.descriptor >= 0 else { return }
            unlink(temporary)
            close(state.descriptor)
            state.descriptor = -1
        }
    }

    /// A new file, locked for as long as it is open, so that a store that is opened meanwhile does not take it for a left one.
    private static func createLocked(_ path: String) throws -> Int32 {
        for _ in 0..<8 {
            let descriptor = try FileCalls.open(path, O_WRONLY | O_CREAT | O_EXCL, "create `\(path)`")
            var status = stat()
            if flock(descriptor, LOCK_EX) == 0, fstat(descriptor, &status) == 0, status.st_nlink > 0 { return descriptor }
            close(descriptor)  // swept away between its creation and its lock
        }
        throw JidokaError.unavailable("`\(path)` is removed by another process again and again")
    }
}
