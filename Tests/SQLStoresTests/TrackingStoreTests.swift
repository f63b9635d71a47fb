import Conformance
import Testing

/// Runs every contract of tracking against SQLite.
@Suite struct TrackingStoreTests {
    private func run(_ name: String, of checks: [ContractCheck<TrackingStores>]) async throws {
        let fixture = try await StoreFixture()
        defer { fixture.close() }
        try await #require(checks.first { $0.name == name }).run(fixture.tracking)
    }

    @Test(arguments: ExperimentStoreContract.checks.map(\.name)) func `experiments on SQLite keep the contract`(name: String) async throws {
        try await run(name, of: ExperimentStoreContract.checks)
    }

    @Test(arguments: RunStoreContract.checks.map(\.name)) func `runs on SQLite keep the contract`(name: String) async throws {
        try await run(name, of: RunStoreContract.checks)
    }

    @Test(arguments: RunSearchContract.checks.map(\.name)) func `run searches on SQLite keep the contract`(name: String) async throws {
        try await run(name, of: RunSearchContract.checks)
    }

    @Test(arguments: LoggedModelStoreContract.checks.map(\.name)) func `logged models on SQLite keep the contract`(name: String)
        async throws
    {
        try await run(name, of: LoggedModelStoreContract.checks)
    }

    @Test(arguments: ArtifactIndexContract.checks.map(\.name)) func `artifact paths on SQLite keep the contract`(name: String) async throws
    {
        let fixture = try await StoreFixture()
        defer { fixture.close() }
        try await #require(ArtifactIndexContract.checks.first { $0.name == name }).run(fixture.artifacts)
    }
}
