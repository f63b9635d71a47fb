import Clockwork
import Errors
import Testing

@testable import Serving

/// The batcher driven by a seeded world: arrivals, runs that end, and timers, all in virtual nanoseconds.
private struct World {
    struct Sent {
        var ids: [Int]
        var rows: Int
        var oldestWait: UInt64
    }
    var batcher: DynamicBatcher<Int>
    var random: SplitMix64
    var now: UInt64 = 0
    var sent: [Sent] = []
    var rejected: [Int: BatchRejection] = [:]
    var cancelled: Set<Int> = []
    var endings: [UInt64] = []
    var wakeAt: UInt64?
    var rowsOf: [Int: Int] = [:]
    var shapeOf: [Int: [Int]] = [:]

    init(policy: BatchPolicy, seed: UInt64) {
        batcher = DynamicBatcher(policy: policy)
        random = SplitMix64(seed: seed)
    }

    mutating func below(_ limit: UInt64) -> UInt64 { random.next() % max(1, limit) }

    mutating func take(_ step: DynamicBatcher<Int>.Step) {
        for batch in step.run {
            sent.append(Sent(ids: batch.map(\.payload), rows: batch.reduce(0) { $0 + $1.rows }, oldestWait: now - batch[0].arrival))
            endings.append(now + 1 + below(400_000))
        }
        for (request, why) in step.rejected { rejected[request.payload] = why }
        wakeAt = step.wakeAt
    }

    /// Lets everything that is due before `moment` happen, in order.
    mutating func advance(to moment: UInt64) {
        while true {
            let ending = endings.min()
            let next = [ending, wakeAt].compactMap { $0 }.min()
            guard let next, next <= moment else { break }
            now = max(now, next)
            if next == ending {
                endings.removeAll { $0 == next }
                let freed = batcher.running - endings.count
                for _ in 0..<freed { take(batcher.instanceFree(now: now)) }
            } else {
                take(batcher.timerFired(now: now))
            }
        }
        now = max(now, moment)
    }

    mutating func leave(_ id: Int) {
        let (cancelled, step) = batcher.cancel(where: { $0 == id }, now: now)
        for request in cancelled { self.cancelled.insert(request.payload) }
        take(step)
    }

    mutating func arrive(_ id: Int, rows: Int, shape: [Int]) {
        rowsOf[id] = rows
        shapeOf[id] = shape
        take(batcher.enqueue(id, rows: rows, shape: shape, now: now))
    }
}

struct DynamicBatcherTests {
    private static let policies = [
        BatchPolicy(rowsMax: 8, delayMicroseconds: 0, instances: 1),
        BatchPolicy(rowsMax: 16, preferred: [4, 8], delayMicroseconds: 100, instances: 2),
        BatchPolicy(rowsMax: 64, delayMicroseconds: 500, instances: 1),
        BatchPolicy(rowsMax: 1, instances: 3),
        BatchPolicy(rowsMax: 32, preferred: [16], delayMicroseconds: 50, queueMax: 5, instances: 1),
        BatchPolicy(rowsMax: 8, delayMicroseconds: 200, timeoutMicroseconds: 300, instances: 1),
    ]

    @Test(arguments: policies.indices, 0..<40)
    func `no request is lost, split or overtaken, and no batch is too large`(policy: Int, seed: Int) {
        let policy = DynamicBatcherTests.policies[policy]
        var world = World(policy: policy, seed: UInt64(seed) &+ 1)
        let count = 300
        for id in 0..<count {
            world.advance(to: world.now + world.below(60_000))
            world.arrive(id, rows: 1 + Int(world.below(seed % 3 == 0 ? 12 : 2)), shape: seed % 4 == 0 ? [Int(world.below(2))] : [])
        }
        world.advance(to: world.now + 60_000_000_000)

        let answered = world.sent.flatMap(\.ids)
        #expect(Set(answered).count == answered.count, "a request ran twice")
        #expect(Set(answered).union(world.rejected.keys).count == count, "a request was lost")
        #expect(Set(answered).isDisjoint(with: world.rejected.keys), "a refused request ran")
        #expect(answered == answered.sorted(), "a request overtook another")
        #expect(world.batcher.depth == 0 && world.batcher.running == 0)
        for batch in world.sent {
            #expect(batch.rows <= policy.rowsMax || batch.ids.count == 1, "\(batch.rows) rows in one batch")
            #expect(Set(batch.ids.map { world.shapeOf[$0] ?? [] }).count == 1, "different shapes in one batch")
        }
    }

    @Test(arguments: policies.indices, 0..<40)
    func `a request whose caller leaves does not run, and no other is touched`(policy: Int, seed: Int) {
        var world = World(policy: DynamicBatcherTests.policies[policy], seed: UInt64(seed) &+ 31)
        let count = 300
        for id in 0..<count {
            world.advance(to: world.now + world.below(60_000))
            world.arrive(id, rows: 1 + Int(world.below(3)), shape: seed % 4 == 0 ? [Int(world.below(2))] : [])
            if world.below(3) == 0 { world.leave(Int(world.below(UInt64(id) + 1))) }
        }
        world.advance(to: world.now + 60_000_000_000)
        let answered = world.sent.flatMap(\.ids)
        // With one instance and a long delay there is always a queue to leave.
        #expect(policy != 2 || !world.cancelled.isEmpty)
        #expect(Set(answered).count == answered.count && answered == answered.sorted())
        #expect(Set(answered).isDisjoint(with: world.cancelled), "a cancelled request ran")
        #expect(Set(answered).union(world.rejected.keys).union(world.cancelled).count == count, "a request was lost")
        #expect(answered.count + world.rejected.count + world.cancelled.count == count, "a request ended twice")
        #expect(world.batcher.depth == 0 && world.batcher.running == 0)
    }

