import Clockwork
import Conformance
import Events
import SQL
import SQLStores
import Testing
import Tracking

/// Runs every contract of tracing against SQLite.
@Suite struct TracingStoreTests {
    private func run(_ name: String, of checks: [ContractCheck<TracingStores>]) async throws {
        let fixture = try await StoreFixture()
        defer { fixture.close() }
        for name in ["one", "two"] {
            let draft = ExperimentDraft(name: name, artifactLocation: nil, artifactRoot: "mlflow-artifacts:", tags: [], time: .zero)
            _ = try await SQLExperimentStore(database: fixture.database).create(draft) {
                .init(kind: "experiment.created", subject: .init("experiment", $0.id), actor: "user:test", reason: "", time: .zero)
            }
        }
        try await fixture.database.write { try $0.execute("DELETE FROM events") }
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
