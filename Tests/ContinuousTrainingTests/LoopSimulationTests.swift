import Conformance
import Testing

struct LoopSimulationTests {
    @Test func `the closed loop keeps its invariants under 200 seeds of faults, crashes and people`() async throws {
        let total = try await LoopSimulationTests.total(of: 0..<200, days: 3)
        // The world was as rough as it should be, and something came of it.
        #expect(total.restarts > 1_000 && total.faults > 2_000 && total.suppressed > 1_000)
        #expect(total.pausedNoTraffic > 40 && total.pausedMismatch > 10)
        #expect(total.requested > 500 && total.promoted > 200)
        // Five points worse is not promoted, two points better is, and no worse is not sent back.
        #expect(total.bad > 200 && Double(total.badPromoted) <= 0.05 * Double(total.bad))
        #expect(total.better > 80 && Double(total.betterPromoted) >= 0.95 * Double(total.better))
        #expect(total.notWorse > 20 && Double(total.notWorseHarmed) <= 0.05 * Double(total.notWorse) + 1)
    }

    @Test func `a seed replays its whole history`() async throws {
        for seed in [UInt64(7), 8] {
            var first = LoopSimulation(seed: seed)
            var second = LoopSimulation(seed: seed)
            let report = try await first.run(days: 2)
            #expect(try await second.run(days: 2) == report)
            #expect(report.head.count == 64)
        }
    }

    @Test func `two seeds tell two histories`() async throws {
        var first = LoopSimulation(seed: 1)
        var second = LoopSimulation(seed: 2)
        #expect(try await first.run(days: 1).head != second.run(days: 1).head)
    }

    @Test func `a broken invariant names its seed and the newest steps`() {
        let failure = SimulationFailure(seed: 41, invariant: "two champions", trace: ["12:00 look: ok", "12:15 step: ok [answer lost]"])
        #expect(
            failure.description == "seed 41: two champions\n  the last 2 steps:\n  12:00 look: ok\n  12:15 step: ok [answer lost]\n")
    }

    /// All seeds, as many at once as there are cores.
    private static func total(of seeds: Range<UInt64>, days: Int) async throws -> SimulationReport {
        try await withThrowingTaskGroup(of: SimulationReport.self) { group in
            for seed in seeds {
                group.addTask {
                    var simulation = LoopSimulation(seed: seed)
                    return try await simulation.run(days: days)
                }
            }
            return try await group.reduce(into: SimulationReport()) { $0.add($1) }
        }
    }
}
