import Clockwork
import Conformance
import SQLStores
import Testing

/// Runs every contract of tracing against SQLite.
@Suite struct TracingStoreTests {
    private func run(_ name: String, of checks: [ContractCheck<TracingStores>]) async throws {
        let fixture = try await StoreFixture()
        defer { fixture.close() }
        try await fixture.makeExperiments(["one", "two"])
        let stores = TracingStores(
            traces: SQLTraceStore(database: fixture.database), searches: SQLTraceSearchStore(database: fixture.database),
            assessments: SQLAssessmentStore(database: fixture.database),
            events: SQLEventLog(database: fixture.database, time: SystemTime()))
        try await #require(checks.first { $0.name == name }).run(stores)
    }

    @Test(arguments: TraceStoreContract.checks.map(\.name)) func `traces on SQLite keep the contract`(name: String) async throws {
        try await run(name, of: TraceStoreContract.checks)
    }

    @Test(arguments: TraceSearchContract.checks.map(\.name)) func `trace searches on SQLite keep the contract`(name: String) async throws {
        try await run(name, of: TraceSearchContract.checks)
    }
}
