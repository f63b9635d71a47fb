import Clockwork
import Conformance
import Errors
import Events
import SQL
import SQLStores
import Testing

/// A temporary database with the event log and the stores of the closed loop.
struct LoopDatabase {
    let kept: TestDatabase
    var database: Database { kept.database }

    static let migrations = EventSchema.migrations + RolloutSchema.migrations + TrainingLoopSchema.migrations

    init(_ engine: DatabaseEngine) async throws { kept = try await TestDatabase(engine, LoopDatabase.migrations) }

    var log: SQLEventLog { SQLEventLog(database: database, time: SystemTime()) }
    var stores: LoopStores {
        LoopStores(log: log, rollouts: SQLRolloutStore(database: database), loops: SQLTrainingLoopStore(database: database))
    }

    func remove() { kept.close() }
}

struct EventStoreTests {
    @Test(arguments: DatabaseEngine.allCases, EventLogContract.checks.map(\.name))
    func `the event log keeps the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        let kept = try await LoopDatabase(engine)
        let check = try #require(EventLogContract.checks.first { $0.name == name })
        try await check.run(kept.log)
        kept.remove()
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `events of a change that is undone are gone with it`(engine: DatabaseEngine) async throws {
        let kept = try await LoopDatabase(engine)
        let draft = EventDraft(kind: "run.created", subject: EventSubject("run", "r1"), actor: "user:ann", reason: "", time: .zero)
        try await kept.log.append([draft])
        await #expect(throws: JidokaError.self) {
            try await kept.database.write { connection in
                try EventTable.append([draft, draft], on: connection)
                throw JidokaError.invalidArgument("refused")
            }
        }
        try await kept.log.append([draft])
        #expect(try await kept.log.head().sequence == 2)
        kept.remove()
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `an event altered in the database breaks the chain at its place`(engine: DatabaseEngine) async throws {
        let kept = try await LoopDatabase(engine)
        let drafts = (0..<5).map {
            EventDraft(kind: "run.created", subject: EventSubject("run", "r\($0)"), actor: "user:ann", reason: "", time: .zero)
        }
        try await kept.log.append(drafts)
        try await kept.database.write { try $0.execute("UPDATE events SET actor = 'user:eve' WHERE sequence = 3") }
        let events = try await kept.log.events(after: 0, limit: 1_000, kinds: nil, subject: nil)
        #expect(HashChain.firstBreak(in: events, after: HashChain.genesis, sequence: 0)?.sequence == 3)
        kept.remove()
    }
}
