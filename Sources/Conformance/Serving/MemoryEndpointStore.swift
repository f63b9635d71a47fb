package import Clockwork
import Errors
package import Events
package import Serving
import Synchronization

/// Endpoints in memory, for tests of the service; it passes the same contract.
package final class MemoryEndpointStore: EndpointStore {
    private struct State {
        var endpoints: [String: Endpoint] = [:]
        var plans: [String: [PlanRevision]] = [:]
    }
    private let state = Mutex(State())
    private let log: MemoryEventLog

    package init(log: MemoryEventLog = MemoryEventLog()) { self.log = log }

    package func create(_ endpoint: Endpoint, actor: String, reason: String, events: [EventDraft]) async throws {
        try state.withLock { state in
            guard state.endpoints[endpoint.name] == nil else {
                throw JidokaError.alreadyExists("endpoint `\(endpoint.name)` exists already")
            }
            state.endpoints[endpoint.name] = endpoint
            state.plans[endpoint.name] = [
                PlanRevision(revision: 1, plan: endpoint.plan, actor: actor, reason: reason, time: endpoint.createdAt)
            ]
            log.add(events)
        }
    }

    package func endpoint(named name: String) async throws -> Endpoint? { state.withLock { $0.endpoints[name] } }

    package func endpoints(after: String?, limit: Int) async throws -> [Endpoint] {
        guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
        return state.withLock { state in
            Array(state.endpoints.values.sorted { $0.name < $1.name }.filter { $0.name > after ?? "" }.prefix(limit))
        }
    }

    package func changePlan(
        of name: String, to plan: TrafficPlan, from expected: Int64, actor: String, reason: String, at time: Timestamp, events: [EventDraft]
    ) async throws -> Endpoint {
        try change(name, events) { endpoint, plans in
            guard endpoint.revision == expected else {
                throw JidokaError(.conflict, "endpoint `\(name)` is at revision \(endpoint.revision)")
            }
            endpoint.plan = plan
            endpoint.revision += 1
            endpoint.updatedAt = time
            plans.insert(PlanRevision(revision: endpoint.revision, plan: plan, actor: actor, reason: reason, time: time), at: 0)
        }
    }

    package func changeBatching(of name: String, to policy: BatchPolicy, at time: Timestamp, events: [EventDraft]) async throws -> Endpoint
    {
        try change(name, events) { endpoint, _ in
            endpoint.batching = policy
            endpoint.updatedAt = time
        }
    }

    private func change(_ name: String, _ events: [EventDraft], _ edit: (inout Endpoint, inout [PlanRevision]) throws -> Void) throws
        -> Endpoint
    {
        try state.withLock { state in
            guard var endpoint = state.endpoints[name] else { throw JidokaError.notFound("endpoint `\(name)` does not exist") }
            try edit(&endpoint, &state.plans[name, default: []])
            state.endpoints[name] = endpoint
            log.add(events)
            return endpoint
        }
    }

    package func planHistory(of name: String, limit: Int) async throws -> [PlanRevision] {
        state.withLock { Array(($0.plans[name] ?? []).prefix(limit)) }
    }

    package func delete(named name: String, events: [EventDraft]) async throws {
        try state.withLock { state in
            guard state.endpoints.removeValue(forKey: name) != nil else { throw JidokaError.notFound("endpoint `\(name)` does not exist") }
            state.plans[name] = nil
            log.add(events)
        }
    }
}
