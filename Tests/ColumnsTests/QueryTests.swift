import Clockwork
import Columns
import Errors
import Synchronization
import Testing

@Suite struct QueryTests {
    @Test func `nothing is opened before the first use`() async throws {
        let engine = makeEngine()
        #expect(!engine.isOpen)
        let one = try await engine.query("SELECT 1::BIGINT AS one")
        #expect(engine.isOpen)
        #expect(one == ColumnTable(columns: [Column("one", .integers([1]))]))
        engine.close()
        #expect(!engine.isOpen)
    }

    static let cells: [(String, ColumnValue)] = [
        ("true", .boolean(true)), ("(-7)::TINYINT", .integer(-7)), ("(-300)::SMALLINT", .integer(-300)),
        ("70000::INTEGER", .integer(70_000)),
        ("9007199254740993::BIGINT", .integer(9_007_199_254_740_993)), ("200::UTINYINT", .integer(200)),
        ("60000::USMALLINT", .integer(60_000)), ("4000000000::UINTEGER", .integer(4_000_000_000)), ("5::UBIGINT", .integer(5)),
        ("1.5::FLOAT", .double(1.5)), ("0.1::DOUBLE", .double(0.1)), ("12.34::DECIMAL(4,2)", .double(12.34)),
        ("-12345.678::DECIMAL(9,3)", .double(-12345.678)), ("123456789.5::DECIMAL(18,1)", .double(123_456_789.5)),
        ("-1.5::DECIMAL(38,1)", .double(-1.5)), ("(-3)::HUGEINT", .double(-3)), ("36893488147419103232::UHUGEINT", .double(0x1p65)),
        ("'twelve bytes'", .string("twelve bytes")), ("'thirteen bytes and more'", .string("thirteen bytes and more")),
        ("'日本語のテキスト'", .string("日本語のテキスト")), ("''", .string("")), ("TIMESTAMP '1970-01-01 00:00:01.5'", .timestamp(1_500_000)),
        ("TIMESTAMP_S '1970-01-01 00:00:02'", .timestamp(2_000_000)), ("TIMESTAMP_MS '1970-01-01 00:00:00.003'", .timestamp(3_000)),
        ("TIMESTAMP_NS '1969-12-31 23:59:59.9999995'", .timestamp(-1)), ("TIMESTAMPTZ '1970-01-01 01:00:00+01'", .timestamp(0)),
        ("DATE '2016-02-29'", .string("2016-02-29")), ("[1, 2, NULL]", .string("[1, 2, NULL]")), ("{'a': 1}", .string("{'a': 1}")),
        ("'00000000-0000-0000-0000-000000000001'::UUID", .string("00000000-0000-0000-0000-000000000001")),
        ("'b'::ENUM('a', 'b')", .string("b")), ("NULL", .null), ("NULL::VARCHAR", .null), ("NULL::DATE", .null),
    ]

    @Test(arguments: cells) func `every type comes as its value`(_ expression: String, _ expected: ColumnValue) async throws {
        let table = try await makeEngine().query("SELECT \(expression) AS x -- a remark\n;")
        #expect(try table.scalar() == expected)
        #expect(table.names == ["x"])
    }

    @Test func `an integer beyond 64 bits is refused and not rounded`() async throws {
        let error = await #expect(throws: JidokaError.self) { try await makeEngine().query("SELECT 18446744073709551615::UBIGINT AS big") }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("`big`") == true)
    }

    @Test func `nulls keep their places across chunks`() async throws {
        let table = try await makeEngine().query(
            "SELECT CASE WHEN i % 3 = 0 THEN NULL ELSE i END AS i, CASE WHEN i < 3000 THEN 'a' || i END AS s "
                + "FROM range(5000) AS r(i) ORDER BY r.i")
        #expect(table.rowCount == 5_000)
        let numbers = try table.column("i")
        let texts = try table.column("s")
        #expect(numbers.nullCount == 1_667)
        #expect(texts.nullCount == 2_000)
        #expect(numbers[4_500] == .null && numbers[4_501] == .integer(4_501))
        #expect(texts[2_999] == .string("a2999") && texts[3_000] == .null)
        #expect(try numbers.doubles()[3].isNaN)
        #expect(texts.strings()[4_999] == nil)
    }

