import Clockwork
import Synchronization
import Testing

struct TurnsTests {
    private struct Refusal: Error {}
    private final class Counts: Sendable { let state = Mutex((inside: 0, most: 0, done: 0)) }

    @Test func `bodies of one key never overlap, and all have their turn`() async {
        let turns = Turns()
        let counts = Counts()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    await turns.take("a") {
                        counts.state.withLock { state in
                            state.inside += 1
                            state.most = max(state.most, state.inside)
                        }
                        await Task.yield()
                        counts.state.withLock { state in
                            state.inside -= 1
                            state.done += 1
                        }
                    }
                }
            }
        }
        #expect(counts.state.withLock { $0.most } == 1)
        #expect(counts.state.withLock { $0.done } == 200)
    }

    @Test func `another key does not wait, and a body that throws gives its turn back`() async throws {
        let turns = Turns()
        try await turns.take("a") { try await turns.take("b") { try Task.checkCancellation() } }
        await #expect(throws: Refusal.self) { try await turns.take("a") { throw Refusal() } }
        #expect(await turns.take("a") { 7 } == 7)
    }
}
