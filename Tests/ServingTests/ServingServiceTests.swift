import Clockwork
import Conformance
import Errors
import Events
import JSON
import Synchronization
import Telemetry
import Testing

@testable import Serving

/// A service over simulated models: version N labels a row with its sum plus 1000 N.
struct ServingServiceTests {
    private let runtime = SimulatedModelRuntime()
    private let sink = RecordingSink()
    private let log = MemoryEventLog()
    private let metrics = MetricsRegistry()
    private let store: MemoryEndpointStore

    init() {
        store = MemoryEndpointStore(log: log)
        for version in 1...5 { runtime.add("m", "\(version)", .classifier(labelOffset: Int64(version) * 1_000)) }
    }

    private func service() -> ServingService {
        ServingService(
            store: store, source: runtime, runtimes: ModelRuntimes([runtime]), sink: sink, metrics: metrics,
            log: Logger(sink: MemorySink()),
            time: SystemTime(),
            ids: SystemIDs())
    }

    private func started(_ champion: String? = "1") async throws -> ServingService {
        let service = service()
        try await service.create("e", model: "m", actor: "user:test", reason: "test")
        if let champion { try await service.promote(champion, of: "e", actor: "user:test", reason: "first") }
        return service
    }

    private func call(_ values: [Float] = [1, 2, 3, 4], rows: Int = 1, version: String? = nil, unit: String? = nil) -> InferenceCall {
        let floats = (0..<rows).flatMap { _ in values }
        return InferenceCall(endpoint: "e", version: version, inputs: [Tensor(name: "X", shape: [rows, 4], floats: floats)], unit: unit)
    }

    @Test func `the contract of the store holds in memory`() async throws {
        for check in EndpointStoreContract.checks {
            let log = MemoryEventLog()
            try await check.run(MemoryEndpointStore(log: log), log)
        }
    }

    @Test func `an answer says who gave it, and every row is recorded`() async throws {
        let service = try await started()
        let answer = try await service.infer(call(rows: 3, unit: "u"))
        #expect(answer.version == "1" && answer.route == .champion && answer.model == "m" && answer.rows == 3)
        #expect(answer.outputs["label"]?.number(at: 0) == 1_010)
        let records = sink.records
        #expect(records.map(\.id) == (0..<3).map { "\(answer.predictionID)-\($0)" })
        #expect(records.map(\.id) == (0..<3).map(answer.predictionID(row:)))
        #expect(records[0].featureNames == ["a", "b", "c", "d"])
        #expect(records[0].features == [.number(1), .number(2), .number(3), .number(4)])
        #expect(records[0].prediction == .number(1_010))
        #expect(records[0].score == 0.75 && records[0].unit == "u" && records[0].error == nil && records[0].endpoint == "e")
        let single = try await service.infer(call())
        #expect(sink.records.last?.id == single.predictionID)
    }

    @Test func `a missing cell is recorded as missing`() async throws {
        let signature = SimulatedModelRuntime.Version.classifier().signature
        runtime.add(
            "m", "6", .init(signature: signature) { _ in TensorBatch([Tensor(name: "label", shape: [1], strings: ["yes"])]) })
        let service = try await started("6")
        _ = try await service.infer(InferenceCall(endpoint: "e", inputs: [Tensor(name: "X", shape: [1, 4], floats: [1, .nan, 3, 4])]))
        #expect(sink.records.first?.features == [.number(1), .missing, .number(3), .number(4)])
        #expect(sink.records.first?.prediction == .text("yes"))
    }

