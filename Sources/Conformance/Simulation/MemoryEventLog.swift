import Errors
package import Events
import Synchronization

/// The event log in memory: the contract of `EventLog`, hash chain included.
package final class MemoryEventLog: EventLog {
    private struct Waiter {
        var number: Int
        var after: Int64
        var continuation: CheckedContinuation<Void, any Error>
    }
    private struct State {
        var events: [Event] = []
        var numbers = 0
        var waiters: [Waiter] = []
        var cancelled: Set<Int> = []
    }
    private let state = Mutex(State())

    package init() {}

    @discardableResult
    package func append(_ drafts: [EventDraft]) async throws -> [Event] { add(drafts) }

    /// What memory stores call within their change.
    @discardableResult
    package func add(_ drafts: [EventDraft]) -> [Event] {
        let (added, woken): ([Event], [Waiter]) = state.withLock { state in
            let first = state.events.count
            for draft in drafts {
                let previous = state.events.last?.hash ?? HashChain.genesis
                let sequence = Int64(state.events.count) + 1
                let hash = HashChain.hash(draft, sequence: sequence, previous: previous)
                state.events.append(Event(sequence: sequence, draft: draft, previousHash: previous, hash: hash))
            }
            let head = Int64(state.events.count)
            let woken = state.waiters.filter { $0.after < head }
            state.waiters.removeAll { $0.after < head }
            return (Array(state.events[first...]), woken)
        }
        for waiter in woken { waiter.continuation.resume() }
        return added
    }

    package func events(after: Int64, limit: Int, kinds: Set<String>?, subject: EventSubject?) async throws -> [Event] {
        guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
        return state.withLock { state in
            let rest = state.events.dropFirst(Int(max(0, min(after, Int64(state.events.count)))))
            if kinds?.isEmpty ?? true, subject == nil { return Array(rest.prefix(limit)) }
            return Array(
                rest.lazy.filter { event in
                    (kinds.map { $0.isEmpty || $0.contains(event.draft.kind) } ?? true)
                        && (subject.map { $0 == event.draft.subject } ?? true)
                }.prefix(limit))
        }
    }

    package func head() async throws -> (sequence: Int64, hash: String) {
        state.withLock { ($0.events.last?.sequence ?? 0, $0.events.last?.hash ?? HashChain.genesis) }
    }

    package func waitForEvents(after: Int64) async throws {
        let number = state.withLock { state in
            state.numbers += 1
            return state.numbers
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wait(number, after, $0) }
        } onCancel: {
            cancel(number)
        }
    }

    private func wait(_ number: Int, _ after: Int64, _ continuation: CheckedContinuation<Void, any Error>) {
        let outcome: Result<Void, any Error>? = state.withLock { state in
            if state.cancelled.remove(number) != nil { return .failure(CancellationError()) }
            if Int64(state.events.count) > after { return .success(()) }
            state.waiters.append(Waiter(number: number, after: after, continuation: continuation))
            return nil
        }
        if let outcome { continuation.resume(with: outcome) }
    }

    private func cancel(_ number: Int) {
        let waiter: Waiter? = state.withLock { state in
            guard let index = state.waiters.firstIndex(where: { $0.number == number }) else {
                state.cancelled.insert(number)
                return nil
            }
            return state.waiters.remove(at: index)
        }
        waiter?.continuation.resume(throwing: CancellationError())
    }
}
