import Clockwork
import Errors
package import Events
import JSON
package import Rollouts
import Synchronization

/// Rollouts in memory. What is kept went through its document form, so that a member that the document lacks is missed here too.
package final class MemoryRolloutStore: RolloutStore {
    private let kept = Mutex<[String: Rollout]>([:])
    private let log: MemoryEventLog

    package init(log: MemoryEventLog) { self.log = log }

    package func create(_ rollout: Rollout, event: EventDraft) async throws {
        let document = try Rollout(json: .object(rollout.json))
        try kept.withLock { kept in
            guard !kept.values.contains(where: { $0.endpoint == rollout.endpoint && !$0.state.isFinal }) else {
                throw JidokaError(.conflict, "endpoint `\(rollout.endpoint)` has a rollout under way")
            }
            guard kept[rollout.id] == nil else { throw JidokaError(.conflict, "there is a rollout `\(rollout.id)` already") }
            kept[rollout.id] = document
            log.add([event])
        }
    }

    package func update(_ rollout: Rollout, events: [EventDraft]) async throws {
        let document = try Rollout(json: .object(rollout.json))
        try kept.withLock { kept in
            guard let stored = kept[rollout.id], stored.revision < rollout.revision else {
                throw JidokaError(.conflict, "rollout `\(rollout.id)` was changed by another")
            }
            kept[rollout.id] = document
            log.add(events)
        }
    }

    package func rollout(_ id: String) async throws -> Rollout? { kept.withLock { $0[id] } }

    package func rollouts(endpoint: String?, limit: Int) async throws -> [Rollout] {
        guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
        let all = kept.withLock { $0.values.filter { endpoint == nil || $0.endpoint == endpoint } }
        return Array(all.sorted { ($0.startedAt, $0.id) > ($1.startedAt, $1.id) }.prefix(limit))
    }

    package func unfinished() async throws -> [Rollout] {
        kept.withLock { $0.values.filter { !$0.state.isFinal } }.sorted { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) }
    }
}
