import Clockwork
import Errors
package import Events
package import Pipelines

/// What every `PipelineStore` does. Each check gets an empty store, and a way to read the events that the store wrote.
package enum PipelineStoreContract {
    package struct Check: Sendable {
        package var name: String
        package var run: @Sendable (any PipelineStore, any EventLog) async throws -> Void
    }

    package static let checks: [Check] = [
        Check(name: "a created run reads back as it was", run: createdReadsBack),
        Check(name: "one request makes one run", run: oneRunForARequest),
        Check(name: "a run changes only to a greater revision", run: revisionsGrow),
        Check(name: "a refused change leaves no event", run: refusedLeavesNothing),
        Check(name: "runs come newest first, as many as asked for", run: newestFirst),
        Check(name: "unfinished runs come oldest first, ended ones not", run: unfinishedOnly),
        Check(name: "the cache keeps the newest run of a key", run: cacheKeepsNewest),
    ]

    private static let start = Timestamp(microseconds: 1_700_000_000_000_000)

    /// A run with two steps, `minute` minutes after the start.
    package static func sample(_ id: String, request: String? = nil, minute: Int64 = 0) throws -> PipelineRun {
        let definition = try PipelineDefinition(
            steps: [
                StepDefinition(
                    name: "train", run: "python train.py --data ${data.census}", needs: ["check"], inputs: ["train.py"], cache: true,
                    retries: 2,
                    timeout: .milliseconds(90_500)), StepDefinition(name: "check", run: "jidoka data check census"),
            ], params: ["trees": "60"])
        return PipelineRun(
            id: id, request: request, reason: "a `reason` with \"quotes\"", actor: "user:test", trigger: "manual", params: ["trees": "80"],
            data: ["census": "d1"], definition: definition, at: Timestamp(microseconds: start.microseconds + minute * 60_000_000))
    }

    private static func event(_ kind: String, _ run: String) -> EventDraft {
        EventDraft(kind: kind, subject: EventSubject("pipeline_run", run), actor: "user:test", reason: "contract", time: start)
    }

    private static func add(_ run: PipelineRun, to store: any PipelineStore) async throws {
        try await store.create(run, event: event("pipeline_run.queued", run.id))
    }

    private static func createdReadsBack(_ store: any PipelineStore, _ log: any EventLog) async throws {
        let run = try sample("a", request: "r")
        try await add(run, to: store)
        try Promise.holds(try await store.run("a") == run, "the run differs")
        try Promise.holds(try await store.run(request: "r") == run, "the run is not found by its request")
        try Promise.holds(try await store.run("b") == nil, "an unknown run is found")
        try Promise.holds(try await store.run(request: "s") == nil, "an unknown request is found")
        try Promise.holds(try await kinds(log) == ["pipeline_run.queued"], "the event of the creation is missing")
    }

    private static func oneRunForARequest(_ store: any PipelineStore, _ log: any EventLog) async throws {
        try await add(try sample("a", request: "r"), to: store)
        try await Promise.refused(.alreadyExists) { try await add(try sample("b", request: "r"), to: store) }
        try Promise.holds(try await store.run("b") == nil, "a refused run was kept")
        try await add(try sample("c"), to: store)
        try await add(try sample("d"), to: store)
        try Promise.holds(try await kinds(log).count == 3, "a refused creation left an event")
    }

    private static func revisionsGrow(_ store: any PipelineStore, _ log: any EventLog) async throws {
        var run = try sample("a")
        try await add(run, to: store)
        var machine = PipelineMachine(run)
        _ = machine.handle(.begin, at: start)
        run = machine.run
        try await store.update(run, events: [event("pipeline_run.started", "a")])
        try Promise.holds(try await store.run("a") == run, "the change does not read back")
        try await Promise.refused(.conflict) { try await store.update(run, events: []) }
        try await Promise.refused(.conflict) { try await store.update(try sample("unknown"), events: []) }
    }

    private static func refusedLeavesNothing(_ store: any PipelineStore, _ log: any EventLog) async throws {
        let run = try sample("a")
        try await add(run, to: store)
        try await Promise.refused(.conflict) { try await store.update(run, events: [event("pipeline_run.started", "a")]) }
        try Promise.holds(try await kinds(log) == ["pipeline_run.queued"], "a refused change left an event")
    }

    private static func newestFirst(_ store: any PipelineStore, _ log: any EventLog) async throws {
        for (minute, id) in ["a", "b", "c"].enumerated() { try await add(try sample(id, minute: Int64(minute)), to: store) }
        try Promise.holds(try await store.runs(limit: 2).map(\.id) == ["c", "b"], "the page differs")
        try await Promise.refused(.invalidArgument) { _ = try await store.runs(limit: 0) }
        try await Promise.refused(.invalidArgument) { _ = try await store.runs(limit: 1_001) }
    }

    private static func unfinishedOnly(_ store: any PipelineStore, _ log: any EventLog) async throws {
        for (minute, id) in ["a", "b", "c"].enumerated() { try await add(try sample(id, minute: Int64(minute)), to: store) }
        var machine = PipelineMachine(try sample("b", minute: 1))
        _ = machine.handle(.abandoned("its data is gone"), at: start)
        try await store.update(machine.run, events: [])
        try Promise.holds(try await store.unfinished().map(\.id) == ["a", "c"], "the unfinished runs differ")
    }

    private static func cacheKeepsNewest(_ store: any PipelineStore, _ log: any EventLog) async throws {
        try Promise.holds(try await store.cached(key: "k") == nil, "an unknown key is found")
        try await store.remember(key: "k", run: "a")
        try await store.remember(key: "k", run: "b")
        try await store.remember(key: "l", run: "c")
        try Promise.holds(try await store.cached(key: "k") == "b", "the key names an older run")
        try Promise.holds(try await kinds(log).isEmpty, "what the cache remembers is no event")
    }

    private static func kinds(_ log: any EventLog) async throws -> [String] {
        try await log.events(after: 0, limit: 100, kinds: nil, subject: nil).map(\.draft.kind)
    }
}

/// The two things that a contract says.
enum Promise {
    static func holds(_ condition: Bool, _ what: String) throws {
        if !condition { throw JidokaError.internal("the contract is broken: \(what)") }
    }

    static func refused(_ code: ErrorCode, _ body: () async throws -> Void) async throws {
        do { try await body() } catch let error as JidokaError where error.code == code { return }
        throw JidokaError.internal("the contract is broken: \(code.rawValue) was expected")
    }
}
