import Events
import Clockwork
import Conformance
import Errors
import JSON
import Pipelines
import Synchronization
import Telemetry
import Testing

/// A runner whose steps do what the test says, without processes.
private final class ScriptedRunner: StepRunner {
    enum Outcome: Sendable {
        case exit(Int)
        case failure(JidokaError)
        /// Runs until it is cancelled or `release` is called.
        case hang
    }
    private struct State {
        var script: [String: [Outcome]]
        var commands: [StepCommand] = []
        var cancelled: [String] = []
        var leftovers: [String] = []
        var released = false
    }
    private let state: Mutex<State>

    /// Outcomes of each step's attempts in order; the last one repeats; steps not named exit with 0.
    init(_ script: [String: [Outcome]] = [:]) { state = Mutex(State(script: script)) }

    var commands: [StepCommand] { state.withLock { $0.commands } }
    var cancelled: [String] { state.withLock { $0.cancelled } }
    var leftovers: [String] { state.withLock { $0.leftovers } }
    func release() { state.withLock { $0.released = true } }

    func run(_ command: StepCommand) async throws -> Int {
        let outcome: Outcome = state.withLock { state in
            state.commands.append(command)
            guard var left = state.script[command.step], let first = left.first else { return .exit(0) }
            if left.count > 1 { left.removeFirst() }
            state.script[command.step] = left
            return first
        }
        switch outcome {
        case .exit(let status): return status
        case .failure(let error): throw error
        case .hang:
            while !state.withLock({ $0.released }) {
                do { try await SystemTime().sleep(for: .milliseconds(2)) } catch {
                    state.withLock { $0.cancelled.append(command.step) }
                    throw error
                }
            }
            return 0
        }
    }

    func log(run: String, step: String, offset: Int) async throws -> [UInt8] { Array("first line\nlast words of \(step)\n".utf8) }
    func endLeftovers(run: String) async throws { state.withLock { $0.leftovers.append(run) } }
}

private final class FakeWorkspace: PipelineWorkspace {
    private struct State {
        var newest = "d1"
        var inputs = ["train.py": "f1"]
        var conclusion: Result<String?, JidokaError> = .success(nil)
        var sources: [String] = []
        var missing = false
    }
    private let state = Mutex(State())

    func setNewest(_ digest: String) { state.withLock { $0.newest = digest } }
    func setInput(_ digest: String) { state.withLock { $0.inputs["train.py"] = digest } }
    /// `refused` nil: the gate passes.
    func setConclusion(_ result: Result<String?, JidokaError>) { state.withLock { $0.conclusion = result } }
    func loseData() { state.withLock { $0.missing = true } }
    var sources: [String] { state.withLock { $0.sources } }

    func resolve(data chosen: [String: String]) async throws -> [String: String] {
        ["census": chosen["census"] ?? state.withLock { $0.newest }]
    }

    func prepare(data: [String: String], run: String) async throws -> [String: PreparedData] {
        if state.withLock({ $0.missing }) { throw JidokaError.notFound("dataset version d1 is gone", hint: "add it again") }
        return data.mapValues {
            PreparedData(digest: $0, train: "/project/\(run)/census train.parquet", holdout: "/project/\(run)/holdout.parquet")
        }
    }

    func codeFacts() async throws -> CodeFacts { CodeFacts(commit: "c0ffee", branch: "main", dirty: true) }

    func digests(of files: [String]) async throws -> [String: String] {
        let inputs = state.withLock { $0.inputs }
        var digests: [String: String] = [:]
        for file in files { digests[file] = inputs[file] }
        return digests
    }

    func conclude(_ run: PipelineRun, sources: [String]) async throws -> (modelVersion: String?, gate: JSONObject?, refused: String?) {
        let conclusion = state.withLock { state in
            state.sources = sources
            return state.conclusion
        }
        let refused = try conclusion.get()
        return ("7", ["verdict": .string(refused == nil ? "passed" : "failed")], refused)
    }
}

