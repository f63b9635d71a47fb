import Clockwork
import Conformance
import SQL
import SQLStores
import Testing

struct MonitorStoreTests {
    @Test(arguments: DatabaseEngine.allCases, MonitorStoreContract.checks.map(\.name))
    func `monitors keep the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        let kept = try await TestDatabase(engine, EventSchema.migrations + MonitoringSchema.migrations)
        defer { kept.close() }
        let check = try #require(MonitorStoreContract.checks.first { $0.name == name })
        try await check.run(SQLMonitorStore(database: kept.database), SQLEventLog(database: kept.database, time: SystemTime()))
    }
}
