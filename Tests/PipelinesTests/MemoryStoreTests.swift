import Conformance
import Testing

struct MemoryStoreTests {
    @Test(arguments: PipelineStoreContract.checks.map(\.name))
    func `pipeline runs in memory keep the contract`(name: String) async throws {
        let log = MemoryEventLog()
        let check = try #require(PipelineStoreContract.checks.first { $0.name == name })
        try await check.run(MemoryPipelineStore(log: log), log)
    }
}
