import Clockwork
import Errors
import Foundation
import Pipelines
import ProcessRunner
import Telemetry
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LocalProcessRunnerTests {
    private let folder: String
    private let runner: LocalProcessRunner

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("jidoka-runner-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: url.appendingPathComponent("project"), withIntermediateDirectories: true)
        folder = url.path
        runner = LocalProcessRunnerTests.runner(folder)
    }

    private static func runner(_ folder: String, pool: BlockingPool = BlockingPool(threads: 1)) -> LocalProcessRunner {
        LocalProcessRunner(
            projectFolder: folder + "/project", logsFolder: folder + "/logs", baseEnvironment: ["PATH": "/usr/bin:/bin", "BASE": "base"],
            pool: pool, time: SystemTime(), logger: Logger(sink: MemorySink()))
    }

    private func command(_ script: String, step: String = "train", timeout: Duration = .seconds(30), run: String = "r1") -> StepCommand {
        command(["sh", "-c", script], step: step, timeout: timeout, run: run)
    }

    private func command(_ arguments: [String], step: String = "train", timeout: Duration = .seconds(30), run: String = "r1") -> StepCommand
    {
        StepCommand(
            arguments: arguments, environment: ["JIDOKA_PIPELINE_RUN": run, "WORD": "a b"], timeout: timeout, run: run, step: step,
            attempt: 1)
    }

    private func log(_ step: String = "train", offset: Int = 0) async throws -> String {
        String(decoding: try await runner.log(run: "r1", step: step, offset: offset), as: UTF8.self)
    }

    private func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder + "/" + name) }

    private func number(in name: String) async throws -> Int32 {
        for _ in 0..<2_000 {
            if let text = FileManager.default.contents(atPath: folder + "/project/" + name).map({ String(decoding: $0, as: UTF8.self) }),
                text.hasSuffix("\n"), let id = Int32(text.dropLast())
            {
                return id
            }
            try await SystemTime().sleep(for: .milliseconds(5))
        }
        throw JidokaError.internal("the step did not write `\(name)`")
    }

    /// Whether the process is gone (or a zombie that only waits to be reaped) within ten seconds.
    private func isGone(_ id: Int32) async throws -> Bool {
        for _ in 0..<2_000 {
            let state = FileManager.default.contents(atPath: "/proc/\(id)/stat").map { String(decoding: $0, as: UTF8.self) }
            if state == nil || state?.contains(") Z") == true { return true }
            try await SystemTime().sleep(for: .milliseconds(5))
        }
        return false
    }

    @Test func `the exit status, both outputs, the folder and the environment are right`() async throws {
        #expect(try await runner.run(command("pwd; echo $BASE $WORD; echo oops >&2; exit 7")) == 7)
        #expect(try await log() == "\(folder)/project\nbase a b\noops\n")
        #expect(!exists("logs/r1/train.pid"))
    }

    @Test func `arguments arrive as they are`() async throws {
        let words = ["printf", "<%s>", "two words", "it's", "; exit 9", "$(exit 9)", "*"]
        #expect(try await runner.run(command(words)) == 0)
        #expect(try await log() == "<two words><it's><; exit 9><$(exit 9)><*>")
    }

    @Test func `a log can be read in parts, from the end too, and grows over attempts`() async throws {
        #expect(try await runner.run(command("printf 0123456789")) == 0)
        #expect(try await log(offset: 4) == "456789")
        #expect(try await log(offset: -3) == "789")
        #expect(try await log(offset: 100) == "")
        #expect(try await log(offset: -100) == "0123456789")
        #expect(try await runner.run(command("printf ab")) == 0)
        #expect(try await log() == "0123456789ab")
        #expect(try await log("never-ran") == "")
    }

    @Test func `a step that overruns its time is stopped with all that it started`() async throws {
        let error = await #expect(throws: JidokaError.self) {
            try await runner.run(command("sleep 100 & echo $! > child; wait", timeout: .milliseconds(300)))
        }
        #expect(error?.code == .exhausted)
        #expect(error?.message.contains("overran its time") == true)
        #expect(try await isGone(try await number(in: "child")))
        #expect(!exists("logs/r1/train.pid"))
    }

    @Test func `a step that does not heed the polite signal is killed`() async throws {
        let time = SystemTime()
        let start = time.steadyNanoseconds()
        await #expect(throws: JidokaError.self) {
            try await runner.run(command("trap '' TERM; while :; do sleep 0.05; done", timeout: .milliseconds(200)))
        }
        #expect(Double(time.steadyNanoseconds() - start) / 1e9 < 30)
    }

    @Test func `cancelling stops the step with all that it started`() async throws {
        let task = Task { try await runner.run(command("sleep 100 & echo $! > child; wait")) }
        let child = try await number(in: "child")
        #expect(exists("logs/r1/train.pid"))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await isGone(child))
    }

    @Test func `what a step leaves in the background ends with it`() async throws {
        #expect(try await runner.run(command("sleep 100 & echo $! > child")) == 0)
        #expect(try await isGone(try await number(in: "child")))
    }

    @Test func `steps that run leave the pool free for logs`() async throws {
        let tasks = (0..<3).map { index in Task { try await runner.run(command("echo here; sleep 100", step: "s\(index)")) } }
        for index in 0..<3 {
            while try await log("s\(index)") != "here\n" { try await SystemTime().sleep(for: .milliseconds(5)) }
        }
        for task in tasks { task.cancel() }
        for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
    }

    @Test(arguments: ["no-such-program", "./no-such-file", "/no/such/path"])
    func `a missing program is named`(program: String) async throws {
        let error = await #expect(throws: JidokaError.self) { try await runner.run(command([program, "x"])) }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("`\(program)`") == true)
    }

    @Test func `a program of the project is found from its folder`() async throws {
        let path = folder + "/project/tool.sh"
        try Data("#!/bin/sh\necho tool $1\n".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        #expect(try await runner.run(command(["./tool.sh", "x"])) == 0)
        #expect(try await log() == "tool x\n")
    }

    /// A process in a group of its own, as a killed server leaves them, with its id where the runner keeps it.
    private func leftover(run: String) async throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/setsid")
        process.arguments = ["sh", "-c", "echo $$ > leader; exec sleep 100"]
        process.environment = ["PATH": "/usr/bin:/bin", "JIDOKA_PIPELINE_RUN": run]
        process.currentDirectoryURL = URL(fileURLWithPath: folder + "/project")
        try process.run()
        let id = try await number(in: "leader")
        try FileManager.default.createDirectory(atPath: folder + "/logs/r1", withIntermediateDirectories: true)
        try Data("\(id)\n".utf8).write(to: URL(fileURLWithPath: folder + "/logs/r1/train.pid"))
        return id
    }

    @Test func `a step left by an earlier life of the server is ended`() async throws {
        let id = try await leftover(run: "r1")
        try await runner.endLeftovers(run: "r1")
        #expect(try await isGone(id))
        #expect(!exists("logs/r1/train.pid"))
    }

    @Test func `a process that only has the same number is left alone`() async throws {
        let id = try await leftover(run: "another")
        try await runner.endLeftovers(run: "r1")
        #expect(kill(id, 0) == 0)
        #expect(!exists("logs/r1/train.pid"))
        kill(id, SIGKILL)
    }

    @Test func `a run that left nothing has no leftovers`() async throws {
        try await runner.endLeftovers(run: "never")
        try FileManager.default.createDirectory(atPath: folder + "/logs/r1", withIntermediateDirectories: true)
        try Data("not a number".utf8).write(to: URL(fileURLWithPath: folder + "/logs/r1/train.pid"))
        try await runner.endLeftovers(run: "r1")
        #expect(exists("logs/r1/train.pid"))
    }
}