    @Test(arguments: 0..<20)
    func `with a free instance nobody waits longer than the delay`(seed: Int) {
        // So many instances that one is always free: only the delay can hold a request back.
        var world = World(policy: BatchPolicy(rowsMax: 8, delayMicroseconds: 100, instances: 1_000), seed: UInt64(seed) &+ 7)
        for id in 0..<500 {
            world.advance(to: world.now + world.below(80_000))
            world.arrive(id, rows: 1 + Int(world.below(3)), shape: [])
        }
        world.advance(to: world.now + 1_000_000)
        #expect(world.sent.flatMap(\.ids).count == 500)
        #expect(world.sent.allSatisfy { $0.oldestWait <= 100_000 })
        #expect(world.sent.contains { $0.ids.count > 1 }, "nothing was joined")
    }

    @Test func `without a delay a request runs at once when an instance is free`() {
        var batcher = DynamicBatcher<Int>(policy: BatchPolicy(rowsMax: 8, instances: 1))
        #expect(batcher.enqueue(1, rows: 1, now: 5).run.map { $0.map(\.payload) } == [[1]])
        #expect(batcher.enqueue(2, rows: 1, now: 6).run.isEmpty)
        #expect(batcher.enqueue(3, rows: 1, now: 7).run.isEmpty)
        #expect(batcher.instanceFree(now: 8).run.map { $0.map(\.payload) } == [[2, 3]], "the queue grows while the instance is busy")
    }

    @Test func `the largest preferred size that the queue fills is sent without waiting`() {
        var batcher = DynamicBatcher<Int>(policy: BatchPolicy(rowsMax: 16, preferred: [4, 8], delayMicroseconds: 1_000, instances: 1))
        _ = batcher.enqueue(0, rows: 16, now: 0)
        for id in 1...10 { _ = batcher.enqueue(id, rows: 1, now: UInt64(id)) }
        let step = batcher.instanceFree(now: 20)
        #expect(step.run.map { $0.map(\.payload) } == [[1, 2, 3, 4, 5, 6, 7, 8]])
        let rest = batcher.instanceFree(now: 30)
        #expect(rest.run.isEmpty)
        #expect(rest.wakeAt == 1_000_009, "the other two wait for company until the older one's delay is over")
        #expect(batcher.timerFired(now: 1_000_009).run.map { $0.map(\.payload) } == [[9, 10]])
    }

    @Test func `a request of another shape ends the batch before it`() {
        var batcher = DynamicBatcher<Int>(policy: BatchPolicy(rowsMax: 16, delayMicroseconds: 1_000, instances: 2))
        #expect(batcher.enqueue(1, rows: 1, shape: [3], now: 0).run.isEmpty)
        let step = batcher.enqueue(2, rows: 1, shape: [4], now: 10)
        #expect(step.run.map { $0.map(\.payload) } == [[1]], "it cannot grow any more")
        #expect(step.wakeAt == 1_000_010)
    }

    @Test func `a full queue and an expired request are refused in Triton's words`() {
        var batcher = DynamicBatcher<Int>(policy: BatchPolicy(rowsMax: 1, queueMax: 2, timeoutMicroseconds: 10, instances: 1))
        _ = batcher.enqueue(0, rows: 1, now: 0)
        _ = batcher.enqueue(1, rows: 1, now: 0)
        #expect(batcher.enqueue(2, rows: 1, timeout: 5_000, now: 0).wakeAt == 5_000, "a caller may shorten its timeout")
        let full = batcher.enqueue(3, rows: 1, now: 1)
        #expect(full.rejected.map(\.request.payload) == [3])
        #expect(full.rejected[0].why.error.message == "Exceeds maximum queue size")
        let expired = batcher.timerFired(now: 5_000)
        #expect(expired.rejected.map(\.request.payload) == [2])
        #expect(expired.rejected[0].why.error.message == "Request timeout expired")
        #expect(batcher.instanceFree(now: 5_001).run.map { $0.map(\.payload) } == [[1]])
    }

    @Test func `a request larger than the limit runs alone`() {
        var batcher = DynamicBatcher<Int>(policy: BatchPolicy(rowsMax: 4, instances: 1))
        _ = batcher.enqueue(0, rows: 1, now: 0)
        for (id, rows) in [(1, 1), (2, 100), (3, 1)] { _ = batcher.enqueue(id, rows: rows, now: 1) }
        #expect(batcher.instanceFree(now: 2).run.map { $0.map(\.payload) } == [[1]])
        #expect(batcher.instanceFree(now: 3).run.map { $0.map(\.payload) } == [[2]])
        #expect(batcher.instanceFree(now: 4).run.map { $0.map(\.payload) } == [[3]])
    }
}
