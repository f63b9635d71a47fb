import Columns
import Errors
import Testing

@Suite struct AppendTests {
    @Test func `every storage goes in and comes out, over several chunks`() async throws {
        let engine = makeEngine()
        try await engine.execute(
            "CREATE TABLE \"a table\" (d DOUBLE, i BIGINT, s VARCHAR, b BOOLEAN, t TIMESTAMP, z VARCHAR DEFAULT 'none')")
        let rows = 5_000
        let valid = (0..<rows).map { $0 % 7 != 0 }
        let columns = [
            Column("t", .timestamps((0..<rows).map { Int64($0) * 1_000_000 })),
            Column("d", .doubles((0..<rows).map { valid[$0] ? Double($0) / 2 : .nan }), validity: valid),
            Column("i", .integers((0..<rows).map { valid[$0] ? Int64($0) : 0 }), validity: valid),
            Column("s", .strings((0..<rows).map { valid[$0] ? "text number \($0) 日本" : "" }), validity: valid),
            Column("b", .booleans((0..<rows).map { valid[$0] && $0 % 2 == 0 }), validity: valid),
        ]
        try await engine.append(table: "a table", columns: columns)
        let table = try await engine.query("SELECT t, d, i, s, b FROM \"a table\" ORDER BY t")
        #expect(table.rowCount == rows)
        for (got, want) in zip(table.columns, columns) {
            #expect(got.name == want.name)
            #expect(got.validity == want.validity)
            #expect((0..<rows).allSatisfy { got[$0] == want[$0] })
        }
        #expect(try await engine.query("SELECT count(*) FROM \"a table\" WHERE z = 'none'").scalar() == .integer(5_000))
    }

    @Test func `values are cast to the table's types`() async throws {
        let engine = makeEngine()
        try await engine.execute("CREATE TABLE t (small INTEGER, ratio FLOAT)")
        try await engine.append(table: "t", columns: [Column("small", .integers([1, 2])), Column("ratio", .doubles([0.5, 1.5]))])
        #expect(try await engine.query("SELECT sum(small), sum(ratio) FROM t").row(0) == [.double(3), .double(2)])
    }

    @Test func `rows that break a rule leave the table as it was`() async throws {
        let engine = makeEngine()
        try await engine.execute("CREATE TABLE t (i BIGINT PRIMARY KEY)")
        try await engine.append(table: "t", columns: [Column("i", .integers([1]))])
        let error = await #expect(throws: JidokaError.self) {
            try await engine.append(table: "t", columns: [Column("i", .integers([2, 3, 1]))])
        }
        #expect(error?.code == .invalidArgument)
        #expect(try await engine.query("SELECT count(*) FROM t").scalar() == .integer(1))
        try await engine.append(table: "t", columns: [Column("i", .integers([2]))])
        #expect(try await engine.query("SELECT count(*) FROM t").scalar() == .integer(2))
    }

    @Test func `an unknown table, an unknown column and uneven columns are refused`() async throws {
        let engine = makeEngine()
        try await engine.execute("CREATE TABLE t (i BIGINT)")
        await #expect(throws: JidokaError.self) { try await engine.append(table: "u", columns: [Column("i", .integers([1]))]) }
        await #expect(throws: JidokaError.self) { try await engine.append(table: "t", columns: [Column("j", .integers([1]))]) }
        let error = await #expect(throws: JidokaError.self) {
            try await engine.append(table: "t", columns: [Column("i", .integers([1])), Column("j", .integers([1, 2]))])
        }
        #expect(error?.message.contains("`j`") == true)
    }
}
