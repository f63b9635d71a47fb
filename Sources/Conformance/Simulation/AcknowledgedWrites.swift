import Events
import Synchronization

/// What callers were told is kept: later it must still be there.
final class AcknowledgedWrites: Sendable {
    private struct State {
        var rollouts: [String: Int64] = [:]
        var loops: [String: Int64] = [:]
        var events: [Int64: String] = [:]
        var count = 0
    }
    private let state = Mutex(State())

    init() {}

    func rollout(_ id: String, revision: Int64) { note { $0.rollouts[id] = max($0.rollouts[id] ?? 0, revision) } }
    func loop(_ endpoint: String, revision: Int64) { note { $0.loops[endpoint] = max($0.loops[endpoint] ?? 0, revision) } }
    func head(_ head: (sequence: Int64, hash: String)) { state.withLock { $0.events[head.sequence] = head.hash } }
    func event(_ event: Event) { note { $0.events[event.sequence] = event.hash } }

    private func note(_ change: (inout State) -> Void) {
        state.withLock { state in
            change(&state)
            state.count += 1
        }
    }

    var count: Int { state.withLock { $0.count } }
    /// The least revision of each rollout and each loop, and the hash of each event, that must be found.
    var rollouts: [(id: String, revision: Int64)] {
        state.withLock { $0.rollouts.sorted { $0.key < $1.key }.map { (id: $0.key, revision: $0.value) } }
    }
    var loops: [(endpoint: String, revision: Int64)] {
        state.withLock { $0.loops.sorted { $0.key < $1.key }.map { (endpoint: $0.key, revision: $0.value) } }
    }
    func hash(ofEvent sequence: Int64) -> String? { state.withLock { $0.events[sequence] } }
    /// The newest event that was acknowledged.
    var newestEvent: Int64 { state.withLock { $0.events.keys.max() ?? 0 } }
}