    @Test func `unknown names are not found and an endpoint without champion is not available`() async throws {
        let service = try await started(nil)
        await #expect { _ = try await service.infer(call()) } throws: { ($0 as? JidokaError)?.code == .unavailable }
        try await service.promote("1", of: "e", actor: "user:test", reason: "first")
        await #expect { _ = try await service.infer(call(version: "9")) } throws: { ($0 as? JidokaError)?.code == .notFound }
        await #expect { _ = try await service.infer(InferenceCall(endpoint: "x", inputs: [])) } throws: {
            ($0 as? JidokaError)?.code == .notFound
        }
    }

    @Test func `a named version answers whatever the plan says`() async throws {
        let service = try await started()
        try await service.setChallenger("2", percent: 0, of: "e", actor: "user:test", reason: "test")
        for _ in 0..<20 { #expect(try await service.infer(call()).version == "1") }
        let answer = try await service.infer(call(version: "2"))
        #expect(answer.version == "2" && answer.route == .version)
    }

    @Test func `a version that cannot be loaded leaves the old plan, and says why`() async throws {
        let service = try await started()
        var broken = SimulatedModelRuntime.Version.classifier()
        broken.loadFailure = .invalidArgument("the file is cut short")
        runtime.add("m", "6", broken)
        let before = try await store.endpoint(named: "e")
        await #expect {
            try await service.promote("6", of: "e", actor: "user:test", reason: "test")
        } throws: { error in
            (error as? JidokaError)?.code == .failedPrecondition
                && (error as? JidokaError)?.message.contains("the file is cut short") == true
        }
        #expect(try await store.endpoint(named: "e") == before)
        #expect(try await service.infer(call()).version == "1")
        await #expect { try await service.promote("99", of: "e", actor: "user:test", reason: "test") } throws: { error in
            (error as? JidokaError)?.code == .failedPrecondition || (error as? JidokaError)?.code == .notFound
        }
    }

    @Test func `a lost race changes nothing and unloads what it had loaded`() async throws {
        let service = try await started()
        await #expect {
            try await service.changePlan(of: "e", expecting: 1, actor: "user:test", reason: "late") { $0.champion = "2" }
        } throws: { ($0 as? JidokaError)?.code == .conflict }
        // Another replica changes the plan in the store between our reading and our writing.
        let endpoint = try #require(try await store.endpoint(named: "e"))
        runtime.add("m", "4", .classifier())
        let racing = RacingStore(store: store) {
            _ = try await self.store.changePlan(
                of: "e", to: endpoint.plan, from: endpoint.revision, actor: "user:other", reason: "race", at: .zero, events: [])
        }
        let other = ServingService(
            store: racing, source: runtime, runtimes: ModelRuntimes([runtime]), sink: sink, metrics: metrics,
            log: Logger(sink: MemorySink()),
            time: SystemTime(),
            ids: SystemIDs())
        try await other.restore()
        await #expect { try await other.promote("4", of: "e", actor: "user:test", reason: "race") } throws: {
            ($0 as? JidokaError)?.code == .conflict
        }
        await other.retiring.settle()
        #expect(!runtime.loaded.contains("m/4"))
        #expect(try await other.infer(call()).version == "1")
    }

    @Test func `plans change under load without one failed request`() async throws {
        let service = try await started()
        let load = Load()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<8 {
                group.addTask {
                    while !load.stop.load(ordering: .relaxed) {
                        let answer = try await service.infer(self.call(unit: "client-\(client)"))
                        let label = answer.outputs["label"]?.number(at: 0)
                        #expect(label == 10 + 1_000 * (Double(answer.version) ?? 0), "the answer is not of the version that it names")
                        load.answered.wrappingAdd(1, ordering: .relaxed)
                        await Task.yield()
                    }
                }
            }
            for round in 0..<60 {
                let before = load.answered.load(ordering: .relaxed)
                while load.answered.load(ordering: .relaxed) < before + 5 { await Task.yield() }
                let version = "\(round % 5 + 1)"
                let next = "\((round + 1) % 5 + 1)"
                try await service.promote(version, of: "e", actor: "user:test", reason: "round \(round)")
                try await service.setChallenger(next, percent: 50, of: "e", actor: "user:test", reason: "round \(round)")
                if round % 3 == 0 { try await service.withdraw(next, of: "e", actor: "user:test", reason: "round \(round)") }
            }
            load.stop.store(true, ordering: .relaxed)
            try await group.waitForAll()
        }
        await service.retiring.settle()
        #expect(load.answered.load(ordering: .relaxed) > 100)
        #expect(runtime.runsAfterUnload == 0, "a model was unloaded under a request")
        let plan = try #require(try await store.endpoint(named: "e")).plan
        #expect(runtime.loaded == plan.versions.map { "m/\($0)" }.sorted(), "a version leaked")
        #expect(sink.records.allSatisfy { $0.error == nil })
        let failures = metrics.exposition().split(separator: "\n").filter { $0.contains("outcome=\"error\"") && !$0.hasSuffix(" 0") }
        #expect(failures.isEmpty)
    }

    @Test func `every plan change is an event with both plans`() async throws {
        let service = try await started()
        try await service.setChallenger("2", percent: 10, of: "e", actor: "rollout:r1", reason: "canary step")
        let events = try await log.events(after: 0, limit: 10, kinds: nil, subject: EventSubject("endpoint", "e"))
        #expect(events.map(\.draft.kind) == ["endpoint.created", "endpoint.plan_changed", "endpoint.plan_changed"])
        let last = try #require(events.last?.draft)
        #expect(last.actor == "rollout:r1" && last.reason == "canary step")
        #expect(last.payload["after"]?["challengers"]?[0]?["weight"]?.doubleValue == 10)
        #expect(last.payload["before"]?["challengers"]?.arrayValue?.isEmpty == true)
        // The same plan again is no change.
        try await service.setChallenger("2", percent: 10, of: "e", actor: "rollout:r1", reason: "again")
        #expect(try await log.head().sequence == 3)
    }

    @Test func `a unit keeps its arm over a restart`() async throws {
        let first = try await started()
        try await first.setChallenger("2", percent: 40, of: "e", actor: "user:test", reason: "test")
        var arms: [String: String] = [:]
        for unit in (0..<50).map({ "u\($0)" }) { arms[unit] = try await first.infer(call(unit: unit)).version }
        #expect(Set(arms.values) == ["1", "2"])
        await first.close()
        #expect(runtime.loaded.isEmpty)
        let second = service()
        try await second.restore()
        for (unit, version) in arms { #expect(try await second.infer(call(unit: unit)).version == version) }
    }

    @Test func `after a restart without the challenger the champion takes its share`() async throws {
        let first = try await started()
        try await first.setChallenger("2", percent: 100, of: "e", actor: "user:test", reason: "test")
        await first.close()
        await #expect { _ = try await first.infer(call()) } throws: { ($0 as? JidokaError)?.code == .unavailable }
        var broken = SimulatedModelRuntime.Version.classifier()
        broken.loadFailure = .invalidArgument("gone")
        runtime.add("m", "2", broken)
        let second = service()
        try await second.restore()
        let answer = try await second.infer(call())
        #expect(answer.version == "1" && answer.route == .champion)
        #expect(try second.description(of: "e").unavailable["2"]?.contains("gone") == true)
    }

    @Test func `a model's failure is recorded with its reason, a caller's mistake is not`() async throws {
        let signature = SimulatedModelRuntime.Version.classifier().signature
        runtime.add("m", "6", .init(signature: signature) { _ in throw JidokaError.internal("the model broke") })
        let service = try await started("6")
        await #expect { _ = try await service.infer(call(rows: 2)) } throws: { ($0 as? JidokaError)?.code == .internal }
        #expect(sink.records.map(\.error) == ["the model broke", "the model broke"])
        #expect(sink.records.allSatisfy { $0.prediction == .missing })
        let wrong = InferenceCall(endpoint: "e", inputs: [Tensor(name: "X", shape: [1, 3], floats: [1, 2, 3])])
        await #expect { _ = try await service.infer(wrong) } throws: { ($0 as? JidokaError)?.code == .invalidArgument }
        #expect(sink.records.count == 2)
        let statistics = try #require(try service.statistics(of: "e")["6"])
        #expect(statistics.requests == 1 && statistics.errors == 1)
    }

    @Test func `shadows see the traffic, are recorded apart and never answer`() async throws {
        let service = try await started()
        try await service.changePlan(of: "e", actor: "user:test", reason: "test") { $0.shadows = [.init(version: "3", weight: 100)] }
        let answer = try await service.infer(call())
        #expect(answer.version == "1")
        while sink.records.count < 2 { await Task.yield() }
        let shadow = try #require(sink.records.first { $0.route == .shadow })
        #expect(shadow.id == "\(answer.predictionID)~3" && shadow.version == "3" && shadow.prediction == .number(3_010))
    }

    @Test func `statistics count from a moment on, version by version`() async throws {
        let service = try await started()
        for _ in 0..<5 { _ = try await service.infer(call()) }
        try await Task.sleep(for: .milliseconds(120))
        let start = SystemTime().now()
        try await service.setChallenger("2", percent: 100, of: "e", actor: "user:test", reason: "test")
        for _ in 0..<7 { _ = try await service.infer(call()) }
        let since = try service.statistics(of: "e", since: start)
        #expect(since["1"]?.requests == 0)
        #expect(since["2"]?.requests == 7 && since["2"]?.latency.total == 7)
        #expect(try service.statistics(of: "e")["1"]?.requests == 5)
    }
}

