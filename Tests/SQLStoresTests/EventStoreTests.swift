import Clockwork
import Conformance
import Errors
import Events
import Foundation
import SQL
import SQLStores
import Telemetry
import Testing

/// A temporary database with the event log and the stores of the closed loop.
struct LoopDatabase {
    let path: String
    let database: Database

    static let migrations = EventSchema.migrations + RolloutSchema.migrations + TrainingLoopSchema.migrations

    init() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jidoka-loop-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try await self.init(path: folder.appendingPathComponent("test.db").path)
    }

    init(path: String) async throws {
        self.path = path
        database = try Database(path: path, metrics: MetricsRegistry())
        try await database.migrate(LoopDatabase.migrations)
    }

    var log: SQLEventLog { SQLEventLog(database: database, time: SystemTime()) }
    var stores: LoopStores {
        LoopStores(log: log, rollouts: SQLRolloutStore(database: database), loops: SQLTrainingLoopStore(database: database))
    }

    func remove() throws {
        database.close()
        try FileManager.default.removeItem(at: URL(fileURLWithPath: path).deletingLastPathComponent())
    }
}

struct EventStoreTests {
    @Test(arguments: EventLogContract.checks.map(\.name))
    func `the event log on SQLite keeps the contract`(name: String) async throws {
        let kept = try await LoopDatabase()
        let check = try #require(EventLogContract.checks.first { $0.name == name })
        try await check.run(kept.log)
        try kept.remove()
    }

    @Test func `events of a change that is undone are gone with it`() async throws {
        let kept = try await LoopDatabase()
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
        try kept.remove()
    }

    @Test func `an event altered in the file breaks the chain at its place`() async throws {
        let kept = try await LoopDatabase()
        let drafts = (0..<5).map {
            EventDraft(kind: "run.created", subject: EventSubject("run", "r\($0)"), actor: "user:ann", reason: "", time: .zero)
        }
        try await kept.log.append(drafts)
        try await kept.database.write { try $0.execute("UPDATE events SET actor = 'user:eve' WHERE sequence = 3") }
        let events = try await kept.log.events(after: 0, limit: 1_000, kinds: nil, subject: nil)
        #expect(HashChain.firstBreak(in: events, after: HashChain.genesis, sequence: 0)?.sequence == 3)
        try kept.remove()
    }
}
