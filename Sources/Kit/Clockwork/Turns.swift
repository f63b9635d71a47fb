import Synchronization

/// One body at a time for each key, in the order of arrival; bodies of different keys run side by side.
///
/// What waits is bounded by the callers: each waits for its own turn. Not reentrant: a body that asks for its own key waits for ever.
package final class Turns: Sendable {
    /// A key is present while a body has its turn.
    private let waiting = Mutex<[String: [CheckedContinuation<Void, Never>]]>([:])

    package init() {}

    package func take<T>(_ key: String, _ body: () async throws -> T) async rethrows -> T {
        await enter(key)
        defer { leave(key) }
        return try await body()
    }

    private func enter(_ key: String) async {
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { queues in
                guard queues[key] != nil else {
                    queues[key] = []
                    return true
                }
                queues[key]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func leave(_ key: String) {
        let next: CheckedContinuation<Void, Never>? = waiting.withLock { queues in
            guard let first = queues[key]?.first else {
                queues[key] = nil
                return nil
            }
            queues[key]?.removeFirst()
            return first
        }
        next?.resume()
    }
}
