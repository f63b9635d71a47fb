import Conformance
import Testing

struct RolloutStoreTests {
    @Test(arguments: RolloutStoreContract.checks.map(\.name))
    func `rollouts on SQLite keep the contract`(name: String) async throws {
        let kept = try await LoopDatabase()
        let check = try #require(RolloutStoreContract.checks.first { $0.name == name })
        try await check.run(kept.stores)
        try kept.remove()
    }
}
