import Conformance
import SQL
import SQLStores
import Testing

struct TrainingLoopStoreTests {
    @Test(arguments: TrainingLoopStoreContract.checks.map(\.name))
    func `training loops on SQLite keep the contract`(name: String) async throws {
        let kept = try await LoopDatabase()
        let check = try #require(TrainingLoopStoreContract.checks.first { $0.name == name })
        try await check.run(kept.stores)
        try kept.remove()
    }

    @Test(arguments: [UInt64(3), 14])
    func `the closed loop on SQLite keeps its invariants and tells the same history as in memory`(seed: UInt64) async throws {
        let kept = try await LoopDatabase()
        var onDisk = LoopSimulation(seed: seed, stores: kept.stores)
        let report = try await onDisk.run(days: 2)
        var inMemory = LoopSimulation(seed: seed)
        #expect(try await inMemory.run(days: 2) == report)
        #expect(report.restarts > 0 && report.faults > 0)
        kept.database.close()
        // What was there before the end is there after it.
        let again = try await LoopDatabase(path: kept.path)
        #expect(try await again.log.head().hash == report.head)
        try again.remove()
    }
}
