import Clockwork
import Conformance
import SQL
import SQLStores
import Testing

struct EndpointStoreTests {
    @Test(arguments: DatabaseEngine.allCases, EndpointStoreContract.checks.map(\.name))
    func `endpoints keep the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        let kept = try await TestDatabase(engine, EventSchema.migrations + EndpointSchema.migrations)
        defer { kept.close() }
        let check = try #require(EndpointStoreContract.checks.first { $0.name == name })
        try await check.run(SQLEndpointStore(database: kept.database), SQLEventLog(database: kept.database, time: SystemTime()))
    }
}
