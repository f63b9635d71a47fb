internal import Glibc
import Synchronization

/// An object being read from its first byte to its last, in pieces of at most 1 MiB. Calls block.
///
/// The last piece is handed out only after all bytes were found to be those of the digest, so a corrupt object is never delivered whole.
package final class BlobReader: Sendable {
    private struct State {
        var position: Int64 = 0
        var isAtEnd = false
    }

    package let digest: Digest
    /// Bytes.
    package let size: Int64
    private let path: String
    private let descriptor: Int32
    private let verified: VerifiedFiles
    /// Of the file when it was opened: what changes later is not what was read.
    private let identity: VerifiedFiles.Identity?
    private let hash = StreamDigest()
    private let state = Mutex(State())

    init(_ digest: Digest, path: String, verified: VerifiedFiles) throws {
        self.digest = digest
        self.path = path
        self.verified = verified
        descriptor = try FileCalls.open(path, O_RDONLY, "open object `\(digest)`")
        identity = VerifiedFiles.Identity(descriptor: descriptor)
        size = Int64(identity?.size ?? 0)
    }

    deinit { close(descriptor) }

    /// The next piece, nil at the end. Throws `internal` where the bytes are not those of the digest.
    package func next() throws -> [UInt8]? {
        try state.withLock { state in
            guard !state.isAtEnd else { return nil }
            let wanted = Int(min(Int64(BlobStore.pieceBytes), size - state.position))
            let piece = try [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
                while count < wanted {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
                    let length = try FileCalls.read(descriptor, rest, "read object `\(digest)`")
                    if length == 0 { throw corrupt(digest, path: path, "it ends early") }
                    count += length
                }
            }
            hash.take(piece)
            state.position += Int64(piece.count)
            guard state.position == size else { return piece }
            state.isAtEnd = true
            try hash.finish(expecting: digest, at: path, hint: inFolderHint)
            verified.remember(digest, identity)
            return piece.isEmpty ? nil : piece
        }
    }
}
