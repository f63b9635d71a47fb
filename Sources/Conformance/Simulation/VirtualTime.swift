package import Clockwork
import Synchronization

/// A clock that only moves when told to, for simulations and tests of services.
///
/// `advance` wakes those whose time has come in the order of their wake-up times (equal ones in the order in which they lay down), each
/// seeing its own wake-up time. What they do afterwards is theirs: `waitForSleepers` tells when they sleep again.
package final class VirtualTime: TimeSource {
    private struct Sleeper {
        var wake: Timestamp
        var number: Int
        var continuation: CheckedContinuation<Void, any Error>
    }
    private struct Waiter {
        var count: Int
        var continuation: CheckedContinuation<Void, Never>
    }
    private struct State {
        var now: Timestamp
        var numbers = 0
        var sleepers: [Sleeper] = []
        var cancelled: Set<Int> = []
        var waiters: [Waiter] = []
    }
    private let start: Timestamp
    private let state: Mutex<State>

    /// Begins on 2026-01-01T00:00:00Z unless told otherwise.
    package init(start: Timestamp = Timestamp(microseconds: 1_767_225_600_000_000)) {
        self.start = start
        state = Mutex(State(now: start))
    }

    package func now() -> Timestamp { state.withLock { $0.now } }

    package func steadyNanoseconds() -> UInt64 { UInt64((now() - start).microseconds) * 1_000 }

    package func sleep(for duration: Duration) async throws {
        if duration <= .zero { return try Task.checkCancellation() }
        let number = state.withLock { state in
            state.numbers += 1
            return state.numbers
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { lieDown(number, duration, $0) }
        } onCancel: {
            cancel(number)
        }
    }

    /// How many sleep now.
    package var sleepers: Int { state.withLock { $0.sleepers.count } }

    /// Returns once at least `count` tasks sleep.
    package func waitForSleepers(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if state.sleepers.count >= count { return true }
                state.waiters.append(Waiter(count: count, continuation: continuation))
                return false
            }
            if isReached { continuation.resume() }
        }
    }

    /// Moves the clock on.
    package func advance(by duration: Duration) {
        precondition(duration >= .zero, "time does not run backwards")
        let target = now() + duration
        while let sleeper = nextDue(by: target) { sleeper.continuation.resume() }
        state.withLock { $0.now = target }
    }

    private func nextDue(by target: Timestamp) -> Sleeper? {
        state.withLock { state in
            let order = state.sleepers.indices.min { a, b in
                (state.sleepers[a].wake, state.sleepers[a].number) < (state.sleepers[b].wake, state.sleepers[b].number)
            }
            guard let index = order, state.sleepers[index].wake <= target else { return nil }
            state.now = max(state.now, state.sleepers[index].wake)
            return state.sleepers.remove(at: index)
        }
    }

    private func lieDown(_ number: Int, _ duration: Duration, _ continuation: CheckedContinuation<Void, any Error>) {
        let (isCancelled, reached): (Bool, [Waiter]) = state.withLock { state in
            if state.cancelled.remove(number) != nil { return (true, []) }
            state.sleepers.append(Sleeper(wake: state.now + duration, number: number, continuation: continuation))
            let reached = state.waiters.filter { $0.count <= state.sleepers.count }
            state.waiters.removeAll { $0.count <= state.sleepers.count }
            return (false, reached)
        }
        if isCancelled { continuation.resume(throwing: CancellationError()) }
        for waiter in reached { waiter.continuation.resume() }
    }

    private func cancel(_ number: Int) {
        let sleeper: Sleeper? = state.withLock { state in
            guard let index = state.sleepers.firstIndex(where: { $0.number == number }) else {
                state.cancelled.insert(number)
                return nil
            }
            return state.sleepers.remove(at: index)
        }
        sleeper?.continuation.resume(throwing: CancellationError())
    }
}
