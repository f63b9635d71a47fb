internal import CSpawn
package import Clockwork
import Errors
import Glibc
import Synchronization

/// A child process, leader of a process group of its own: signals go to the whole group.
package final class ChildProcess: Sendable {
    package let id: Int32
    /// True once it was waited for: from then on its id may belong to another process and is not signalled any more.
    private let ended = Mutex(false)

    private init(id: Int32) { self.id = id }

    /// Starts a program found on the PATH of `environment` (a name with `/` is relative to `folder`); its outputs are appended to `log`.
    /// - Parameter passing: descriptors that the child has as 3, 4, ….
    /// - Throws: `not_found` when there is no such program.
    package static func spawn(
        arguments: [String], environment: [String: String], folder: String, log: String, passing: [Int32] = []
    ) throws -> ChildProcess {
        let program = try locate(arguments[0], path: environment["PATH"] ?? "/usr/bin:/bin", folder: folder)
        let words = arguments.map { strdup($0) } + [nil]
        let variables = environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        // Above the places that they are moved to, so that no move meets another.
        let passed = passing.map { fcntl($0, F_DUPFD_CLOEXEC, 64) }
        defer { for descriptor in passed where descriptor >= 0 { close(descriptor) } }
        guard !passed.contains(where: { $0 < 0 }) else {
            throw JidokaError.unavailable("no more files can be opened: \(String(cString: strerror(errno)))", hint: "raise `ulimit -n`")
        }
        var id: Int32 = 0
        let status = jidoka_spawn(program, words, variables, folder, log, passed, Int32(passed.count), &id)
        guard status == 0 else {
            throw JidokaError(
                status == ENOENT ? .notFound : .unavailable, "`\(arguments[0])` cannot be run: \(String(cString: strerror(status)))",
                hint: "check the command")
        }
        return ChildProcess(id: id)
    }

    /// The program on the given PATH (a name with `/` is relative to the project folder).
    private static func locate(_ name: String, path: String, folder: String) throws -> String {
        if name.contains("/") { return name.hasPrefix("/") ? name : "\(folder)/\(name)" }
        for entry in path.split(separator: ":") where access("\(entry)/\(name)", X_OK) == 0 { return "\(entry)/\(name)" }
        throw JidokaError.notFound("there is no program `\(name)` on the PATH", hint: "install it, or give its path")
    }

    /// Blocks until the process has ended; its exit status, or 128 + the signal that ended it.
    package func wait() -> Int {
        // The process is looked at before it is reaped: until then nobody else can have its id.
        var facts = siginfo_t()
        while waitid(P_PID, id_t(id), &facts, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
        ended.withLock { $0 = true }
        // What the step started and left in its group ends with it.
        kill(-id, SIGKILL)
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0 && errno == EINTR {}
        return status & 0x7F == 0 ? Int(status >> 8 & 0xFF) : 128 + Int(status & 0x7F)
    }

    package func signal(_ number: Int32) { ended.withLock { if !$0 { kill(-id, number) } } }

    /// SIGKILL when the process still runs after `grace`.
    package func killSoon(after grace: Duration, time: any TimeSource) {
        Task {
            try await time.sleep(for: grace)
            signal(SIGKILL)
        }
    }
}
