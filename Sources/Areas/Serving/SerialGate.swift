import Synchronization

/// Lets one task at a time through for each key, in the order in which they came.
final class SerialGate: Sendable {
    private struct Line {
        var waiting: [CheckedContinuation<Void, Never>] = []
        var head = 0
    }
    private let lines = Mutex<[String: Line]>([:])

    func turn<Result: Sendable>(_ key: String, _ body: () async throws -> Result) async rethrows -> Result {
        await enter(key)
        defer { leave(key) }
        return try await body()
    }

    private func enter(_ key: String) async {
        await withCheckedContinuation { continuation in
            let first = lines.withLock { lines in
                guard lines[key] != nil else {
                    lines[key] = Line()
                    return true
                }
                lines[key]?.waiting.append(continuation)
                return false
            }
            if first { continuation.resume() }
        }
    }

    private func leave(_ key: String) {
        let next: CheckedContinuation<Void, Never>? = lines.withLock { lines in
            guard var line = lines[key] else { return nil }
            guard line.head < line.waiting.count else {
                lines[key] = nil
                return nil
            }
            let next = line.waiting[line.head]
            line.head += 1
            lines[key] = line
            return next
        }
        next?.resume()
    }
}
