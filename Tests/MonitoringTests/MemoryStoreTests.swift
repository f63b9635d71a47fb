import Conformance
import Testing

struct MemoryStoreTests {
    @Test(arguments: MonitorStoreContract.checks.map(\.name))
    func `monitors in memory keep the contract`(name: String) async throws {
        let log = MemoryEventLog()
        let check = try #require(MonitorStoreContract.checks.first { $0.name == name })
        try await check.run(MemoryMonitorStore(log: log), log)
    }

    @Test(arguments: AlertStoreContract.checks.map(\.name))
    func `alerts in memory keep the contract`(name: String) async throws {
        let log = MemoryEventLog()
        let check = try #require(AlertStoreContract.checks.first { $0.name == name })
        try await check.run(MemoryAlertStore(log: log), log)
    }
}
