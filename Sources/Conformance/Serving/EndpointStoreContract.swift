import Clockwork
import Errors
package import Events
package import Serving

/// What every `EndpointStore` does. Each check gets an empty store, and a way to read the events that the store wrote.
package enum EndpointStoreContract {
    package struct Check: Sendable {
        package var name: String
        package var run: @Sendable (any EndpointStore, any EventLog) async throws -> Void
    }

    package static let checks: [Check] = [
        Check(name: "a created endpoint reads back as it was", run: createdReadsBack),
        Check(name: "a name is given once", run: namesAreUnique),
        Check(name: "a plan changes from the revision it was made from", run: plansCompareAndSet),
        Check(name: "two changes from one revision cannot both win", run: onlyOneChangeWins),
        Check(name: "a refused change leaves no event and no plan", run: refusedLeavesNothing),
        Check(name: "the history keeps every plan, newest first", run: historyIsKept),
        Check(name: "batching changes without a new revision", run: batchingKeepsRevision),
        Check(name: "pages come by name", run: pagesByName),
        Check(name: "a deleted endpoint is gone with its history", run: deletedIsGone),
    ]

    private static func expect(_ condition: Bool, _ what: String) throws {
        if !condition { throw JidokaError.internal("the contract is broken: \(what)") }
    }

    private static func expect(_ code: ErrorCode, _ body: () async throws -> Void) async throws {
        do { try await body() } catch let error as JidokaError where error.code == code { return }
        throw JidokaError.internal("the contract is broken: \(code.rawValue) was expected")
    }

    private static let start = Timestamp(microseconds: 1_700_000_000_000_000)

    private static func sample(_ name: String) -> Endpoint {
        Endpoint(
            name: name, model: "model-of-\(name)", plan: TrafficPlan(salt: "salt"),
            batching: BatchPolicy(
                rowsMax: 16, preferred: [4, 8], delayMicroseconds: 100, queueMax: 10, timeoutMicroseconds: 5_000, instances: 3),
            createdAt: start, updatedAt: start)
    }

    private static func event(_ kind: String, _ name: String) -> EventDraft {
        EventDraft(kind: kind, subject: EventSubject("endpoint", name), actor: "user:test", reason: "contract", time: start)
    }

    private static func add(_ name: String, to store: any EndpointStore) async throws {
        try await store.create(sample(name), actor: "user:test", reason: "first", events: [event("endpoint.created", name)])
    }

    private static func promote(_ version: String, _ name: String, from revision: Int64, in store: any EndpointStore) async throws
        -> Endpoint
    {
        let plan = TrafficPlan(
            champion: version, challengers: [.init(version: "c", weight: 12.5)], shadows: [.init(version: "s", weight: 100)], salt: "salt")
        return try await store.changePlan(
            of: name, to: plan, from: revision, actor: "user:test", reason: "version \(version)",
            at: Timestamp(microseconds: start.microseconds + revision),
            events: [event("endpoint.plan_changed", name)])
    }

    private static func createdReadsBack(_ store: any EndpointStore, _ log: any EventLog) async throws {
        try await add("a", to: store)
        try expect(try await store.endpoint(named: "a") == sample("a"), "the endpoint differs")
        try expect(try await store.endpoint(named: "A") == nil, "names compare byte by byte")
        let events = try await log.events(after: 0, limit: 10, kinds: nil, subject: EventSubject("endpoint", "a"))
        try expect(events.map(\.draft.kind) == ["endpoint.created"], "the event of the creation is missing")
    }

    private static func namesAreUnique(_ store: any EndpointStore, _ log: any EventLog) async throws {
        try await add("a", to: store)
        try await expect(.alreadyExists) { try await add("a", to: store) }
        try expect(try await log.events(after: 0, limit: 10, kinds: nil, subject: nil).count == 1, "a refused creation left an event")
    }

    private static func plansCompareAndSet(_ store: any EndpointStore, _ log: any EventLog) async throws {
        try await add("a", to: store)
        let changed = try await promote("1", "a", from: 1, in: store)
        try expect(changed.revision == 2 && changed.plan.champion == "1", "the answer is not the changed endpoint")
        try expect(try await store.endpoint(named: "a") == changed, "the change does not read back")
        try await expect(.conflict) { _ = try await promote("2", "a", from: 1, in: store) }
        try await expect(.notFound) { _ = try await promote("2", "b", from: 1, in: store) }
    }

    private static func onlyOneChangeWins(_ store: any EndpointStore, _ log: any EventLog) async throws {
        try await add("a", to: store)
        let winners = await withTaskGroup(of: Bool.self) { group in
            for version in 1...8 {
                group.addTask { (try? await promote("\(version)", "a", from: 1, in: store)) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        try expect(winners == 1, "\(winners) changes won")
        try expect(try await store.endpoint(named: "a")?.revision == 2, "the revision grew by more than one")
    }

    private static func refusedLeavesNothing(_ store: any EndpointStore, _ log: any EventLog) async throws {
        try await add("a", to: store)
        try await expect(.conflict) { _ = try await promote("2", "a", from: 7, in: store) }
        try expect(try await log.head().sequence == 1, "a refused change left an event")
        try expect(try await store.planHistory(of: "a", limit: 10).count == 1, "a refused change left a plan")
    }

    private static func historyIsKept(_ store: any EndpointStore, _ log: any EventLog) async throws {
        try await add("a", to: store)
        for revision in 1...3 { _ = try await promote("\(revision)", "a", from: Int64(revision), in: store) }
        let history = try await store.planHistory(of: "a", limit: 3)
        try expect(history.map(\.revision) == [4, 3, 2], "the history is not newest first")
        try expect(history[0].plan.champion == "3" && history[0].reason == "version 3" && history[0].actor == "user:test", "a plan differs")
        try expect(history[0].plan.challengers.first?.weight == 12.5, "a weight differs")
    }

    private static func batchingKeepsRevision(_ store: any EndpointStore, _ log: any EventLog) async throws {
        try await add("a", to: store)
        let policy = BatchPolicy(rowsMax: 3)
        let changed = try await store.changeBatching(of: "a", to: policy, at: start, events: [event("endpoint.batching_changed", "a")])
        try expect(changed.batching == policy && changed.revision == 1, "the batching differs")
        try await expect(.notFound) { _ = try await store.changeBatching(of: "b", to: policy, at: start, events: []) }
    }

    private static func pagesByName(_ store: any EndpointStore, _ log: any EventLog) async throws {
        for name in ["c", "a", "d", "b"] { try await add(name, to: store) }
        try expect(try await store.endpoints(after: nil, limit: 3).map(\.name) == ["a", "b", "c"], "the first page differs")
        try expect(try await store.endpoints(after: "c", limit: 3).map(\.name) == ["d"], "the last page differs")
        try await expect(.invalidArgument) { _ = try await store.endpoints(after: nil, limit: 0) }
    }

    private static func deletedIsGone(_ store: any EndpointStore, _ log: any EventLog) async throws {
        try await add("a", to: store)
        try await store.delete(named: "a", events: [event("endpoint.deleted", "a")])
        try expect(try await store.endpoint(named: "a") == nil, "the endpoint is still there")
        try expect(try await store.planHistory(of: "a", limit: 10).isEmpty, "its plans are still there")
        try await expect(.notFound) { try await store.delete(named: "a", events: []) }
        try await add("a", to: store)
    }
}
