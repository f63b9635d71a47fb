import Conformance
import Testing

/// Runs every contract of the registry against both engines.
@Suite struct RegistryStoreTests {
    private func run(_ name: String, on engine: DatabaseEngine, of checks: [ContractCheck<RegistryStores>]) async throws {
        let fixture = try await StoreFixture(engine)
        defer { fixture.close() }
        try await #require(checks.first { $0.name == name }).run(fixture.registry)
    }

    @Test(arguments: DatabaseEngine.allCases, ModelStoreContract.checks.map(\.name))
    func `registered models keep the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        try await run(name, on: engine, of: ModelStoreContract.checks)
    }

    @Test(arguments: DatabaseEngine.allCases, ModelVersionStoreContract.checks.map(\.name))
    func `model versions keep the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        try await run(name, on: engine, of: ModelVersionStoreContract.checks)
    }

    @Test(arguments: DatabaseEngine.allCases, GateReportStoreContract.checks.map(\.name))
    func `gate reports keep the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        try await run(name, on: engine, of: GateReportStoreContract.checks)
    }

    @Test(arguments: DatabaseEngine.allCases, ModelHistoryContract.checks.map(\.name))
    func `the history keeps the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        try await run(name, on: engine, of: ModelHistoryContract.checks)
    }
}
