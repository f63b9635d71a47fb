import Conformance
import Testing

/// Runs every contract of tracking against both engines.
@Suite struct TrackingStoreTests {
    private func run(_ name: String, on engine: DatabaseEngine, of checks: [ContractCheck<TrackingStores>]) async throws {
        let fixture = try await StoreFixture(engine)
        defer { fixture.close() }
        try await #require(checks.first { $0.name == name }).run(fixture.tracking)
    }

    @Test(arguments: DatabaseEngine.allCases, ExperimentStoreContract.checks.map(\.name))
    func `experiments keep the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        try await run(name, on: engine, of: ExperimentStoreContract.checks)
    }

    @Test(arguments: DatabaseEngine.allCases, RunStoreContract.checks.map(\.name))
    func `runs keep the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        try await run(name, on: engine, of: RunStoreContract.checks)
    }

    @Test(arguments: DatabaseEngine.allCases, RunSearchContract.checks.map(\.name))
    func `run searches keep the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        try await run(name, on: engine, of: RunSearchContract.checks)
    }

    @Test(arguments: DatabaseEngine.allCases, LoggedModelStoreContract.checks.map(\.name))
    func `logged models keep the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        try await run(name, on: engine, of: LoggedModelStoreContract.checks)
    }

    @Test(arguments: DatabaseEngine.allCases, ArtifactIndexContract.checks.map(\.name))
    func `artifact paths keep the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        let fixture = try await StoreFixture(engine)
        defer { fixture.close() }
        try await #require(ArtifactIndexContract.checks.first { $0.name == name }).run(fixture.artifacts)
    }
}
