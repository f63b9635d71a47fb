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
            // One of another size is a torn copy, which the whole one replaces.
            let isNew = FileCalls.size(path) != state.size
            if isNew {
                fchmod(state.descriptor, 0o444)
                try FileCalls.sync(state.descriptor, "make `\(temporary)` durable")
                try FileCalls.makeFolders(shard)
                if rename(temporary, path) != 0 { throw FileCalls.failure(errno, "move an object to `\(path)`") }
                close(state.descriptor)
                state.descriptor = -1
            }
            // Also where the object was there: its writer may not have come this far yet.
            try FileCalls.syncFolder(shard)
            try FileCalls.syncFolder(store.folder)
            return StoredBlob(digest: digest, size: state.size, isNew: isNew)
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
