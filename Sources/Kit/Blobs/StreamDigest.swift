import Digests
import Errors
import Synchronization

/// The digest of bytes that pass, one owner's stream at a time.
package final class StreamDigest: Sendable {
    private struct State: ~Copyable, @unchecked Sendable {  // seen only under the mutex
        var hash: SHA256? = SHA256()
    }
    private let state = Mutex(State())

    package init() {}

    package func take(_ bytes: [UInt8]) { state.withLock { state in bytes.withUnsafeBytes { state.hash?.update($0) } } }

    /// Once, after the last byte.
    package func finish() throws -> Digest { try Digest(state.withLock { $0.hash.take()?.finish() } ?? "") }

    /// Once, after the last byte. - Throws: `internal`, "data loss", unless it is what it should be; `hint` says how to mend it.
    package func finish(expecting digest: Digest, at place: String, hint: String) throws {
        guard try finish() == digest else {
            throw corrupt(digest, path: place, "its bytes are not those it was stored with", hint: hint)
        }
    }
}

/// Stored bytes that are not what they were.
func corrupt(_ digest: Digest, path: String, _ reason: String, hint: String = inFolderHint) -> JidokaError {
    JidokaError(.internal, "data loss: object `\(digest)` is corrupt: \(reason)", hint: hint, fields: ["path": path])
}

let inFolderHint = "restore the file from a backup, or store the same content again, which replaces it"
