import Clockwork
import Testing

@testable import Serving

struct BatchGainTests {
    /// Runs of one request and of 16, with a cost of `fixed` a run and `perRow` a row, and noise.
    private func learn(fixed: Double, perRow: Double, seed: UInt64 = 1, runs: Int = 200, into gain: inout BatchGain) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<runs {
            let requests = random.next() % 2 == 0 ? 1 : 16
            var cost = fixed + perRow * Double(requests)
            cost *= 0.9 + Double(random.next() % 1_000) / 5_000
            if random.next() % 20 == 0 { cost *= 50 }  // the thread was descheduled
            gain.record(requests: requests, rows: requests, nanoseconds: UInt64(cost))
        }
    }

    /// Figures of ONNX Runtime: an MLP takes 4.5 µs for 1 row and 45 for 64, a forest 3.7 and 241.
    @Test(arguments: 1..<20)
    func `dense models gain and trees do not`(seed: Int) {
        var dense = BatchGain()
        learn(fixed: 3_900, perRow: 640, seed: UInt64(seed), into: &dense)
        #expect(dense.isWorthWaiting)
        var trees = BatchGain()
        learn(fixed: 300, perRow: 3_700, seed: UInt64(seed), into: &trees)
        #expect(!trees.isWorthWaiting)
    }

    @Test func `nothing is concluded from few runs`() {
        var gain = BatchGain()
        for _ in 0..<100 { gain.record(requests: 1, rows: 1, nanoseconds: 1_000) }
        for _ in 0..<BatchGain.runsMin - 1 { gain.record(requests: 8, rows: 8, nanoseconds: 8_000) }
        for _ in 0..<100 { gain.record(requests: 2, rows: 2, nanoseconds: 2_000) }
        gain.record(requests: 8, rows: 0, nanoseconds: 1)
        #expect(gain.isWorthWaiting)
        gain.record(requests: 8, rows: 8, nanoseconds: 8_000)
        #expect(!gain.isWorthWaiting)
    }

    @Test func `a model that changes its ways is found out`() {
        var gain = BatchGain()
        learn(fixed: 300, perRow: 3_700, into: &gain)
        #expect(!gain.isWorthWaiting)
        learn(fixed: 40_000, perRow: 300, runs: 1_000, into: &gain)
        #expect(gain.isWorthWaiting)
    }

    @Test func `a model that gains nothing gets its requests at once`() {
        var batcher = DynamicBatcher<Int>(policy: BatchPolicy(rowsMax: 64, delayMicroseconds: 1_000, instances: 1))
        #expect(batcher.waitsForCompany)
        #expect(batcher.enqueue(0, rows: 1, now: 0).run.isEmpty, "it waits for company")
        #expect(batcher.timerFired(now: 1_000_000).run.count == 1)
        for _ in 0..<BatchGain.runsMin {
            for requests in [1, 4] {
                _ = batcher.instanceFree(now: 2_000_000, ran: (requests, requests, UInt64(requests) * 4_000));
                _ = batcher.enqueue(1, rows: 64, now: 2_000_000)
            }
        }
        #expect(!batcher.waitsForCompany)
        _ = batcher.instanceFree(now: 3_000_000)
        #expect(batcher.enqueue(2, rows: 1, now: 3_000_000).run.map { $0.map(\.payload) } == [[2]])
    }
}
