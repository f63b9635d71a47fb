import Columns
import Errors
internal import Glibc
import Testing

@Suite struct FileTests {
    @Test func `parquet keeps values, types and nulls`() async throws {
        let folder = try TemporaryFolder()
        let engine = makeEngine()
        let path = "\(folder.path)/it's [a] file?.parquet"
        try await engine.execute(
            "COPY (SELECT i::BIGINT AS id, i / 4.0::DOUBLE AS x, CASE WHEN i % 2 = 0 THEN 'even' END AS word, "
                + "TIMESTAMP '2015-01-01' + INTERVAL (i) SECOND AS at FROM range(3000) AS r(i)) "
                + "TO \(SQLText.literal(path)) (FORMAT parquet)"
        )
        let file = try ColumnFile(path: path)
        #expect(file.format == .parquet)
        let description = try await engine.describe(file)
        #expect(description.rowCount == 3_000)
        #expect(description.fields.map(\.name) == ["id", "x", "word", "at"])
        #expect(description.fields.map(\.type) == ["BIGINT", "DOUBLE", "VARCHAR", "TIMESTAMP"])
        let table = try await engine.query("SELECT * FROM \(file.sql) ORDER BY id")
        #expect(table.row(2_049) == [.integer(2_049), .double(512.25), .null, .timestamp(1_420_070_400_000_000 + 2_049_000_000)])
        #expect(try table.column("word").nullCount == 1_500)
    }

    @Test func `csv round trip with quotes, commas and line ends`() async throws {
        let folder = try TemporaryFolder()
        let engine = makeEngine()
        let path = "\(folder.path)/rows.csv"
        try await engine.execute("CREATE TABLE t (name VARCHAR, n INTEGER)")
        try await engine.append(
            table: "t",
            columns: [
                Column("name", .strings(["a,b", "say \"hi\"", "two\nlines", ""]), validity: [true, true, true, false]),
                Column("n", .integers([1, 2, 3, 4])),
            ])
        try await engine.execute("COPY t TO \(SQLText.literal(path)) (HEADER)")
        let file = try ColumnFile(path: path)
        #expect(file.format == .csv)
        let table = try await engine.query("SELECT name, n FROM \(file.sql) ORDER BY n")
        #expect(try table.column("name").strings() == ["a,b", "say \"hi\"", "two\nlines", nil])
        #expect(try await engine.describe(file).rowCount == 4)
    }

    @Test func `json lines are read`() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("rows.jsonl", "{\"a\": 1, \"b\": \"x\"}\n{\"a\": 2, \"b\": null}\n")
        let table = try await makeEngine().query("SELECT a, b FROM \(ColumnFile(path: path).sql) ORDER BY a")
        #expect(table.row(1) == [.integer(2), .null])
    }

    @Test func `a file without a telling name is known by its first bytes`() async throws {
        let folder = try TemporaryFolder()
        let engine = makeEngine()
        let path = "\(folder.path)/0a1b"
        try await engine.execute("COPY (SELECT 1 AS one) TO \(SQLText.literal(path)) (FORMAT parquet)")
        #expect(try ColumnFile(path: path).format == .parquet)
    }

    @Test func `a missing file is not found`() {
        let error = #expect(throws: JidokaError.self) { try ColumnFile(path: "/nowhere/x.csv") }
        #expect(error?.code == .notFound)
    }

    @Test func `a torn parquet file is refused with words`() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("torn.parquet", "PAR1 and then nothing of use")
        let error = await #expect(throws: JidokaError.self) { try await makeEngine().describe(ColumnFile(path: path)) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("torn.parquet") == true)
    }

    @Test func `a database file keeps its tables`() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/columns.db"
        let first = makeEngine(.init(path: path))
        try await first.execute("CREATE TABLE t AS SELECT 42 AS answer")
        first.close()
        let second = makeEngine(.init(path: path, readOnly: true))
        #expect(try await second.query("SELECT answer FROM t").scalar() == .integer(42))
        await #expect(throws: JidokaError.self) { try await second.execute("DROP TABLE t") }
    }

    @Test func `names and texts are quoted`() async throws {
        #expect(SQLText.identifier("a\"b") == "\"a\"\"b\"")
        #expect(SQLText.literal("it's\0") == "'it''s'")
        let name = "we\"ird, \"\"name'"
        let engine = makeEngine()
        try await engine.execute("CREATE TABLE t (\(SQLText.identifier(name)) DATE)")
        try await engine.execute("INSERT INTO t VALUES (DATE '2015-06-01')")
        let table = try await engine.query("SELECT * FROM t")
        #expect(table.columns == [Column(name, .strings(["2015-06-01"]))])
    }
}
