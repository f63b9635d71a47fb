package import Clockwork
import Errors
internal import Glibc

/// Content-addressed objects on files: `<folder>/<first 2 digits>/<other 62>`, and `<folder>/tmp/` for those being written.
///
/// An object appears whole and durable or not at all: bytes go to a temporary file in the same file system, which is synced, renamed and
/// its folder synced. Every call blocks: run them on a `BlockingPool`. Several processes may share a folder.
package final class BlobStore: Sendable {
    package let folder: String
    private let ids: any IDSource
    let isDurable: Bool
    let verified: VerifiedFiles

    /// Bytes moved per system call when files are copied or read.
    static let pieceBytes = 1 << 20

    /// Opens the store, makes its folders, and removes what writers that died have left. `isDurable: false` is for copies of what is kept
    /// elsewhere: they are not forced to the disk.
    package init(
        folder: String, ids: any IDSource = SystemIDs(), time: any TimeSource = SystemTime(), isDurable: Bool = true
    ) throws {
        self.folder = folder
        self.ids = ids
        self.isDurable = isDurable
        verified = VerifiedFiles(time: time)
        try FileCalls.makeFolders(temporaryFolder)
        try removeStaleTemporaries()
    }

    var temporaryFolder: String { "\(folder)/tmp" }

    /// Where the object lies or would lie, for serving it without copying.
    package func path(for digest: Digest) -> String { "\(folder)/\(digest.hex.prefix(2))/\(digest.hex.dropFirst(2))" }

    package func contains(_ digest: Digest) -> Bool { FileCalls.size(path(for: digest)) != nil }

    /// Where the object lies, when its bytes were found right a short time ago and the file was not touched since.
    package func verifiedPath(_ digest: Digest) -> String? {
        let path = path(for: digest)
        return verified.holds(digest, path: path) ? path : nil
    }

    /// Bytes of the object. Throws `not_found`.
    package func size(of digest: Digest) throws -> Int64 {
        guard let size = FileCalls.size(path(for: digest)) else { throw absent(digest) }
        return size
    }

    /// Starts an object whose bytes come piece by piece. Throws `exhausted` at commit or append beyond `maximumSize` bytes.
    package func begin(maximumSize: Int64 = .max) throws -> BlobWriter {
        try BlobWriter(self, temporary: "\(temporaryFolder)/\(ids.next())", maximumSize: maximumSize)
    }

    @discardableResult
    package func put(_ bytes: [UInt8]) throws -> StoredBlob {
        let writer = try begin()
        try writer.append(bytes)
        return try writer.commit()
    }

    /// Copies a file in; the file itself stays as it is. Throws `not_found`.
    @discardableResult
    package func put(file path: String, maximumSize: Int64 = .max) throws -> StoredBlob {
        let source = try FileCalls.open(path, O_RDONLY, "open `\(path)`")
        defer { close(source) }
        let writer = try begin(maximumSize: maximumSize)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: BlobStore.pieceBytes, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let length = try FileCalls.read(source, buffer, "read `\(path)`")
            if length == 0 { break }
            try writer.append(UnsafeRawBufferPointer(rebasing: buffer[..<length]))
        }
        return try writer.commit()
    }

    /// Opens an object for reading from its first byte to its last; the bytes are checked against the digest on the way.
    /// Throws `not_found`, and `internal` where the file's size is not `expectedSize`.
    package func open(_ digest: Digest, expectedSize: Int64? = nil) throws -> BlobReader {
        let path = path(for: digest)
        guard contains(digest) else { throw absent(digest) }
        let reader = try BlobReader(digest, path: path, verified: verified)
        if let expectedSize, reader.size != expectedSize {
            throw corrupt(digest, path: path, "it has \(reader.size) bytes and should have \(expectedSize)")
        }
        return reader
    }

    /// The whole object, checked. Throws `exhausted` where it is larger than `maximumSize` bytes.
    package func read(_ digest: Digest, maximumSize: Int64 = 64 << 20) throws -> [UInt8] {
        let reader = try open(digest)
        guard reader.size <= maximumSize else {
            throw JidokaError(.exhausted, "object `\(digest)` has \(reader.size) bytes, more than the \(maximumSize) that are read at once")
        }
        var all: [UInt8] = []
        all.reserveCapacity(Int(reader.size))
        while let piece = try reader.next() { all += piece }
        return all
    }

    /// Reads the object to its end and throws `internal` where its bytes are not those of its digest.
    package func verify(_ digest: Digest) throws {
        let reader = try open(digest)
        while try reader.next() != nil {}
    }

    private func absent(_ digest: Digest) -> JidokaError { JidokaError.notFound("there is no object `\(digest)`") }

    /// A writer holds a lock on its file as long as it lives, in whichever process; what is not locked was left behind.
    private func removeStaleTemporaries() throws {
        for name in try FileCalls.names(in: temporaryFolder) {
            let path = "\(temporaryFolder)/\(name)"
            let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC)
            guard descriptor >= 0 else { continue }  // renamed or removed by its writer meanwhile
            defer { close(descriptor) }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
        }
    }
}
