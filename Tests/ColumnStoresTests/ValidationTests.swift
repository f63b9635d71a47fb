import ColumnStores
import Columns
import Datasets
import Errors
import JSON
import Testing

@Suite struct ValidationTests {
    /// 200 good rows in the form of the census: an id, an age, two coded answers, a label.
    private static let good = """
        SELECT i AS id, (i * 7 % 90)::DOUBLE AS AGEP, ((i % 2) + 1)::VARCHAR AS SEX, lpad((i % 24)::VARCHAR, 2, '0') AS SCHL,
        i % 2 AS employed FROM range(200) AS r(i)
        """
    /// The same with nulls, impossible ages, an unseen category, a repeated id, and without SCHL.
    private static let corrupted = """
        SELECT CASE WHEN id = 7 THEN 6 ELSE id END AS id, CASE WHEN id < 5 THEN 900 + id WHEN id < 8 THEN -1 ELSE AGEP END AS AGEP,
        CASE WHEN id % 20 = 0 THEN NULL WHEN id = 33 THEN '9' ELSE SEX END AS SEX, employed FROM (\(good))
        """

    private static let suite = ExpectationSuite([
        Expectation(.columnsExist(["id", "AGEP", "SEX", "SCHL", "employed"])), Expectation(.columnType(.number), column: "AGEP"),
        Expectation(.notNull, column: "SEX"), Expectation(.unique, column: "id"),
        Expectation(.between(.init(min: 0, max: 120)), column: "AGEP"), Expectation(.inSet([.text("1"), .text("2")]), column: "SEX"),
        Expectation(.matches("^[0-9]{2}$"), column: "SCHL"), Expectation(.rowCount(.init(min: 100))),
        Expectation(.mean(.init(min: 40, max: 48)), column: "AGEP"), Expectation(.median(.init(min: 30, max: 60)), column: "AGEP"),
        Expectation(.deviation(.init(max: 30)), column: "AGEP"), Expectation(.nullShareAtMost(0), column: "SEX"),
        Expectation(.distinctCount(.init(min: 2, max: 2)), column: "SEX"),
    ])

    private func results(_ query: String, _ suite: ExpectationSuite, csv: Bool = false) async throws -> [ExpectationResult] {
        let bench = try Bench()
        let name = csv ? "batch.csv" : "batch.parquet"
        try await bench.execute("COPY (\(query)) TO '{dir}/\(name)' (\(csv ? "HEADER" : "FORMAT parquet"))")
        return try await DuckDBValidator(engine: bench.engine).validate(bench.file(name), suite: suite).results
    }

    @Test func `good data passes every expectation`() async throws {
        let results = try await results(ValidationTests.good, ValidationTests.suite)
        #expect(results.count == ValidationTests.suite.expectations.count)
        for result in results { #expect(result.success, "\(result.name): \(result.message)") }
    }

    @Test(arguments: [false, true])
    func `a corrupted batch fails with counts and sample rows`(csv: Bool) async throws {
        let results = try await results(ValidationTests.corrupted, ValidationTests.suite, csv: csv)
        let failed = results.filter { !$0.success }
        #expect(
            failed.map { $0.name } == [
                "columns_exist", "not_null", "unique", "between", "in_set", "matches", "mean_between", "stdev_between",
                "null_share_at_most",
                "distinct_count_between",
            ])
        #expect(failed[0].observed == ["SCHL"])
        #expect(failed[1].unexpectedCount == 10)
        #expect(failed[1].unexpectedShare == 0.05)
        #expect(failed[1].sample.map(\.row) == Array(stride(from: 0, to: 200, by: 20)))
        #expect(failed[2].unexpectedCount == 2)
        #expect(failed[2].sample.map(\.row) == [6, 7])
        let ages = failed[3]
        #expect(ages.unexpectedCount == 8)
        #expect(ages.sample.count == 8)
        #expect(ages.sample[0].cells.keys == ["AGEP", "id", "SEX", "employed"])
        #expect(ages.sample[1].cells["AGEP"]?.doubleValue == 901)
        #expect(ages.sample[1].cells["id"] == 1)
        #expect(ages.message == "8 of 200 cells do not: each must be between 0 and 120")
        #expect(failed[4].unexpectedCount == 1)
        // CSV reads the codes as numbers.
        #expect(failed[4].sample.first?.cells["SEX"] == (csv ? 9 : "9"))
        #expect(failed[5].message.contains("`SCHL` is missing"))
        #expect(failed[5].unexpectedCount == 200)
        #expect(failed[9].observed == 3)
    }

