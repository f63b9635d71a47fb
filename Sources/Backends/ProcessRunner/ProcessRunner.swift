package import Clockwork
import Errors
import Glibc
import JSON
package import Pipelines
import Processes
package import Telemetry

/// Pipeline steps as local processes, each the leader of a process group of its own, so that stopping a step stops all that it started.
///
/// Standard output and error go to `<logs>/<run>/<step>.log`. The process id is kept beside it, so that a restarted server can end what an
/// earlier life left behind.
package struct LocalProcessRunner: StepRunner {
    private let projectFolder: String
    private let logsFolder: String
    private let baseEnvironment: [String: String]
    private let pool: BlockingPool
    private let time: any TimeSource
    private let logger: Logger
    /// Between SIGTERM and SIGKILL.
    private static let grace = Duration.seconds(5)
    private static let logBytesMax = 1 << 20

    /// `pool` is for the files; each process that runs has a thread of its own that waits for it.
    package init(
        projectFolder: String, logsFolder: String, baseEnvironment: [String: String], pool: BlockingPool, time: any TimeSource,
        logger: Logger
    ) {
        self.projectFolder = projectFolder
        // A child opens its log from the project folder: the path must not depend on where that is.
        self.logsFolder = logsFolder.hasPrefix("/") ? logsFolder : "\(workingFolder())/\(logsFolder)"
        self.baseEnvironment = baseEnvironment
        self.pool = pool
        self.time = time
        self.logger = logger
    }

    package func run(_ command: StepCommand) async throws -> Int {
        try Task.checkCancellation()
        let folder = "\(logsFolder)/\(command.run)"
        let environment = baseEnvironment.merging(command.environment) { $1 }
        let child = try ChildProcess.spawn(
            arguments: command.arguments, environment: environment, folder: projectFolder, log: try logFile(folder, command))
        do {
            try record(child.id, at: "\(folder)/\(command.step).pid")
        } catch {
            // Not to be found after a restart: it must not run on.
            child.signal(SIGKILL)
            _ = await end(of: child)
            throw error
        }
        let watchdog = Task { [time] in
            try await time.sleep(for: command.timeout)
            stop(child)
        }
        defer { watchdog.cancel() }
        let started = time.steadyNanoseconds()
        let status = await withTaskCancellationHandler {
            await end(of: child)
        } onCancel: {
            stop(child)
        }
        unlink("\(folder)/\(command.step).pid")
        try Task.checkCancellation()
        if Double(time.steadyNanoseconds() - started) / 1e9 >= command.timeout.seconds {
            throw JidokaError(
                .exhausted, "step `\(command.step)` overran its time of \(Int(command.timeout.seconds)) s and was stopped",
                hint: "raise `timeout` in jidoka.yaml, or make the step faster")
        }
        return status
    }

    /// A step may run for hours: it gets a thread to wait on, so that the pool's stay free.
    private func end(of child: ChildProcess) async -> Int {
        await withCheckedContinuation { continuation in
            startThread { continuation.resume(returning: child.wait()) }
        }
    }

    /// SIGTERM to the group, SIGKILL when it does not end in time.
    private func stop(_ child: ChildProcess) {
        child.signal(SIGTERM)
        child.killSoon(after: LocalProcessRunner.grace, time: time)
    }

    private func logFile(_ folder: String, _ command: StepCommand) throws -> String {
        for path in [logsFolder, folder] where mkdir(path, 0o755) != 0 && errno != EEXIST {
            throw JidokaError.unavailable("`\(path)` cannot be made: \(errorText())", hint: "check the permissions of the home folder")
        }
        return "\(folder)/\(command.step).log"
    }

    private func record(_ id: Int32, at path: String) throws {
        guard let file = fopen(path, "w") else { throw JidokaError.unavailable("`\(path)` cannot be written: \(errorText())") }
        fputs("\(id)\n", file)
        fclose(file)
    }

    package func log(run: String, step: String, offset: Int) async throws -> [UInt8] {
        try await pool.run { [logsFolder] in
            guard let file = fopen("\(logsFolder)/\(run)/\(step).log", "r") else { return [] }
            defer { fclose(file) }
            fseek(file, 0, SEEK_END)
            let size = ftell(file)
            fseek(file, offset < 0 ? max(0, size + offset) : min(offset, size), SEEK_SET)
            var bytes = [UInt8](repeating: 0, count: LocalProcessRunner.logBytesMax)
            let count = fread(&bytes, 1, bytes.count, file)
            return Array(bytes.prefix(count))
        }
    }

    package func endLeftovers(run: String) async throws {
        try await pool.run { [logsFolder, logger] in
            let folder = "\(logsFolder)/\(run)"
            guard let entries = opendir(folder) else { return }
            defer { closedir(entries) }
            while let entry = readdir(entries) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                guard name.hasSuffix(".pid"), let text = firstLine(of: "\(folder)/\(name)"), let id = Int32(text), id > 1 else { continue }
                // The number may belong to another program by now: only a process that carries this run's id is ended.
                if environment(of: id).contains("JIDOKA_PIPELINE_RUN=\(run)") {
                    logger.notice(
                        "ended a step left by an earlier life of the server", [("pipeline_run", .string(run)), ("pid", .int(Int64(id)))])
                    kill(-id, SIGKILL)
                }
                unlink("\(folder)/\(name)")
            }
        }
    }
}

private func firstLine(of path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 64)
    guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
    return String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// The environment of a process as `NAME=value` words; empty when it has gone.
private func environment(of id: Int32) -> Set<String> {
    guard let file = fopen("/proc/\(id)/environ", "r") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return Set(bytes.prefix(count).split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
}

private func workingFolder() -> String {
    guard let path = getcwd(nil, 0) else { return "" }
    defer { free(path) }
    return String(cString: path)
}

func errorText() -> String { String(cString: strerror(errno)) }
