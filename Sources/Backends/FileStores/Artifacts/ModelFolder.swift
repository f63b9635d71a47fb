package import Clockwork
import Digests
import Errors
internal import Glibc
package import Tracking

/// A folder of artifacts as a whole: what verification and serving need of a model's files.
package struct ModelFolder: Sendable {
    private let store: any ArtifactStore
    private let pool: BlockingPool
    package let path: ArtifactPath

    /// More files than this are not a model.
    package static let filesMax = 10_000
    /// The largest file that `contents` reads at once.
    package static let contentsMax = 64 << 20

    package init(store: any ArtifactStore, pool: BlockingPool, path: ArtifactPath) {
        self.store = store
        self.pool = pool
        self.path = path
    }

    /// One file, with its path relative to the folder.
    package struct File: Sendable, Hashable {
        package var relativePath: String
        package var digest: String
        /// Bytes.
        package var size: Int64

        package init(relativePath: String, digest: String, size: Int64) {
            self.relativePath = relativePath
            self.digest = digest
            self.size = size
        }
    }

    /// Every file by relative path. - Throws: `exhausted` beyond `filesMax`.
    package func files() async throws -> [File] {
        var all: [File] = []
        var after: ArtifactPath?
        let prefix = path.description.utf8.count + 1
        while true {
            let page = try await store.files(in: path, after: after, limit: 1_000)
            for entry in page {
                guard let digest = entry.digest, let relative = String(entry.path.description.utf8.dropFirst(prefix)) else { continue }
                all.append(File(relativePath: relative, digest: digest, size: entry.size))
            }
            guard all.count <= ModelFolder.filesMax else {
                throw JidokaError(.exhausted, "`\(path)` has more than \(ModelFolder.filesMax) files", hint: "register a smaller folder")
            }
            guard page.count == 1_000, let last = page.last else { return all }
            after = last.path
        }
    }

    /// Content identity: SHA-256 over the lines `<file digest> <relative path>\n`, sorted by the bytes of the path.
    package static func identity(of files: [File]) -> String {
        var hash = SHA256()
        for file in files.sorted(by: { $0.relativePath.utf8.lexicographicallyPrecedes($1.relativePath.utf8) }) {
            hash.update("\(file.digest) \(file.relativePath)\n".utf8)
        }
        return hash.finish()
    }

    /// Reads every byte and throws `internal` where one is not what was put.
    package func verify(_ files: [File]) async throws {
        for file in files { try await store.read(try full(file.relativePath)) { _ in } }
    }

    /// One small file, verified; nil when it is not there. - Throws: `exhausted` beyond `contentsMax`.
    package func contents(_ relativePath: String) async throws -> [UInt8]? {
        let full = try full(relativePath)
        guard let entry = try await store.entry(full), !entry.isFolder else { return nil }
        guard entry.size <= Int64(ModelFolder.contentsMax) else {
            throw JidokaError(.exhausted, "`\(full)` is larger than \(ModelFolder.contentsMax) bytes")
        }
        let collector = Collector(capacity: Int(entry.size))
        try await store.read(full) { chunk in collector.append(chunk) }
        return collector.bytes
    }

    /// Writes every file below `folder` of this machine, for runtimes that read files. The folder appears whole or not at all: files are
    /// written beside it first. A folder that is there already is taken as it is, so name it by the content identity.
    package func unpack(_ files: [File], to folder: String, temporary: String) async throws {
        if try await pool.run({ access(folder, F_OK) == 0 }) { return }
        for file in files {
            let target = "\(temporary)/\(file.relativePath)"
            let output = try await pool.run { try OutputFile(path: target) }
            try await store.read(try full(file.relativePath)) { chunk in try await pool.run { try output.write(chunk) } }
        }
        try await pool.run {
            guard rename(temporary, folder) == 0 || access(folder, F_OK) == 0 else {
                throw JidokaError.unavailable("cannot write `\(folder)`", hint: "check the permissions and the space of the home folder")
            }
        }
    }

    private func full(_ relativePath: String) throws -> ArtifactPath { path.appending(try ArtifactPath(relativePath)) }
}
