import Synchronization

/// Versions that left the table and drain: each is unloaded when its last request has been answered.
final class RetiringVersions: Sendable {
    private struct State {
        var count = 0
        var settled: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())

    func retire(_ version: ServedVersion) {
        state.withLock { $0.count += 1 }
        Task {
            await version.retire()
            let settled: [CheckedContinuation<Void, Never>] = state.withLock { state in
                state.count -= 1
                guard state.count == 0 else { return [] }
                defer { state.settled = [] }
                return state.settled
            }
            for waiting in settled { waiting.resume() }
        }
    }

    /// Returns when none is left.
    func settle() async {
        await withCheckedContinuation { continuation in
            let none = state.withLock { state in
                if state.count > 0 { state.settled.append(continuation) }
                return state.count == 0
            }
            if none { continuation.resume() }
        }
    }
}
