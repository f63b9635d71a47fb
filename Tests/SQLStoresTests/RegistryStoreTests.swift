import Conformance
import Testing

/// Runs every contract of the registry against SQLite.
@Suite struct RegistryStoreTests {
    private func run(_ name: String, of checks: [ContractCheck<RegistryStores>]) async throws {
        let fixture = try await StoreFixture()
        defer { fixture.close() }
        try await #require(checks.first { $0.name == name }).run(fixture.registry)
    }

    @Test(arguments: ModelStoreContract.checks.map(\.name)) func `registered models on SQLite keep the contract`(name: String) async throws
    {
        try await run(name, of: ModelStoreContract.checks)
    }

    @Test(arguments: ModelVersionStoreContract.checks.map(\.name)) func `model versions on SQLite keep the contract`(name: String)
        async throws
    {
        try await run(name, of: ModelVersionStoreContract.checks)
    }

    @Test(arguments: GateReportStoreContract.checks.map(\.name)) func `gate reports on SQLite keep the contract`(name: String) async throws
    {
        try await run(name, of: GateReportStoreContract.checks)
    }

    @Test(arguments: ModelHistoryContract.checks.map(\.name)) func `the history on SQLite keeps the contract`(name: String) async throws {
        try await run(name, of: ModelHistoryContract.checks)
    }
}
