import Conformance
import Testing

/// The stores of the simulation keep the contracts of the real ones.
struct MemoryStoreTests {
    @Test(arguments: EventLogContract.checks.map(\.name))
    func `the event log in memory keeps the contract`(name: String) async throws {
        let check = try #require(EventLogContract.checks.first { $0.name == name })
        try await check.run(MemoryEventLog())
    }

    @Test(arguments: RolloutStoreContract.checks.map(\.name))
    func `rollouts in memory keep the contract`(name: String) async throws {
        let check = try #require(RolloutStoreContract.checks.first { $0.name == name })
        try await check.run(LoopStores())
    }

    @Test(arguments: TrainingLoopStoreContract.checks.map(\.name))
    func `training loops in memory keep the contract`(name: String) async throws {
        let check = try #require(TrainingLoopStoreContract.checks.first { $0.name == name })
        try await check.run(LoopStores())
    }
}
