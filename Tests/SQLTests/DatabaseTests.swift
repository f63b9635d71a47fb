import Clockwork
import Errors
import Foundation
import SQL
import Telemetry
import Testing

struct DatabaseTests {
    private func temporary() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jidoka-sql-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder.appendingPathComponent("test.db").path
    }

    private func open(_ path: String, metrics: MetricsRegistry = MetricsRegistry()) async throws -> Database {
        let database = try Database(path: path, metrics: metrics)
        try await database.migrate([
            Migration(name: "t-0001", sql: "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT")
        ])
        return database
    }

    @Test func `an answered write is read back by the next read and after reopening`() async throws {
        let path = try temporary()
        let database = try await open(path)
        try await database.write { try $0.execute("INSERT INTO t VALUES (1, 'a')") }
        #expect(try await database.read { try $0.first("SELECT name FROM t") { $0.text(0) } } == "a")
        database.close()
        let again = try await open(path)
        #expect(try await again.read { try $0.map("SELECT id FROM t") { $0.int(0) } } == [1])
        again.close()
    }

    @Test func `a failing body undoes only its own changes`() async throws {
        let database = try await open(try temporary())
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<200 {
                group.addTask {
                    do {
                        try await database.write { connection in
                            try connection.execute("INSERT INTO t VALUES (?, ?)", [.int(Int64(index)), .text("n\(index)")])
                            if index % 3 == 0 { throw JidokaError.invalidArgument("refused") }
                        }
                        return true
                    } catch { return false }
                }
            }
            var kept = 0
            for await success in group where success { kept += 1 }
            return kept
        }
        let stored = try await database.read { try $0.first("SELECT count(*) FROM t") { $0.int(0) } }
        #expect(outcomes == 133)
        #expect(stored == 133)
        database.close()
    }

    @Test func `many writers share few transactions`() async throws {
        let metrics = MetricsRegistry()
        let database = try await open(try temporary(), metrics: metrics)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<500 {
                group.addTask {
                    try await database.write { try $0.execute("INSERT INTO t VALUES (?, ?)", [.int(Int64(index)), .text("n\(index)")]) }
                }
            }
            try await group.waitForAll()
        }
        let commits = metrics.histogram("jidoka_sql_commit_writes", help: "", bounds: [1]).snapshot.counts.reduce(0, +)
        #expect(commits < 250)
        database.close()
    }

    @Test func `a constraint is a conflict and a write after close is refused`() async throws {
        let database = try await open(try temporary())
        try await database.write { try $0.execute("INSERT INTO t VALUES (1, 'a')") }
        await #expect(throws: JidokaError.self) { try await database.write { try $0.execute("INSERT INTO t VALUES (2, 'a')") } }
        database.close()
        do {
            try await database.write { try $0.execute("DELETE FROM t") }
            Issue.record("the write was taken")
        } catch let error as JidokaError { #expect(error.code == .unavailable) }
    }

    @Test func `a database from a newer program is refused`() async throws {
        let path = try temporary()
        let database = try await open(path)
        try await database.migrate([
            Migration(name: "t-0001", sql: ""), Migration(name: "t-0002", sql: "CREATE TABLE u (id INTEGER) STRICT"),
        ])
        database.close()
        do {
            _ = try await open(path)
            Issue.record("it was opened")
        } catch let error as JidokaError {
            #expect(error.code == .failedPrecondition)
            #expect(error.message.contains("t-0002"))
        }
    }

    @Test func `a folder that cannot be written gives a clear error`() throws {
        do {
            _ = try Database(path: "/proc/nothing/here.db", metrics: MetricsRegistry())
            Issue.record("it was opened")
        } catch let error as JidokaError { #expect(error.code == .unavailable) }
    }

    @Test func `every type comes back as it was bound`() async throws {
        let database = try await open(try temporary())
        let back = try await database.read { connection in
            try connection.first("SELECT ?, ?, ?, ?, ?", [1, 2.5, "ü\u{0}x", .blob([1, 0, 2]), nil]) { row in
                "\(row.int(0)) \(row.double(1)) \(row.text(2).utf8.count) \(row.blob(3)) \(row.isNull(4)) \(row.optionalText(4) == nil)"
            }
        }
        #expect(back == "1 2.5 4 [1, 0, 2] true true")
        database.close()
    }
}
