import Clockwork
import Conformance
import Datasets
import Errors
import SQL
import SQLStores
import Testing

@Suite struct DatasetStoreTests {
    private func open(_ engine: DatabaseEngine) async throws -> TestDatabase {
        try await TestDatabase(engine, EventSchema.migrations + DatasetSchema.migrations)
    }

    @Test(arguments: DatabaseEngine.allCases, DatasetStoreContract.checks.map(\.name))
    func `dataset versions keep the contract on both engines`(engine: DatabaseEngine, check: String) async throws {
        let kept = try await open(engine)
        defer { kept.close() }
        let run = try #require(DatasetStoreContract.checks.first { $0.name == check }?.run)
        try await run(SQLDatasetStore(database: kept.database), SQLEventLog(database: kept.database, time: SystemTime()))
    }

    @Test(arguments: DatabaseEngine.allCases, ValidationStoreContract.checks.map(\.name))
    func `validation results keep the contract on both engines`(engine: DatabaseEngine, check: String) async throws {
        let kept = try await open(engine)
        defer { kept.close() }
        let run = try #require(ValidationStoreContract.checks.first { $0.name == check }?.run)
        try await run(SQLValidationStore(database: kept.database), SQLEventLog(database: kept.database, time: SystemTime()))
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `two adders of one content make one version`(engine: DatabaseEngine) async throws {
        let kept = try await open(engine)
        defer { kept.close() }
        let stores = [SQLDatasetStore(database: kept.database), SQLDatasetStore(database: try kept.another())]
        let version = DatasetStoreContract.version("census", digest: "ab")
        let added = try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<20 {
                group.addTask { try await stores[index % 2].add(version, event: DatasetStoreContract.added(version)).added }
            }
            var count = 0
            for try await one in group where one { count += 1 }
            return count
        }
        #expect(added == 1)
        #expect(try await SQLEventLog(database: kept.database, time: SystemTime()).head().sequence == 1)
    }
}