    @Test func `parameters are bound and never become part of the text`() async throws {
        let table = try await makeEngine().query(
            "SELECT ?::VARCHAR AS a, ?::BIGINT AS b, ?::DOUBLE AS c, ?::BOOLEAN AS d, ?::TIMESTAMP AS e, ?::VARCHAR AS f",
            [.string("it's; DROP TABLE x"), .integer(-5), .double(2.5), .boolean(true), .timestamp(1), .null])
        #expect(
            table.row(0) == [.string("it's; DROP TABLE x"), .integer(-5), .double(2.5), .boolean(true), .timestamp(1), .null])
    }

    @Test func `a wrong number of parameters is refused`() async throws {
        let error = await #expect(throws: JidokaError.self) { try await makeEngine().query("SELECT ?::BIGINT", []) }
        #expect(error?.message == "the statement has 1 parameters, and 0 were given")
    }

    @Test(arguments: [
        ("SELEC 1", ErrorCode.invalidArgument, "Parser Error"), ("SELECT nope FROM range(1)", .invalidArgument, "Binder Error"),
        ("SELECT * FROM nowhere", .invalidArgument, "Catalog Error"), ("SELECT 'x'::INTEGER", .invalidArgument, "Conversion Error"),
        ("SELECT * FROM read_parquet('/nowhere/x.parquet')", .notFound, "IO Error"), ("SET threads = 1", .invalidArgument, "locked"),
        ("SELECT CASE WHEN i = 4000 THEN error('late') ELSE i END FROM range(5000) AS r(i)", .invalidArgument, "late"),
        ("SELECT 1; SELECT 2", .invalidArgument, "multiple statements"),
    ]) func `errors carry DuckDB's words`(_ sql: String, _ code: ErrorCode, _ words: String) async throws {
        let error = await #expect(throws: JidokaError.self) { try await makeEngine().query(sql) }
        #expect(error?.code == code)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test func `more rows than allowed are an error, not a cut answer`() async throws {
        let engine = makeEngine()
        #expect(try await engine.query("SELECT * FROM range(10)", maximumRows: 10).rowCount == 10)
        let error = await #expect(throws: JidokaError.self) { try await engine.query("SELECT * FROM range(11)", maximumRows: 10) }
        #expect(error?.code == .exhausted)
    }

    @Test func `a query beyond the memory limit fails and the engine lives on`() async throws {
        let engine = makeEngine(.init(threads: 1, memoryLimit: "20MB"))
        let error = await #expect(throws: JidokaError.self) {
            try await engine.query("SELECT count(*) FROM (SELECT DISTINCT i, repeat('x', 100) || i FROM range(2000000) AS r(i))")
        }
        #expect(error?.code == .exhausted)
        #expect(try await engine.query("SELECT 1").scalar() == .integer(1))
    }

    @Test func `chunks stream in order`() async throws {
        let seen = Mutex<[Int64]>([])
        let sizes = Mutex<[Int]>([])
        try await makeEngine().forEachChunk("SELECT i FROM range(?) AS r(i)", [.integer(10_000)]) { piece in
            let values = try piece.columns[0].integers()
            seen.withLock { $0 += values }
            sizes.withLock { $0.append(piece.rowCount) }
        }
        #expect(seen.withLock { $0 } == Array(0..<10_000))
        #expect(sizes.withLock { $0.allSatisfy { $0 <= 2_048 } })
    }

    @Test func `connections work side by side`() async throws {
        let engine = makeEngine()
        try await engine.execute("CREATE TABLE t (i BIGINT)")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for _ in 0..<10 { try await engine.execute("INSERT INTO t VALUES (?)", [.integer(Int64(task))]) }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await engine.query("SELECT count(*), sum(i) FROM t").row(0) == [.integer(80), .double(280)])
    }

    @Test func `execute tells how many rows changed`() async throws {
        let engine = makeEngine()
        try await engine.execute("CREATE TABLE t AS SELECT i FROM range(10) AS r(i)")
        #expect(try await engine.execute("DELETE FROM t WHERE i < ?", [.integer(4)]) == 4)
    }

    @Test func `a missing column names its neighbour`() async throws {
        let table = try await makeEngine().query("SELECT 1 AS accuracy")
        let error = #expect(throws: JidokaError.self) { try table.column("acuracy") }
        #expect(error?.hint == "did you mean `accuracy`?")
    }

    @Test func `a transaction left open by a failure does not reach the next user`() async throws {
        let engine = makeEngine()
        try await engine.execute("CREATE TABLE t (i BIGINT)")
        await #expect(throws: JidokaError.self) {
            try await engine.session { session in
                try session.execute("BEGIN TRANSACTION")
                try session.execute("INSERT INTO t VALUES (1)")
                try session.execute("INSERT INTO nowhere VALUES (1)")
            }
        }
        #expect(try await engine.query("SELECT count(*) FROM t").scalar() == .integer(0))
    }
}
