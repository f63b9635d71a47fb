import Clockwork
import Conformance
import SQLStores
import Testing

/// Runs the contract of evaluation against both engines.
@Suite struct EvaluationStoreTests {
    @Test(arguments: DatabaseEngine.allCases, EvaluationContract.checks.map(\.name))
    func `evaluation keeps the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        let fixture = try await StoreFixture(engine)
        defer { fixture.close() }
        try await fixture.makeExperiments(["one", "two"])
        let stores = EvaluationStores(
            datasets: SQLEvaluationDatasetStore(database: fixture.database), scorers: SQLScorerStore(database: fixture.database),
            events: SQLEventLog(database: fixture.database, time: SystemTime()))
        try await #require(EvaluationContract.checks.first { $0.name == name }).run(stores)
    }
}
