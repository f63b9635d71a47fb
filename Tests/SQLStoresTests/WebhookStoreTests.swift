import Clockwork
import Conformance
import SQLStores
import Testing

@Suite struct WebhookStoreTests {
    @Test(arguments: DatabaseEngine.allCases, WebhookStoreContract.checks.map(\.name))
    func `webhooks keep the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        let kept = try await TestDatabase(engine, EventSchema.migrations + WebhookTables.migrations)
        defer { kept.close() }
        let check = try #require(WebhookStoreContract.checks.first { $0.name == name })
        try await check.run(
            WebhookStores(
                webhooks: SQLWebhookStore(database: kept.database), events: SQLEventLog(database: kept.database, time: SystemTime())))
    }
}
