package import Clockwork
import Errors
import JSON
package import Telemetry
import Synchronization

/// Drives every unfinished run: one task a run feeds the machine, stores each change, and carries out what the machine asks for.
///
/// After a restart `run` takes up the unfinished runs: steps that were under way are started again.
package final class PipelineEngine: Service {
    package let name = "pipelines"
    let store: any PipelineStore
    let workspace: any PipelineWorkspace
    let runner: any StepRunner
    private let environment: @Sendable () -> [String: String]
    private let time: any TimeSource
    private let logger: Logger
    /// nil while `run` does not run: what is asked for then waits in the store.
    private let submitted = Mutex<AsyncStream<String>.Continuation?>(nil)
    private let inboxes = Mutex<[String: AsyncStream<PipelineMachine.Input>.Continuation]>([:])

    /// `environment` is asked for at each run and given to every step, below what the run itself sets.
    package init(
        store: any PipelineStore, workspace: any PipelineWorkspace, runner: any StepRunner,
        environment: @escaping @Sendable () -> [String: String], time: any TimeSource, logger: Logger
    ) {
        self.store = store
        self.workspace = workspace
        self.runner = runner
        self.environment = environment
        self.time = time
        self.logger = logger
    }

    func submit(_ run: String) { submitted.withLock { _ = $0?.yield(run) } }

    /// False when nobody drives the run: it still waits to be taken up, or has ended.
    func send(_ input: PipelineMachine.Input, to run: String) -> Bool { inboxes.withLock { $0[run]?.yield(input) } != nil }

    /// Takes up unfinished runs that other processes were asked for.
    package func adopt() async throws { for left in try await store.unfinished() { submit(left.id) } }

    package func run() async throws {
        let (submissions, submitted) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(10_000))
        self.submitted.withLock { $0 = submitted }
        defer { self.submitted.withLock { $0 = nil } }
        for left in try await store.unfinished() {
            try await runner.endLeftovers(run: left.id)
            submit(left.id)
        }
        try await withThrowingDiscardingTaskGroup { group in
            for await id in submissions {
                group.addTask { await self.drive(id) }
            }
        }
        try Task.checkCancellation()
    }

    private func drive(_ id: String) async {
        let (inputs, inbox) = AsyncStream.makeStream(of: PipelineMachine.Input.self, bufferingPolicy: .bufferingNewest(10_000))
        let isFirst = inboxes.withLock { boxes in
            if boxes[id] != nil { return false }
            boxes[id] = inbox
            return true
        }
        guard isFirst else { return }
        defer { _ = inboxes.withLock { $0.removeValue(forKey: id) } }
        let logger = logger.with("pipeline_run", .string(id))
        var steps: [String: Task<Void, Never>] = [:]
        defer { for task in steps.values { task.cancel() } }
        inbox.yield(.begin)
        do {
            guard let stored = try await store.run(id), !stored.status.isFinal else { return }
            var machine = PipelineMachine(stored)
            let context = try await prepare(stored)
            for await input in inputs {
                let before = machine.run.revision
                let actions = machine.handle(input, at: time.now())
                if machine.run.revision != before {
                    try await store.update(
                        machine.run, events: actions.compactMap { if case .record(let event) = $0 { event } else { nil } })
                }
                for action in actions {
                    switch action {
                    case .record: break
                    case .start(let step, let attempt): steps[step] = Task { await self.perform(step, attempt, context, inbox) }
                    case .stop(let step): steps[step]?.cancel()
                    case .conclude:
                        let run = machine.run
                        steps[""] = Task { await self.conclude(run, inbox) }
                    }
                }
                if machine.run.status.isFinal {
                    logger.info(
                        "pipeline run ended", [("status", .string(machine.run.status.rawValue)), ("error", JSONValue(machine.run.error))])
                    return
                }
            }
        } catch {
            await abandon(id, JidokaError.wrapping(error), logger)
        }
    }

    /// A run that cannot be driven is marked failed with its reason.
    private func abandon(_ id: String, _ error: JidokaError, _ logger: Logger) async {
        do {
            // Ended by another in the meantime: cancelled before it was taken up.
            guard let stored = try await store.run(id), !stored.status.isFinal else { return }
            logger.error("pipeline run cannot go on", [("error", .string(error.description))])
            var machine = PipelineMachine(stored)
            let hint = error.hint.map { " (\($0))" } ?? ""
            let actions = machine.handle(.abandoned(error.message + hint), at: time.now())
            try await store.update(machine.run, events: actions.compactMap { if case .record(let event) = $0 { event } else { nil } })
        } catch { logger.error("pipeline run cannot be marked failed", [("error", .string("\(error)"))]) }
    }

    private func conclude(_ run: PipelineRun, _ inbox: AsyncStream<PipelineMachine.Input>.Continuation) async {
        do {
            let sources = Set([run.id] + run.steps.compactMap(\.cachedFrom)).sorted()
            let conclusion = try await workspace.conclude(run, sources: sources)
            inbox.yield(.concluded(modelVersion: conclusion.modelVersion, gate: conclusion.gate, refused: conclusion.refused))
        } catch is CancellationError {
            // The server is stopping: the run stays `concluding` and is taken up by the next start.
            return
        } catch {
            let error = JidokaError.wrapping(error)
            logger.warning("a pipeline run could not conclude", [("pipeline_run", .string(run.id)), ("error", .string(error.description))])
            inbox.yield(.concludingFailed(error.message))
        }
    }
}

