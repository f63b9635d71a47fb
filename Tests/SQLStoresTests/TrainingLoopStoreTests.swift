import Clockwork
import Conformance
import SQL
import SQLStores
import Testing

struct TrainingLoopStoreTests {
    @Test(arguments: DatabaseEngine.allCases, TrainingLoopStoreContract.checks.map(\.name))
    func `training loops keep the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        let kept = try await LoopDatabase(engine)
        let check = try #require(TrainingLoopStoreContract.checks.first { $0.name == name })
        try await check.run(kept.stores)
        kept.remove()
    }

    @Test(arguments: [(DatabaseEngine.sqlite, UInt64(3)), (.sqlite, 14), (.postgres, 3)])
    func `the closed loop keeps its invariants and tells the same history as in memory`(engine: DatabaseEngine, seed: UInt64) async throws {
        let kept = try await LoopDatabase(engine)
        var onDisk = LoopSimulation(seed: seed, stores: kept.stores)
        let report = try await onDisk.run(days: 2)
        var inMemory = LoopSimulation(seed: seed)
        #expect(try await inMemory.run(days: 2) == report)
        #expect(report.restarts > 0 && report.faults > 0)
        kept.database.close()
        // What was there before the end is there after it.
        let again = try kept.kept.another()
        try await again.migrate(LoopDatabase.migrations)
        #expect(try await SQLEventLog(database: again, time: SystemTime()).head().hash == report.head)
        again.close()
        kept.remove()
    }
}
