import Clockwork
import Conformance
import Datasets
import Errors
import Foundation
import SQL
import SQLStores
import Telemetry
import Testing

@Suite struct DatasetStoreTests {
    private func open() async throws -> Database {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jidoka-datasets-\(SystemIDs().next())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let database = try Database(path: folder.appendingPathComponent("test.db").path, metrics: MetricsRegistry())
        try await database.migrate(EventSchema.migrations + DatasetSchema.migrations)
        return database
    }

    @Test(arguments: DatasetStoreContract.checks.map(\.name))
    func `dataset versions on SQLite keep the contract`(check: String) async throws {
        let database = try await open()
        let run = try #require(DatasetStoreContract.checks.first { $0.name == check }?.run)
        try await run(SQLDatasetStore(database: database), SQLEventLog(database: database, time: SystemTime()))
        database.close()
    }

    @Test(arguments: ValidationStoreContract.checks.map(\.name))
    func `validation results on SQLite keep the contract`(check: String) async throws {
        let database = try await open()
        let run = try #require(ValidationStoreContract.checks.first { $0.name == check }?.run)
        try await run(SQLValidationStore(database: database), SQLEventLog(database: database, time: SystemTime()))
        database.close()
    }

    @Test func `two adders of one content make one version`() async throws {
        let database = try await open()
        let store = SQLDatasetStore(database: database)
        let version = DatasetStoreContract.version("census", digest: "ab")
        let added = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 { group.addTask { try await store.add(version, event: DatasetStoreContract.added(version)).added } }
            var count = 0
            for try await one in group where one { count += 1 }
            return count
        }
        #expect(added == 1)
        #expect(try await SQLEventLog(database: database, time: SystemTime()).head().sequence == 1)
        database.close()
    }
}
