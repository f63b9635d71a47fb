package import Blobs
package import Clockwork
package import Datasets
import Digests
import Errors
internal import Glibc
import Synchronization

/// The bytes of dataset versions as content-addressed objects. Files arrive in a staging folder; what is kept moves on to the object store.
package struct DatasetFiles: ObjectFiles {
    private let objects: any ObjectStore
    private let staging: String
    private let pool: BlockingPool
    private let ids: any IDSource
    private let maximumBytes: Int64

    /// `staging` is emptied: what is in it was left behind by a program that ended. Blocks.
    package init(
        objects: any ObjectStore, staging: String, pool: BlockingPool, ids: any IDSource, maximumBytes: Int64 = 64 << 30
    ) throws {
        self.objects = objects
        self.staging = staging
        self.pool = pool
        self.ids = ids
        self.maximumBytes = maximumBytes
        if mkdir(staging, 0o755) != 0, errno != EEXIST { throw StagedWriter.failure("create", staging) }
        guard let directory = opendir(staging) else { throw StagedWriter.failure("list", staging) }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { unlink("\(staging)/\(name)") }
        }
    }

    package func stage(_ next: () async throws -> [UInt8]?) async throws -> StagedFile {
        let writer = try StagedWriter(path: "\(staging)/\(ids.next())", maximumBytes: maximumBytes)
        return try await filled(writer) {
            while let chunk = try await next() { try await pool.run { try writer.append(chunk) } }
        }
    }

    package func stage(file path: String) async throws -> StagedFile {
        let writer = try StagedWriter(path: "\(staging)/\(ids.next())", maximumBytes: maximumBytes)
        return try await filled(writer) {
            let reader = try await pool.run { try PieceReader(path: path) }
            while let piece = try await pool.run({ try reader.next() }) { try await pool.run { try writer.append(piece) } }
        }
    }

    /// The staged file is gone before an error is thrown, not when the last thread that saw its writer lets it go.
    private func filled(_ writer: StagedWriter, _ body: () async throws -> Void) async throws -> StagedFile {
        do {
            try await body()
            return try await pool.run { try writer.finish() }
        } catch {
            writer.abort()
            throw error
        }
    }

    package func keep(_ staged: StagedFile) async throws {
        let upload = try await objects.begin(maximumSize: maximumBytes)
        let reader = try await pool.run { try PieceReader(path: staged.path) }
        while let piece = try await pool.run({ try reader.next() }) { try await upload.append(piece) }
        let stored = try await upload.commit()
        guard stored.digest.hex == staged.digest else {
            throw JidokaError.internal("the staged file `\(staged.path)` changed before it was kept")
        }
    }

    package func discard(_ staged: StagedFile) async { unlink(staged.path) }

    package func path(digest: String) async throws -> String {
        let name = try Digest(digest)
        do { return try await objects.file(name, expectedSize: nil) } catch let error as JidokaError where error.code == .notFound {
            throw JidokaError.notFound("the content `\(digest.prefix(12))` is not in the object store", hint: "add the same file again")
        }
    }
}

/// A file read from its start, in pieces of 1 MiB. Calls block.
private final class PieceReader: Sendable {
    private let path: String
    private let descriptor: Int32

    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StagedWriter.failure("open", path) }
    }

    deinit { close(descriptor) }

    /// nil at the end.
    func next() throws -> [UInt8]? {
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw StagedWriter.failure("read", path) }
            return count == 0 ? nil : Array(piece[..<count])
        }
    }
}

/// A staged file being written; letting it go before `finish` removes it. Calls block.
private final class StagedWriter: Sendable {
    private struct State: ~Copyable {
        var hash: SHA256? = SHA256()
        var bytes: Int64 = 0
        var firstBytes: [UInt8] = []
    }
    private let path: String
    private let maximumBytes: Int64
    private let descriptor: Int32
    private let state = Mutex(State())

    init(path: String, maximumBytes: Int64) throws {
        self.path = path
        self.maximumBytes = maximumBytes
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StagedWriter.failure("create", path) }
    }

    deinit {
        close(descriptor)
        if state.withLock({ $0.hash != nil }) { unlink(path) }
    }

    func abort() { if state.withLock({ $0.hash.take() != nil }) { unlink(path) } }

    func append(_ chunk: [UInt8]) throws {
        try state.withLock { state in
            guard state.bytes + Int64(chunk.count) <= maximumBytes else {
                throw JidokaError(.exhausted, "the file is larger than \(maximumBytes) bytes", hint: "split it", fields: ["status": "413"])
            }
            var written = 0
            while written < chunk.count {
                let count = chunk.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, $0.count - written) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw StagedWriter.failure("write", path) }
                written += count
            }
            if state.firstBytes.count < 4 { state.firstBytes = Array((state.firstBytes + chunk.prefix(4)).prefix(4)) }
            state.hash?.update(chunk)
            state.bytes += Int64(chunk.count)
        }
    }

    func finish() throws -> StagedFile {
        try state.withLock { state in
            guard let hash = state.hash.take() else { throw JidokaError.internal("a staged file was finished twice") }
            return StagedFile(path: path, digest: hash.finish(), bytes: state.bytes, firstBytes: state.firstBytes)
        }
    }

    static func failure(_ action: String, _ path: String) -> JidokaError {
        let code = errno
        if code == ENOENT { return .notFound("`\(path)` is not there", hint: "check the path") }
        if code == ENOSPC || code == EDQUOT {
            return .diskFull("the disk is full: could not \(action) `\(path)`")
        }
        return .unavailable(
            "could not \(action) `\(path)`: \(String(cString: strerror(code)))", hint: "check the permissions of the home folder")
    }
}
