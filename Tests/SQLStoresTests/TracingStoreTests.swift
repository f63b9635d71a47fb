import Clockwork
import Conformance
import SQLStores
import Testing

/// Runs every contract of tracing against both engines.
@Suite struct TracingStoreTests {
    private func run(_ name: String, on engine: DatabaseEngine, of checks: [ContractCheck<TracingStores>]) async throws {
        let fixture = try await StoreFixture(engine)
        defer { fixture.close() }
        try await fixture.makeExperiments(["one", "two"])
        let stores = TracingStores(
            traces: SQLTraceStore(database: fixture.database), searches: SQLTraceSearchStore(database: fixture.database),
            assessments: SQLAssessmentStore(database: fixture.database),
            events: SQLEventLog(database: fixture.database, time: SystemTime()))
        try await #require(checks.first { $0.name == name }).run(stores)
    }

    @Test(arguments: DatabaseEngine.allCases, TraceStoreContract.checks.map(\.name))
    func `traces keep the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        try await run(name, on: engine, of: TraceStoreContract.checks)
    }

    @Test(arguments: DatabaseEngine.allCases, TraceSearchContract.checks.map(\.name))
    func `trace searches keep the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        try await run(name, on: engine, of: TraceSearchContract.checks)
    }
}