// MARK: One step
extension PipelineEngine {
    /// What all steps of a run share.
    struct Context: Sendable {
        var run: PipelineRun
        var data: [String: PreparedData]
        var values: [String: String]
        var environment: [String: String]
        /// What the stock MLflow client puts on every run that a step starts (`MLFLOW_RUN_CONTEXT`); the step's name is added.
        var tags: JSONObject
    }

    private func prepare(_ run: PipelineRun) async throws -> Context {
        let data = try await workspace.prepare(data: run.data, run: run.id)
        let code = try await workspace.codeFacts()
        var values = ["run.id": run.id]
        for (name, value) in run.params { values["params.\(name)"] = value }
        for (name, prepared) in data {
            values["data.\(name)"] = prepared.train
            values["data.\(name).holdout"] = prepared.holdout
            values["data.\(name).version"] = prepared.digest
        }
        var tags: JSONObject = ["jidoka.pipeline_run": .string(run.id)]
        if let commit = code.commit { tags["jidoka.git.commit"] = .string(commit) }
        if let branch = code.branch { tags["jidoka.git.branch"] = .string(branch) }
        if let dirty = code.dirty { tags["jidoka.git.dirty"] = .string(dirty ? "true" : "false") }
        for (name, prepared) in data.sorted(by: { $0.key < $1.key }) { tags["jidoka.dataset.\(name)"] = .string(prepared.digest) }
        var environment = environment()
        environment["JIDOKA_PIPELINE_RUN"] = run.id
        return Context(run: run, data: data, values: values, environment: environment, tags: tags)
    }

    private func perform(
        _ step: String, _ attempt: Int, _ context: Context, _ inbox: AsyncStream<PipelineMachine.Input>.Continuation
    ) async {
        do {
            guard let definition = context.run.definition.steps.first(where: { $0.name == step }) else { return }
            let key = definition.cache ? try await cacheKey(definition, context) : nil
            if let key, let earlier = try await store.cached(key: key) {
                inbox.yield(.cacheHit(step: step, from: earlier))
                return
            }
            var environment = context.environment
            environment["JIDOKA_STEP"] = step
            var tags = context.tags
            tags["jidoka.step"] = .string(step)
            environment["MLFLOW_RUN_CONTEXT"] = JSONValue.object(tags).text
            let arguments = try CommandTemplate.words(definition.run).map { try CommandTemplate.fill($0, context.values) }
            let command = StepCommand(
                arguments: arguments, environment: environment, timeout: definition.timeout, run: context.run.id, step: step,
                attempt: attempt)
            let status = try await runner.run(command)
            if status == 0, let key { try await store.remember(key: key, run: context.run.id) }
            inbox.yield(
                .ended(
                    step: step, attempt: attempt, exitStatus: status,
                    message: status == 0 ? nil : await lastLine(context.run.id, step, status)))
        } catch is CancellationError {
            // Cancelled by a person (the machine knows) or by the server's stop (the next start takes the step up again).
            return
        } catch {
            let error = JidokaError.wrapping(error)
            inbox.yield(.broke(step: step, attempt: attempt, message: error.message + (error.hint.map { " (\($0))" } ?? "")))
        }
    }

    /// What makes two executions of a step the same work: the command with digests in place of paths, the params and the input files.
    private func cacheKey(_ step: StepDefinition, _ context: Context) async throws -> String {
        var values = context.values
        for (name, prepared) in context.data {
            values["data.\(name)"] = "train:\(prepared.digest)"
            values["data.\(name).holdout"] = "holdout:\(prepared.digest)"
        }
        values["run.id"] = "run"
        let arguments = try CommandTemplate.words(step.run).map { try CommandTemplate.fill($0, values) }
        let inputs = try await workspace.digests(of: step.inputs)
        let key: JSONValue = [
            "format": 1, "step": .string(step.name), "arguments": .array(arguments.map(JSONValue.string)),
            "inputs": .object(JSONObject(inputs.map { (key: $0.key, value: .string($0.value)) })),
        ]
        return key.canonical.text
    }

    /// The last line that the step wrote: most often what went wrong.
    private func lastLine(_ run: String, _ step: String, _ status: Int) async -> String {
        do {
            let text = String(decoding: try await runner.log(run: run, step: step, offset: -4_096), as: UTF8.self)
            let line = text.split(separator: "\n").last.map { ": \($0.prefix(300))" } ?? ""
            return "exit status \(status)\(line)"
        } catch { return "exit status \(status) (its log cannot be read)" }
    }
}
