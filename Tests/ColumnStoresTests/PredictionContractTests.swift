import ColumnStores
import Conformance
import Testing

@Suite struct PredictionContractTests {
    @Test(arguments: PredictionHistoryContract.checks.map(\.name), [false, true])
    func `the prediction log keeps the contract, in memory and sealed`(check: String, sealed: Bool) async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        let run = try #require(PredictionHistoryContract.checks.first { $0.name == check }?.run)
        try await run(
            PredictionHistoryContract.Subject(sink: log, history: log, labels: log) {
                if sealed { try await log.seal() } else { try await log.flush() }
            })
    }
}
