import Conformance
import Errors
import SQL
import Telemetry
import Testing

struct EngineTests {
    private static let table = [
        Migration(
            name: "t-0001",
            sql: """
                CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, score REAL, bytes BLOB) STRICT;
                -- a remark's quote is no text
                CREATE TABLE pairs (t INTEGER NOT NULL REFERENCES t (id), key TEXT NOT NULL, PRIMARY KEY (t, key)) STRICT, WITHOUT ROWID;
                """)
    ]

    private func with(_ engine: DatabaseEngine, _ body: (TestDatabase) async throws -> Void) async throws {
        let kept = try await TestDatabase(engine, EngineTests.table)
        defer { kept.close() }
        try await body(kept)
    }

    private func add(_ names: [String], to kept: TestDatabase) async throws -> [Int64] {
        try await kept.database.write { connection in
            try names.map { try connection.insert("INSERT INTO t (name) VALUES (?) RETURNING id", [.text($0)]) }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `every type comes back as it was bound`(engine: DatabaseEngine) async throws {
        try await with(engine) { kept in
            let texts = ["ü\u{0}x", "\u{10FFFF}0\u{0}", "it's \\ \"quoted\""]
            for text in texts {
                let id = try await add([text], to: kept)[0]
                let value: [SQLValue] = [.double(-1.5e-300), .blob([1, 0, 255]), .int(id)]
                try await kept.database.write { try $0.execute("UPDATE t SET score = ?, bytes = ? WHERE id = ?", value) }
                let back = try await kept.database.read { connection in
                    try connection.first("SELECT name, score, bytes, id FROM t WHERE name = ?", [.text(text)]) { row in
                        [.text(row.text(0)), .double(row.double(1)), .blob(row.blob(2)), .int(row.int(3))] as [SQLValue]
                    }
                }
                #expect(back == [.text(text)] + value)
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `text is ordered by its bytes and LIKE tells case and knows no escape`(engine: DatabaseEngine) async throws {
        try await with(engine) { kept in
            _ = try await add(["b", "B", "a", "ä", "a\\b", "_"], to: kept)
            func names(_ rest: String, _ bindings: [SQLValue] = []) async throws -> [String] {
                try await kept.database.read { try $0.map("SELECT name FROM t \(rest)", bindings) { $0.text(0) } }
            }
            #expect(try await names("ORDER BY name") == ["B", "_", "a", "a\\b", "b", "ä"])
            #expect(try await names("WHERE name LIKE ?", ["b%"]) == ["b"])
            #expect(try await names("WHERE name LIKE ?", ["a\\%"]) == ["a\\b"])
            #expect(try await names("WHERE lower(name) LIKE 'b' ORDER BY name") == ["B", "b"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a list of numbers is one binding`(engine: DatabaseEngine) async throws {
        try await with(engine) { kept in
            let ids = try await add(["a", "b", "c"], to: kept)
            for wanted in [[], [ids[1]], ids] {
                let found = try await kept.database.read { connection in
                    try connection.map("SELECT id FROM t WHERE id IN integers(?) AND id > ? ORDER BY id", [.ints(wanted), 0]) { $0.int(0) }
                }
                #expect(found == wanted)
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func `a list of texts is one binding whatever is in them`(engine: DatabaseEngine) async throws
    {
        try await with(engine) { kept in
            let texts = ["a", "", "b\"c", "d\\e", "{f,g}", "\n\t\u{1}", "ü😀", "\u{10FFFF}", "NULL", "'"]
            _ = try await add(texts, to: kept)
            for wanted in [[], ["a"], texts] {
                let found = try await kept.database.read { connection in
                    try connection.map("SELECT name FROM t WHERE name IN texts(?) AND id > ? ORDER BY id", [.texts(wanted), 0]) {
                        $0.text(0)
                    }
                }
                #expect(found == wanted)
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a body that fails in the middle of many leaves the others and its error is a conflict`(engine: DatabaseEngine) async throws {
        try await with(engine) { kept in
            _ = try await add(["taken"], to: kept)
            let conflicts = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<100 {
                    group.addTask {
                        do {
                            try await kept.database.write { connection in
                                try connection.executeEach("INSERT INTO t (name) VALUES (?)", [[.text("n\(index)")], [.text("m\(index)")]])
                                if index % 4 == 0 { try connection.execute("INSERT INTO t (name) VALUES ('taken')") }
                                if index % 4 == 1 { try connection.executeEach("INSERT INTO t (name) VALUES (?)", [["taken"], ["x"]]) }
                            }
                            return 0
                        } catch let error as JidokaError where error.code == .conflict { return 1 }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(conflicts == 50)
            #expect(try await kept.database.read { try $0.first("SELECT count(*) FROM t") { $0.int(0) } } == 101)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a reference to nothing is a conflict`(engine: DatabaseEngine) async throws {
        try await with(engine) { kept in
            do {
                try await kept.database.write { try $0.execute("INSERT INTO pairs VALUES (99, 'k')") }
                Issue.record("it was stored")
            } catch let error as JidokaError { #expect(error.code == .conflict) }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `two programs that read, decide and write at the same moment do so one after the other`(engine: DatabaseEngine) async throws {
        try await with(engine) { kept in
            let other = try kept.another()
            let databases = [kept.database, other]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<60 {
                    group.addTask {
                        try await databases[index % 2].write { connection in
                            let highest = try connection.first("SELECT coalesce(max(id), 0) FROM t") { $0.int(0) } ?? 0
                            try connection.execute("INSERT INTO t (id, name) VALUES (?, ?)", [.int(highest + 1), .text("n\(index)")])
                        }
                    }
                }
                try await group.waitForAll()
            }
            other.close()
            #expect(try await kept.database.read { try $0.map("SELECT id FROM t ORDER BY id") { $0.int(0) } } == Array(1...60))
        }
    }

    @Test func `a connection that the server ends is opened again by itself`() async throws {
        try await with(.postgres) { kept in
            _ = try await add(["a"], to: kept)
            #expect(try await kept.database.read { try $0.first("SELECT count(*) FROM t") { $0.int(0) } } == 1)
            let other = try kept.another()
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%' AND application_name = 'jidoka'"
            // Only connections of this test: they carry its schema in no other place than their own settings, so each says who it is.
            let own = try await [
                kept.database.write { try $0.first("SELECT pg_backend_pid()") { $0.int(0) } ?? 0 },
                kept.database.read { try $0.first("SELECT pg_backend_pid()") { $0.int(0) } ?? 0 },
            ]
            try await other.write { try $0.execute("\(end) AND pid IN integers(?)", [.ints(own)]) }
            #expect(try await add(["b"], to: kept).count == 1)
            #expect(try await kept.database.read { try $0.first("SELECT count(*) FROM t") { $0.int(0) } } == 2)
            other.close()
        }
    }

    @Test func `an address says where without the password`() throws {
        let url = "postgresql+psycopg2://ann:s3cret@db.example:5433/line?sslmode=require"
        let location = try DatabaseLocation(url, folder: "/srv")
        #expect(location == .postgres(url: "postgresql://ann:s3cret@db.example:5433/line?sslmode=require"))
        #expect(location.shown == "postgresql://ann@db.example:5433/line")
        #expect(try DatabaseLocation("sqlite:///a/b.db", folder: "/srv") == .sqlite(path: "/srv/a/b.db"))
        #expect(try DatabaseLocation("sqlite:////a/b.db", folder: "/srv") == .sqlite(path: "/a/b.db"))
        for wrong in ["mysql://h/d", "sqlite://", "plain", "postgresql:/ann:s3cret@h"] {
            do {
                _ = try DatabaseLocation(wrong, folder: "/srv")
                Issue.record("`\(wrong)` was taken")
            } catch {
                #expect(error.code == .invalidArgument)
                #expect(!error.message.contains("s3cret"))
            }
        }
    }

    @Test func `a server that is not there gives a clear error`() throws {
        do {
            _ = try Database(.postgres(url: "postgresql://ann:s3cret@127.0.0.1:1/none"), metrics: MetricsRegistry())
            Issue.record("it was opened")
        } catch let error as JidokaError {
            #expect(error.code == .unavailable)
            #expect(!error.description.contains("s3cret"))
        }
    }
}
