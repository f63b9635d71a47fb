import Clockwork
import Conformance
import Digests
import Events
import Foundation
import SQL
import SQLStores
import Testing
import Tracking

/// Databases of released versions open, get what is missing, and are whole.
struct UpgradeTests {
    private static let migrations =
        EventSchema.migrations + TrackingSchema.migrations + RegistrySchema.migrations + DatasetSchema.migrations
        + PipelineSchema.migrations
        + EndpointSchema.migrations + RolloutSchema.migrations + MonitoringSchema.migrations + TrainingLoopSchema.migrations

    private static func fixture(_ name: String) throws -> String {
        let folder = try #require(Bundle.module.resourceURL?.appendingPathComponent("Fixtures"))
        return try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    @Test(arguments: ["schema-0.1.0.sql"])
    func `a database of a released version is brought up to date and is whole`(name: String) async throws {
        let kept = try await TestDatabase(.sqlite)
        defer { kept.close() }
        // The table that counts migrations is in the dump.
        let dump = try Self.fixture(name)
        try await kept.database.write { connection in
            try connection.execute("DROP TABLE migrations")
            try connection.execute("PRAGMA defer_foreign_keys = ON")
            try connection.script(dump)
        }
        try await kept.database.migrate(Self.migrations)
        let state = try await kept.database.schemaState(Self.migrations)
        #expect(state.missing.isEmpty && state.unknown.isEmpty)
        #expect(try await kept.database.damage() == [])
        #expect(try await kept.database.count("runs") == 3)
        #expect(try await kept.database.count("metric_points") == 18)
        let events = try await SQLEventLog(database: kept.database, time: SystemTime()).events(
            after: 0, limit: 1_000, kinds: nil, subject: nil)
        #expect(events.count > 8)
        #expect(HashChain.firstBreak(in: events, after: HashChain.genesis, sequence: 0) == nil)
        let run = try await kept.database.read { try $0.first("SELECT id FROM runs WHERE name = 'run-1'") { $0.text(0) } }
        let found = try await SQLRunStore(database: kept.database).run(id: try #require(run))
        #expect(found?.params.map(\.value) == ["4", "tree"])
        #expect(found?.metrics.contains { $0.key == "bad" && $0.value.isNaN } == true)
    }

    @Test func `the text of a released migration never changes`() throws {
        var released: [String: String] = [:]
        for line in try Self.fixture("released-migrations.txt").split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            let words = line.split(separator: " ")
            released[String(words[0])] = String(words[1])
        }
        let texts = Dictionary(uniqueKeysWithValues: Self.migrations.map { ($0.name, SHA256.hex($0.sql.utf8)) })
        for (name, digest) in released {
            #expect(texts[name] == digest, "`\(name)` is released: add a new migration at the end instead of changing it")
        }
        #expect(released.count >= 15)
    }
}
