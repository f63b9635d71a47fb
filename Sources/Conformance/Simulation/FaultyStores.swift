import ContinuousTraining
import Events
import Rollouts

/// A rollout store whose calls may fail; what it acknowledges is noted.
struct FaultyRolloutStore: RolloutStore {
    var store: any RolloutStore
    var log: any EventLog
    var faults: Faults
    var acknowledged: AcknowledgedWrites

    func create(_ rollout: Rollout, event: EventDraft) async throws {
        let head = try await faults.attempt("rollouts.create") {
            try await store.create(rollout, event: event)
            return try await log.head()
        }
        acknowledged.rollout(rollout.id, revision: rollout.revision)
        acknowledged.head(head)
    }

    func update(_ rollout: Rollout, events: [EventDraft]) async throws {
        let head = try await faults.attempt("rollouts.update") {
            try await store.update(rollout, events: events)
            return try await log.head()
        }
        acknowledged.rollout(rollout.id, revision: rollout.revision)
        acknowledged.head(head)
    }

    func rollout(_ id: String) async throws -> Rollout? {
        try await faults.attempt("rollouts.rollout", isRead: true) { try await store.rollout(id) }
    }

    func rollouts(endpoint: String?, limit: Int) async throws -> [Rollout] {
        try await faults.attempt("rollouts.rollouts", isRead: true) { try await store.rollouts(endpoint: endpoint, limit: limit) }
    }

    func unfinished() async throws -> [Rollout] {
        try await faults.attempt("rollouts.unfinished", isRead: true) { try await store.unfinished() }
    }
}

/// A store of training loops whose calls may fail; what it acknowledges is noted.
struct FaultyTrainingLoopStore: TrainingLoopStore {
    var store: any TrainingLoopStore
    var log: any EventLog
    var faults: Faults
    var acknowledged: AcknowledgedWrites

    func loop(endpoint: String) async throws -> TrainingLoop? {
        try await faults.attempt("loops.loop", isRead: true) { try await store.loop(endpoint: endpoint) }
    }

    func create(_ loop: TrainingLoop) async throws {
        try await faults.attempt("loops.create") { try await store.create(loop) }
        acknowledged.loop(loop.endpoint, revision: loop.revision)
    }

    func update(_ loop: TrainingLoop, events: [EventDraft]) async throws {
        let head = try await faults.attempt("loops.update") {
            try await store.update(loop, events: events)
            return try await log.head()
        }
        acknowledged.loop(loop.endpoint, revision: loop.revision)
        acknowledged.head(head)
    }
}

/// An event log whose calls may fail; what it acknowledges is noted.
struct FaultyEventLog: EventLog {
    var log: any EventLog
    var faults: Faults
    var acknowledged: AcknowledgedWrites

    @discardableResult
    func append(_ drafts: [EventDraft]) async throws -> [Event] {
        let events = try await faults.attempt("events.append") { try await log.append(drafts) }
        for event in events { acknowledged.event(event) }
        return events
    }

    func events(after: Int64, limit: Int, kinds: Set<String>?, subject: EventSubject?) async throws -> [Event] {
        try await faults.attempt("events.events", isRead: true) {
            try await log.events(after: after, limit: limit, kinds: kinds, subject: subject)
        }
    }

    func head() async throws -> (sequence: Int64, hash: String) {
        try await faults.attempt("events.head", isRead: true) { try await log.head() }
    }

    func waitForEvents(after: Int64) async throws { try await log.waitForEvents(after: after) }
}
