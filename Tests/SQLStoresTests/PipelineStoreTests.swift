import Clockwork
import Conformance
import Foundation
import SQL
import SQLStores
import Telemetry
import Testing

struct PipelineStoreTests {
    @Test(arguments: PipelineStoreContract.checks.map(\.name))
    func `pipeline runs on SQLite keep the contract`(name: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jidoka-pipelines-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let database = try Database(path: folder.appendingPathComponent("test.db").path, metrics: MetricsRegistry())
        defer { database.close() }
        try await database.migrate(EventSchema.migrations + PipelineSchema.migrations)
        let check = try #require(PipelineStoreContract.checks.first { $0.name == name })
        try await check.run(SQLPipelineStore(database: database), SQLEventLog(database: database, time: SystemTime()))
    }
}
