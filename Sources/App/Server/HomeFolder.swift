import Errors
import Glibc

/// The folder that holds all state, and the lock that keeps a second server out of it. See docs/format/home.md.
struct HomeFolder: ~Copyable {
    let path: String
    private let lock: Int32

    var database: String { path + "/jidoka.db" }
    var objects: String { path + "/objects" }
    var predictions: String { path + "/predictions" }
    var models: String { path + "/models" }
    var runs: String { path + "/runs" }
    var logs: String { path + "/logs" }
    var temporary: String { path + "/tmp" }

    /// Makes what is missing. - Throws: `unavailable` when it cannot be written, `conflict` when another server has it open.
    init(path: String) throws {
        try HomeFolder.make(path)
        let descriptor = try HomeFolder.lock(path)
        do {
            for folder in ["objects", "predictions", "models", "runs", "logs", "tmp"] { try HomeFolder.make("\(path)/\(folder)") }
        } catch {
            close(descriptor)
            throw error
        }
        self.path = path
        lock = descriptor
    }

    private static func lock(_ path: String) throws -> Int32 {
        let descriptor = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw unwritable(path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw JidokaError(
                .conflict, "another server has `\(path)` open", hint: "stop it, or start this one with another --home")
        }
        return descriptor
    }

    deinit { close(lock) }

    /// Like `mkdir -p`.
    static func make(_ path: String) throws {
        var partial = path.hasPrefix("/") ? "" : "."
        for segment in path.split(separator: "/") {
            partial += "/" + segment
            if mkdir(partial, 0o755) != 0 && errno != EEXIST { throw unwritable(path) }
        }
        guard access(path, W_OK | X_OK) == 0 else { throw unwritable(path) }
    }

    private static func unwritable(_ path: String) -> JidokaError {
        JidokaError(
            .unavailable, "the home folder `\(path)` cannot be written: \(String(cString: strerror(errno)))",
            hint: "check its permissions and the free space, or choose another with --home")
    }
}

/// A whole file of this machine. - Throws: `not_found` naming the path.
func readFile(_ path: String, limit: Int = 64 << 20) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
        throw JidokaError.notFound(
            "`\(path)` cannot be read: \(String(cString: strerror(errno)))", hint: "check the path and its permissions")
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0 { throw JidokaError.unavailable("`\(path)` cannot be read: \(String(cString: strerror(errno)))") }
        if count == 0 { return bytes }
        bytes.append(contentsOf: buffer[..<count])
        guard bytes.count <= limit else { throw JidokaError(.exhausted, "`\(path)` is larger than \(limit) bytes") }
    }
}