/// Services over one store, as one life of the server has them.
private struct Line: Sendable {
    let store: MemoryPipelineStore
    let workspace: FakeWorkspace
    let runner: ScriptedRunner
    let engine: PipelineEngine
    let service: PipelineService

    init(_ store: MemoryPipelineStore, _ workspace: FakeWorkspace, _ runner: ScriptedRunner, _ definition: PipelineDefinition) {
        self.store = store
        self.workspace = workspace
        self.runner = runner
        engine = PipelineEngine(
            store: store, workspace: workspace, runner: runner, environment: { ["MLFLOW_TRACKING_URI": "http://127.0.0.1:1"] },
            time: SystemTime(), logger: Logger(sink: MemorySink()))
        service = PipelineService(
            store: store, workspace: workspace, engine: engine, runner: runner, definition: { definition }, time: SystemTime(),
            ids: SystemIDs())
    }

    /// Runs the engine while `body` runs.
    func alive<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        let engine = engine
        let task = Task { try await engine.run() }
        do {
            let value = try await body()
            task.cancel()
            _ = await task.result
            return value
        } catch {
            task.cancel()
            _ = await task.result
            throw error
        }
    }

    func ended(_ id: String) async throws -> PipelineRun { try await when(id) { $0.status.isFinal } }

    /// Waits until the run is as wanted, at most ten seconds.
    func when(_ id: String, _ isReached: (PipelineRun) -> Bool) async throws -> PipelineRun {
        for _ in 0..<2_000 {
            let run = try await service.run(id)
            if isReached(run) { return run }
            try await SystemTime().sleep(for: .milliseconds(5))
        }
        throw JidokaError.internal("the run did not get there: \(try await service.run(id))")
    }
}

@Suite(.timeLimit(.minutes(1)))
struct PipelineEngineTests {
    private let log = MemoryEventLog()

    private func definition(retries: Int = 0) throws -> PipelineDefinition {
        try PipelineDefinition(
            steps: [
                StepDefinition(name: "check", run: "jidoka data check census --version ${data.census.version}"),
                StepDefinition(
                    name: "train", run: "python train.py --data ${data.census} --trees ${params.trees}", needs: ["check"],
                    inputs: ["train.py"],
                    cache: true, retries: retries, timeout: .seconds(60)),
            ], params: ["trees": "60"])
    }

    private func line(_ script: [String: [ScriptedRunner.Outcome]] = [:], retries: Int = 0) throws -> Line {
        Line(MemoryPipelineStore(log: log), FakeWorkspace(), ScriptedRunner(script), try definition(retries: retries))
    }

    private func request(_ params: [String: String] = [:], key: String? = nil) -> PipelineService.Request {
        PipelineService.Request(params: params, reason: "by hand", actor: "user:alice", request: key)
    }

    private func kinds() async throws -> [String] {
        try await log.events(after: 0, limit: 100, kinds: nil, subject: nil).map(\.draft.kind)
    }

    @Test func `a run goes from the start to a registered and judged version`() async throws {
        let line = try line()
        let run = try await line.alive {
            let started = try await line.service.start(request(["trees": "80"]))
            #expect(started.status == .queued)
            return try await line.ended(started.id)
        }
        #expect(run.status == .succeeded)
        #expect(run.modelVersion == "7")
        #expect(run.gate?["verdict"] == "passed")
        #expect(run.data == ["census": "d1"])
        let commands = line.runner.commands
        #expect(commands.map(\.step) == ["check", "train"])
        #expect(commands[0].arguments == ["jidoka", "data", "check", "census", "--version", "d1"])
        #expect(commands[1].arguments == ["python", "train.py", "--data", "/project/\(run.id)/census train.parquet", "--trees", "80"])
        #expect(commands[1].timeout == .seconds(60))
        #expect(line.workspace.sources == [run.id])
        #expect(try await kinds() == ["pipeline_run.queued", "pipeline_run.started", "pipeline_run.succeeded"])
    }

