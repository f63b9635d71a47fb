import Clockwork
import Conformance
import Synchronization
import Testing

struct VirtualTimeTests {
    private final class Woken: Sendable { let names = Mutex<[String]>([]) }

    @Test func `sleepers wake in the order of their times, each at its own, and none too early`() async throws {
        let time = VirtualTime()
        let woken = Woken()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (count, seconds) in [30, 10, 20, 60].enumerated() {
                group.addTask {
                    try await time.sleep(for: .seconds(seconds))
                    woken.names.withLock { $0.append("\(seconds)") }
                }
                await time.waitForSleepers(count + 1)
            }
            for advance in 1...3 {
                time.advance(by: .seconds(10))
                #expect(time.sleepers == 4 - advance)
                while woken.names.withLock({ $0.count }) < advance { await Task.yield() }
            }
            #expect(woken.names.withLock { $0 } == ["10", "20", "30"])
            time.advance(by: .seconds(100))
            try await group.waitForAll()
        }
        #expect(time.steadyNanoseconds() == 130_000_000_000)
        #expect(time.now().rfc3339 == "2026-01-01T00:02:10.000000Z")
    }

    @Test func `a cancelled sleep ends with the cancellation, before or while it sleeps`() async throws {
        let time = VirtualTime()
        let asleep = Task { try await time.sleep(for: .seconds(1)) }
        await time.waitForSleepers(1)
        asleep.cancel()
        await #expect(throws: CancellationError.self) { try await asleep.value }
        #expect(time.sleepers == 0)
        let early = Task {
            while !Task.isCancelled { await Task.yield() }
            try await time.sleep(for: .seconds(1))
        }
        early.cancel()
        await #expect(throws: CancellationError.self) { try await early.value }
        try await time.sleep(for: .zero)
    }

    @Test func `draws repeat with their seed and follow their distribution`() {
        let (a, b) = (SeededRandom(seed: 5), SeededRandom(seed: 5))
        #expect((0..<50).map { _ in a.next() } == (0..<50).map { _ in b.next() })
        for (trials, probability) in [(40, 0.1), (1_000, 0.2), (1_000, 0.97), (100_000, 0.0001)] {
            let random = SeededRandom(seed: 9)
            let draws = (0..<4_000).map { _ in Double(random.binomial(trials, probability)) }
            let mean = draws.reduce(0, +) / 4_000
            let variance = draws.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 4_000
            let (wanted, spread) = (Double(trials) * probability, Double(trials) * probability * (1 - probability))
            #expect(abs(mean - wanted) < 4 * (spread / 4_000).squareRoot())
            #expect(abs(variance / spread - 1) < 0.15)
        }
        #expect(a.binomial(0, 0.5) == 0 && a.binomial(5, 0) == 0 && a.binomial(5, 1) == 5)
        let ids = SeededIDs(seed: 5)
        let drawn = (0..<300).map { _ in ids.next() }
        #expect(drawn == drawn.sorted() && Set(drawn).count == 300 && drawn.allSatisfy { $0.count == 32 })
    }
}
