import Errors
import Glibc
import JSON

/// A folder that is written once: everything goes into a folder beside it, which takes its place when all is there.
struct ExportFolder: Sendable {
    let target: String
    /// Where to write.
    let part: String
    private let aside: String

    /// - Throws: `already_exists` for a place that is not empty, unless `replacing`; the old one is then kept beside.
    init(_ target: String, replacing: Bool, id: String) throws {
        self.target = target
        part = "\(target).part-\(id)"
        aside = "\(target).before-\(id)"
        if !replacing, !Disk.names(target).isEmpty || Disk.isFile(target) {
            throw JidokaError.alreadyExists(
                "`\(target)` is not empty", hint: "name another place, or --force keeps the old one beside the new")
        }
        try ExportFolder.make(part)
    }

    /// Puts it in its place. - Returns: where the old one is now.
    func finish() throws -> String? {
        var kept: String?
        if Disk.isFolder(target) || Disk.isFile(target) {
            if Disk.names(target).isEmpty, rmdir(target) == 0 {
                kept = nil
            } else {
                guard rename(target, aside) == 0 else { throw ExportFolder.failed(target) }
                kept = aside
            }
        }
        guard rename(part, target) == 0 else { throw ExportFolder.failed(target) }
        return kept
    }

    /// What was written so far goes when the writing fails.
    func discarding<T>(_ body: () async throws -> T) async throws -> T {
        do { return try await body() } catch {
            ExportFolder.remove(part)
            throw error
        }
    }

    private static func remove(_ path: String) {
        for name in Disk.names(path) {
            if Disk.isFolder("\(path)/\(name)") { remove("\(path)/\(name)") } else { unlink("\(path)/\(name)") }
        }
        rmdir(path)
    }

    func file(_ path: String) throws -> ExportFile {
        try ExportFile(try place(path))
    }

    func write(_ text: String, to path: String) throws {
        let file = try file(path)
        try file.add(text)
        try file.close()
    }

    /// Where a file of an artifact goes, its folder made.
    func place(_ path: String) throws -> String {
        let whole = "\(part)/\(path)"
        if let slash = whole.lastIndex(of: "/") { try ExportFolder.make(String(whole[..<slash])) }
        return whole
    }

    static func make(_ folder: String) throws {
        if Disk.isFolder(folder) { return }
        if let slash = folder.lastIndex(of: "/"), slash > folder.startIndex { try make(String(folder[..<slash])) }
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw failed(folder) }
    }

    static func failed(_ path: String) -> JidokaError {
        .unavailable("`\(path)` cannot be written: \(String(cString: strerror(errno)))", hint: "check permissions and free space")
    }
}

/// One file, written from its beginning to its end.
final class ExportFile {
    private let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw ExportFolder.failed(path) }
    }

    deinit { Glibc.close(descriptor) }

    func add(_ text: String) throws {
        buffer += text.utf8
        if buffer.count >= 1 << 16 { try flush() }
    }

    func close() throws { try flush() }

    private func flush() throws {
        var written = 0
        while written < buffer.count {
            let count = buffer.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, buffer.count - written) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw ExportFolder.failed(path) }
            written += count
        }
        buffer = []
    }
}
