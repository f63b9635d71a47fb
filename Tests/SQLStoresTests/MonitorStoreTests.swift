import Clockwork
import Conformance
import Foundation
import SQL
import SQLStores
import Telemetry
import Testing

struct MonitorStoreTests {
    @Test(arguments: MonitorStoreContract.checks.map(\.name))
    func `monitors on SQLite keep the contract`(name: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jidoka-monitors-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let database = try Database(path: folder.appendingPathComponent("test.db").path, metrics: MetricsRegistry())
        defer { database.close() }
        try await database.migrate(EventSchema.migrations + MonitoringSchema.migrations)
        let check = try #require(MonitorStoreContract.checks.first { $0.name == name })
        try await check.run(SQLMonitorStore(database: database), SQLEventLog(database: database, time: SystemTime()))
    }
}
