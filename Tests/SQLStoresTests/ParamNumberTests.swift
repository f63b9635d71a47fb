import Filters
import Foundation
import SQL
import SQLStores
import Telemetry
import Testing

@Suite struct ParamNumberTests {
    @Test func `params of an older database get their numbers as new ones do`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jidoka-numbers-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let database = try Database(path: folder.appendingPathComponent("test.db").path, metrics: MetricsRegistry())
        defer { database.close() }
        let older = (EventSchema.migrations + TrackingSchema.migrations).prefix { $0.name != "tracking-0005-param-numbers" }
        try await database.migrate(Array(older))
        let values = [
            "5", "-0.5", "+1e3", ".5", "1e-05", "007", "1e999",
            "9007199254740993", "", "abc", "nan", "inf", "0x10", " 5", "5 ", "5abc",
            "--1",
            "1e", "True", "1.5.2", "+", "1e+5", "12345678901234567890",
        ]
        try await database.write { connection in
            try connection.script(
                """
                INSERT INTO experiments VALUES (0, 'Default', 'x', 'active', 0, 0);
                INSERT INTO runs VALUES (1, 'r', 0, 'r', '', 'RUNNING', 0, NULL, 'x', 'active', NULL);
                """)
            for (index, value) in values.enumerated() {
                try connection.execute("INSERT INTO params VALUES (1, ?, ?)", [.text("p\(index)"), .text(value)])
            }
        }
        try await database.migrate(EventSchema.migrations + TrackingSchema.migrations)
        let found = try await database.read { connection in
            try connection.map("SELECT value, number FROM params") { ($0.text(0), $0.optionalDouble(1)) }
        }
        #expect(found.count == values.count)
        for (value, number) in found { #expect(number == FilterNumber.read(value), "\(value)") }
    }
}
