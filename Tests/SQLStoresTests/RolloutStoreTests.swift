import Conformance
import Testing

struct RolloutStoreTests {
    @Test(arguments: DatabaseEngine.allCases, RolloutStoreContract.checks.map(\.name))
    func `rollouts keep the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        let kept = try await LoopDatabase(engine)
        let check = try #require(RolloutStoreContract.checks.first { $0.name == name })
        try await check.run(kept.stores)
        kept.remove()
    }
}