private final class Load: Sendable {
    let stop = Atomic<Bool>(false)
    let answered = Atomic<Int>(0)
}

/// Lets another writer in right before a plan is stored.
private struct RacingStore: EndpointStore {
    let store: MemoryEndpointStore
    let before: @Sendable () async throws -> Void

    func create(_ endpoint: Endpoint, actor: String, reason: String, events: [EventDraft]) async throws {
        try await store.create(endpoint, actor: actor, reason: reason, events: events)
    }
    func endpoint(named name: String) async throws -> Endpoint? { try await store.endpoint(named: name) }
    func endpoints(after: String?, limit: Int) async throws -> [Endpoint] { try await store.endpoints(after: after, limit: limit) }
    func changePlan(
        of name: String, to plan: TrafficPlan, from expected: Int64, actor: String, reason: String, at time: Timestamp, events: [EventDraft]
    ) async throws -> Endpoint {
        try await before()
        return try await store.changePlan(of: name, to: plan, from: expected, actor: actor, reason: reason, at: time, events: events)
    }
    func changeBatching(of name: String, to policy: BatchPolicy, at time: Timestamp, events: [EventDraft]) async throws -> Endpoint {
        try await store.changeBatching(of: name, to: policy, at: time, events: events)
    }
    func planHistory(of name: String, limit: Int) async throws -> [PlanRevision] { try await store.planHistory(of: name, limit: limit) }
    func delete(named name: String, events: [EventDraft]) async throws { try await store.delete(named: name, events: events) }
}
