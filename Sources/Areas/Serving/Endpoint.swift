package import Clockwork

/// A named place that answers predictions of one registered model; it owns a traffic plan.
package struct Endpoint: Sendable, Hashable {
    package var name: String
    package var model: String
    package var plan: TrafficPlan
    package var batching: BatchPolicy
    /// Grows by one with every change of the plan; a change names the revision that it was made from.
    package var revision: Int64
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        name: String, model: String, plan: TrafficPlan = TrafficPlan(), batching: BatchPolicy = BatchPolicy(), revision: Int64 = 1,
        createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.name = name
        self.model = model
        self.plan = plan
        self.batching = batching
        self.revision = revision
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// One plan that an endpoint had.
package struct PlanRevision: Sendable, Hashable {
    package var revision: Int64
    package var plan: TrafficPlan
    package var actor: String
    package var reason: String
    package var time: Timestamp

    package init(revision: Int64, plan: TrafficPlan, actor: String, reason: String, time: Timestamp) {
        self.revision = revision
        self.plan = plan
        self.actor = actor
        self.reason = reason
        self.time = time
    }
}
