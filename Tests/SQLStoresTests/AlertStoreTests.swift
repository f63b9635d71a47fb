import Clockwork
import Conformance
import SQL
import SQLStores
import Testing

struct AlertStoreTests {
    @Test(arguments: DatabaseEngine.allCases, AlertStoreContract.checks.map(\.name))
    func `alerts keep the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        let kept = try await TestDatabase(engine, EventSchema.migrations + MonitoringSchema.migrations)
        defer { kept.close() }
        let check = try #require(AlertStoreContract.checks.first { $0.name == name })
        try await check.run(SQLAlertStore(database: kept.database), SQLEventLog(database: kept.database, time: SystemTime()))
    }
}
