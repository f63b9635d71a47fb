package import Clockwork
import Errors
import Events
import JSON

/// Starts, shows and cancels pipeline runs. `PipelineEngine` carries them out.
package struct PipelineService: Sendable {
    package struct Request: Sendable {
        package var params: [String: String]
        /// Dataset name to version digest; datasets not named are read at their newest version.
        package var data: [String: String]
        package var reason: String
        package var actor: String
        package var trigger: String
        /// Makes the start idempotent.
        package var request: String?

        package init(
            params: [String: String] = [:], data: [String: String] = [:], reason: String, actor: String, trigger: String = "manual",
            request: String? = nil
        ) {
            self.params = params
            self.data = data
            self.reason = reason
            self.actor = actor
            self.trigger = trigger
            self.request = request
        }
    }

    private let store: any PipelineStore
    private let workspace: any PipelineWorkspace
    private let engine: PipelineEngine
    private let runner: any StepRunner
    private let definition: @Sendable () throws -> PipelineDefinition
    private let time: any TimeSource
    private let ids: any IDSource
    private static let cancelAttemptsMax = 8

    /// `definition` is asked at each start: the line file may have been reloaded.
    package init(
        store: any PipelineStore, workspace: any PipelineWorkspace, engine: PipelineEngine, runner: any StepRunner,
        definition: @escaping @Sendable () throws -> PipelineDefinition, time: any TimeSource, ids: any IDSource
    ) {
        self.store = store
        self.workspace = workspace
        self.engine = engine
        self.runner = runner
        self.definition = definition
        self.time = time
        self.ids = ids
    }

    package func start(_ request: Request) async throws -> PipelineRun {
        if let key = request.request, let known = try await store.run(request: key) { return known }
        let definition = try definition()
        var params = definition.params
        for (name, value) in request.params {
            guard params[name] != nil else {
                throw JidokaError.invalidArgument(
                    "the line declares no param `\(name)`", hint: nearestName(to: name, among: params.keys).map { "did you mean `\($0)`?" })
            }
            params[name] = value
        }
        let data = try await workspace.resolve(data: request.data)
        let now = time.now()
        let run = PipelineRun(
            id: ids.next(), request: request.request, reason: request.reason, actor: request.actor, trigger: request.trigger,
            params: params, data: data,
            definition: definition, at: now)
        let event = EventDraft(
            kind: "pipeline_run.queued", subject: EventSubject("pipeline_run", run.id), actor: request.actor, reason: request.reason,
            payload: ["trigger": .string(request.trigger)], time: now)
        do {
            try await store.create(run, event: event)
        } catch let error as JidokaError where error.code == .alreadyExists {
            if let key = request.request, let known = try await store.run(request: key) { return known }
            throw error
        }
        engine.submit(run.id)
        return run
    }

    package func run(_ id: String) async throws -> PipelineRun {
        guard let run = try await store.run(id) else {
            throw JidokaError.notFound("no pipeline run `\(id)`", hint: "`jidoka pipeline list` shows them")
        }
        return run
    }

    package func runs(limit: Int) async throws -> [PipelineRun] { try await store.runs(limit: limit) }

    package func log(run id: String, step: String, offset: Int) async throws -> [UInt8] {
        let run = try await run(id)
        guard run.steps.contains(where: { $0.name == step }) else {
            throw JidokaError.notFound(
                "run `\(id)` has no step `\(step)`", hint: "its steps are \(run.steps.map(\.name).joined(separator: ", "))")
        }
        return try await runner.log(run: id, step: step, offset: offset)
    }

    /// Asks for the end of a run; a run that nobody drives yet ends at once.
    /// - Throws: `failed_precondition` when it has ended.
    package func cancel(_ id: String, actor: String, reason: String) async throws -> PipelineRun {
        for _ in 0..<PipelineService.cancelAttemptsMax {
            let run = try await run(id)
            guard !run.status.isFinal else {
                throw JidokaError.failedPrecondition("pipeline run `\(id)` has ended: \(run.status.rawValue)")
            }
            let input = PipelineMachine.Input.cancel(actor: actor, reason: reason)
            if engine.send(input, to: id) { return run }
            var machine = PipelineMachine(run)
            let actions = machine.handle(input, at: time.now())
            do {
                try await store.update(machine.run, events: actions.compactMap { if case .record(let event) = $0 { event } else { nil } })
                return machine.run
            } catch let error as JidokaError where error.code == .conflict { continue }
        }
        throw JidokaError(.conflict, "pipeline run `\(id)` is being changed by others", hint: "try again")
    }
}