    @Test func `at most ten sample rows of twelve cells are shown`() async throws {
        let columns = (0..<20).map { "i AS c\($0)" }.joined(separator: ", ")
        let suite = ExpectationSuite([Expectation(.between(.init(max: -1)), column: "c15")])
        let result = try #require(try await results("SELECT \(columns) FROM range(50) AS r(i)", suite).first)
        #expect(result.unexpectedCount == 50)
        #expect(result.sample.count == 10)
        #expect(result.sample[0].cells.count == 12)
        #expect(result.sample[0].cells.keys.first == "c15")
    }

    @Test func `mostly allows a share of rows, to the last one`() async throws {
        let query = "SELECT CASE WHEN i < 10 THEN NULL ELSE i END AS x FROM range(1000) AS r(i)"
        let suite = ExpectationSuite([
            Expectation(.notNull, column: "x", mostly: 0.99), Expectation(.notNull, column: "x", mostly: 0.991),
            Expectation(.between(.init(min: 20)), column: "x", mostly: 0.98),
        ])
        let results = try await results(query, suite)
        #expect(results.map(\.success) == [true, false, true])
        #expect(results[0].sample.isEmpty)
        #expect(results[2].unexpectedShare == 10.0 / 990)
    }

    @Test func `text where numbers should be is unexpected, and NaN is missing`() async throws {
        let query = """
            SELECT CASE WHEN i = 1 THEN 'old' ELSE i::VARCHAR END AS age, CASE WHEN i = 2 THEN 'NaN'::DOUBLE ELSE i END AS x
            FROM range(5) AS r(i)
            """
        let suite = ExpectationSuite([
            Expectation(.between(.init(min: 0, max: 120)), column: "age"), Expectation(.columnType(.integer), column: "age"),
            Expectation(.notNull, column: "x"), Expectation(.between(.init(min: 0)), column: "x"),
            Expectation(.mean(.init(min: 2, max: 2)), column: "x"),
        ])
        let results = try await results(query, suite)
        #expect(results.map(\.success) == [false, false, false, true, true])
        #expect(results[0].sample.first?.cells["age"] == "old")
        #expect(results[1].observed == "VARCHAR")
        #expect(results[2].unexpectedCount == 1)
    }

    @Test func `sets compare numbers as numbers and texts as texts`() async throws {
        let query = "SELECT i AS n, i::DOUBLE AS d, i::VARCHAR AS t, i = 1 AS b FROM range(2) AS r(i)"
        let members: [Expectation.SetMember] = [.number(0), .text("1"), .flag(true), .flag(false)]
        let suite = ExpectationSuite(["n", "d", "t", "b"].map { Expectation(.inSet(members), column: $0) })
        #expect(try await results(query, suite).map(\.success) == [true, true, true, true])
    }

    @Test func `an expectation on an empty file holds for all of no rows`() async throws {
        let suite = ExpectationSuite([
            Expectation(.notNull, column: "x"), Expectation(.rowCount(.init(min: 1))), Expectation(.mean(.init(min: 0)), column: "x"),
        ])
        let results = try await results("SELECT 1 AS x WHERE FALSE", suite)
        #expect(results.map(\.success) == [true, false, false])
        #expect(results[2].message.contains("too few"))
    }

    @Test func `a malformed regular expression is told with its expectation`() async throws {
        let suite = ExpectationSuite([Expectation(.matches("("), column: "x")])
        let error = await #expect(throws: JidokaError.self) { _ = try await results("SELECT 'a' AS x", suite) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("of `matches` on `x`") == true)
    }

    @Test func `names and patterns with quotes are taken as they are`() async throws {
        let suite = ExpectationSuite([
            Expectation(.inSet([.text("it's")]), column: "a \"b\""), Expectation(.matches("'s$"), column: "a \"b\""),
            Expectation(.unique, column: "a \"b\""),
        ])
        #expect(try await results("SELECT 'it''s' AS \"a \"\"b\"\"\"", suite).map(\.success) == [true, true, true])
    }
}
