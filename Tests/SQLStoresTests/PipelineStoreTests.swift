import Clockwork
import Conformance
import SQL
import SQLStores
import Testing

struct PipelineStoreTests {
    @Test(arguments: DatabaseEngine.allCases, PipelineStoreContract.checks.map(\.name))
    func `pipeline runs keep the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        let kept = try await TestDatabase(engine, EventSchema.migrations + PipelineSchema.migrations)
        defer { kept.close() }
        let check = try #require(PipelineStoreContract.checks.first { $0.name == name })
        try await check.run(SQLPipelineStore(database: kept.database), SQLEventLog(database: kept.database, time: SystemTime()))
    }
}
