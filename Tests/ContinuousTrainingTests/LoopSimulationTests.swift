import Conformance
import Testing

struct LoopSimulationTests {
    /// The seeds of a nightly run may be more; these run in seconds.
    static let seeds: Range<UInt64> = 0..<200
    static let days = 3

    @Test func `the closed loop keeps its invariants under 200 seeds of faults, crashes and people`() async throws {
        let report = try await LoopSimulationTests.total(of: LoopSimulationTests.seeds)
        print(report)
        #expect(report.restarts > 200)
    }

    /// All seeds, as many at once as there are cores.
    static func total(of seeds: Range<UInt64>) async throws -> SimulationReport {
        try await withThrowingTaskGroup(of: SimulationReport.self) { group in
            for seed in seeds {
                group.addTask {
                    var simulation = LoopSimulation(seed: seed)
                    return try await simulation.run(days: days)
                }
            }
            var total = SimulationReport()
            for try await report in group { total.add(report) }
            return total
        }
    }
}