    @Test func `a step's environment names the run, the step, the code and the data`() async throws {
        let line = try line()
        let run = try await line.alive { try await line.ended(try await line.service.start(request()).id) }
        let environment = try #require(line.runner.commands.last).environment
        #expect(environment["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:1")
        #expect(environment["JIDOKA_PIPELINE_RUN"] == run.id)
        #expect(environment["JIDOKA_STEP"] == "train")
        let context = try JSONValue.parse(try #require(environment["MLFLOW_RUN_CONTEXT"]))
        #expect(context["jidoka.pipeline_run"] == .string(run.id))
        #expect(context["jidoka.step"] == "train")
        #expect(context["jidoka.git.commit"] == "c0ffee")
        #expect(context["jidoka.git.branch"] == "main")
        #expect(context["jidoka.git.dirty"] == "true")
        #expect(context["jidoka.dataset.census"] == "d1")
    }

    @Test func `the same work is not done twice`() async throws {
        let line = try line()
        try await line.alive {
            let first = try await line.ended(try await line.service.start(request()).id)
            let second = try await line.ended(try await line.service.start(request()).id)
            #expect(second.steps.map(\.status) == [.succeeded, .cached])
            #expect(second.steps[1].cachedFrom == first.id)
            #expect(second.status == .succeeded)
            #expect(line.workspace.sources.sorted() == [first.id, second.id].sorted())
        }
        #expect(line.runner.commands.count { $0.step == "train" } == 1)
    }

    @Test(arguments: ["params", "data", "inputs"])
    func `a change of what a step depends on runs it again`(change: String) async throws {
        let line = try line()
        let third = try await line.alive {
            _ = try await line.ended(try await line.service.start(request()).id)
            if change == "data" { line.workspace.setNewest("d2") }
            if change == "inputs" { line.workspace.setInput("f2") }
            return try await line.ended(try await line.service.start(request(change == "params" ? ["trees": "61"] : [:])).id)
        }
        #expect(third.steps.map(\.status) == [.succeeded, .succeeded])
    }

    @Test func `a failed step is not remembered and is tried again`() async throws {
        let line = try line(["train": [.exit(1), .exit(0)]], retries: 1)
        let run = try await line.alive { try await line.ended(try await line.service.start(request()).id) }
        #expect(run.status == .succeeded)
        #expect(run.steps[1].attempt == 2)
        #expect(line.runner.commands.map(\.attempt) == [1, 1, 2])
    }

    @Test func `a step that fails for good leaves its last line as the reason`() async throws {
        let line = try line(["train": [.exit(9)]])
        let run = try await line.alive { try await line.ended(try await line.service.start(request()).id) }
        #expect(run.status == .failed)
        #expect(run.error == "step `train` failed: exit status 9: last words of train")
        #expect(!run.refused)
        #expect(try await line.store.cached(key: "x") == nil)
    }

    @Test func `a check that says no stops the line`() async throws {
        let line = try line(["check": [.exit(3)]], retries: 3)
        let run = try await line.alive { try await line.ended(try await line.service.start(request()).id) }
        #expect(run.status == .failed)
        #expect(run.refused)
        #expect(line.runner.commands.map(\.step) == ["check"])
    }

    @Test func `a step that cannot be run fails with what to do`() async throws {
        let line = try line(["train": [.failure(.notFound("there is no program `python`", hint: "install it"))]])
        let run = try await line.alive { try await line.ended(try await line.service.start(request()).id) }
        #expect(run.error == "step `train` failed: there is no program `python` (install it)")
    }

    @Test func `a refused version fails the run as a verdict`() async throws {
        let line = try line()
        line.workspace.setConclusion(.success("accuracy 0.61 is below 0.7"))
        let run = try await line.alive { try await line.ended(try await line.service.start(request()).id) }
        #expect(run.status == .failed)
        #expect(run.refused)
        #expect(run.modelVersion == "7")
        #expect(run.error == "accuracy 0.61 is below 0.7")
    }

    @Test func `a run without a model fails, and not as a verdict`() async throws {
        let line = try line()
        line.workspace.setConclusion(.failure(.failedPrecondition("no model was logged")))
        let run = try await line.alive { try await line.ended(try await line.service.start(request()).id) }
        #expect(run.status == .failed)
        #expect(!run.refused)
        #expect(run.error == "no model was logged")
    }

    @Test func `a run whose data is gone fails with the reason`() async throws {
        let line = try line()
        line.workspace.loseData()
        let run = try await line.alive { try await line.ended(try await line.service.start(request()).id) }
        #expect(run.status == .failed)
        #expect(run.error == "dataset version d1 is gone (add it again)")
        #expect(run.steps.allSatisfy { $0.status == .cancelled })
    }

    @Test func `a cancel stops the step that runs`() async throws {
        let line = try line(["train": [.hang]])
        let run = try await line.alive {
            let id = try await line.service.start(request()).id
            _ = try await line.when(id) { $0.steps[1].status == .running && line.runner.commands.count == 2 }
            _ = try await line.service.cancel(id, actor: "user:bob", reason: "wrong params")
            let run = try await line.ended(id)
            while line.runner.cancelled.isEmpty { try await SystemTime().sleep(for: .milliseconds(2)) }
            return run
        }
        #expect(run.status == .cancelled)
        #expect(run.error == "cancelled by user:bob: wrong params")
        #expect(line.runner.cancelled == ["train"])
        await #expect(throws: JidokaError.self) { try await line.service.cancel(run.id, actor: "user:bob", reason: "again") }
    }

    @Test func `a run that nobody drives yet can be cancelled`() async throws {
        let line = try line()
        let id = try await line.service.start(request()).id
        let cancelled = try await line.service.cancel(id, actor: "user:bob", reason: "never mind")
        #expect(cancelled.status == .cancelled)
        try await line.alive { try await SystemTime().sleep(for: .milliseconds(50)) }
        #expect(try await line.service.run(id).status == .cancelled)
        #expect(line.runner.commands.isEmpty)
        #expect(try await kinds() == ["pipeline_run.queued", "pipeline_run.cancelled"])
    }

    @Test func `a restarted server takes up what was under way`() async throws {
        let first = try line(["train": [.hang]], retries: 1)
        let id = try await first.alive {
            let id = try await first.service.start(request()).id
            _ = try await first.when(id) { $0.steps[1].status == .running }
            return id
        }
        #expect(try await first.service.run(id).status == .running)
        let second = Line(first.store, first.workspace, ScriptedRunner(["train": [.exit(1), .exit(0)]]), try definition(retries: 1))
        let run = try await second.alive { try await second.ended(id) }
        #expect(run.status == .succeeded)
        #expect(second.runner.leftovers == [id])
        #expect(second.runner.commands.map(\.step) == ["train", "train"])
        #expect(
            try await kinds()
                == ["pipeline_run.queued", "pipeline_run.started", "pipeline_run.resumed", "pipeline_run.succeeded"])
    }

    @Test func `one request starts one run, however often it is sent`() async throws {
        let line = try line()
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<16 { group.addTask { try await line.service.start(request(key: "drift-4")).id } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        #expect(try await line.service.runs(limit: 100).count == 1)
    }

    @Test func `a param that the line does not declare is refused with the nearest one`() async throws {
        let line = try line()
        let error = await #expect(throws: JidokaError.self) { try await line.service.start(request(["tree": "1"])) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.hint == "did you mean `trees`?")
    }

    @Test func `unknown runs and steps are named`() async throws {
        let line = try line()
        let id = try await line.service.start(request()).id
        #expect(await #expect(throws: JidokaError.self) { try await line.service.run("nope") }?.code == .notFound)
        let error = await #expect(throws: JidokaError.self) { try await line.service.log(run: id, step: "../x", offset: 0) }
        #expect(error?.hint == "its steps are check, train")
        #expect(String(decoding: try await line.service.log(run: id, step: "train", offset: 0), as: UTF8.self).hasSuffix("of train\n"))
    }
}
