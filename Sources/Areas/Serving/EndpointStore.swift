package import Clockwork
package import Events

/// Endpoints and the history of their traffic plans.
///
/// Safe to call from any task. Every change is durable on return and its events are in the same transaction. Names compare byte by byte.
package protocol EndpointStore: Sendable {
    /// Adds an endpoint at revision 1. - Throws: `already_exists`.
    func create(_ endpoint: Endpoint, actor: String, reason: String, events: [EventDraft]) async throws
    /// nil when there is none of that name.
    func endpoint(named name: String) async throws -> Endpoint?
    /// By name, at most `limit` (1...1000), only names after `after`.
    func endpoints(after: String?, limit: Int) async throws -> [Endpoint]
    /// Sets the plan when the endpoint still is at `expected`, and answers the endpoint at `expected + 1`.
    /// - Throws: `conflict` when another change came first, `not_found`.
    func changePlan(
        of name: String, to plan: TrafficPlan, from expected: Int64, actor: String, reason: String, at time: Timestamp, events: [EventDraft]
    ) async throws -> Endpoint
    /// Sets how requests are batched; the plan's revision stays. - Throws: `not_found`.
    func changeBatching(of name: String, to policy: BatchPolicy, at time: Timestamp, events: [EventDraft]) async throws -> Endpoint
    /// Plans that the endpoint had, newest first, at most `limit` (1...1000).
    func planHistory(of name: String, limit: Int) async throws -> [PlanRevision]
    /// Removes the endpoint and its history. - Throws: `not_found`.
    func delete(named name: String, events: [EventDraft]) async throws
}
