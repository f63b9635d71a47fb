import ColumnStores
import Columns
import Datasets
import Errors
import Monitoring
import Testing

@Suite struct ProfileTests {
    private static let rows = """
        SELECT i AS id, i % 5 AS small, i / 4.0::DOUBLE AS x, CASE WHEN i % 3 = 0 THEN 'a' WHEN i % 3 = 1 THEN 'b' END AS word,
        TIMESTAMP '2015-01-01' + INTERVAL (i) DAY AS at, i % 2 = 0 AS even,
        CASE WHEN i % 10 = 0 THEN 'NaN'::DOUBLE WHEN i % 10 = 1 THEN NULL ELSE 1.0 END AS holes FROM range(1000) AS r(i)
        """

    @Test(arguments: ["data.parquet", "data.csv"])
    func `every column has its figures, in Parquet and CSV alike`(name: String) async throws {
        let bench = try Bench()
        let form = name.hasSuffix("csv") ? "HEADER" : "FORMAT parquet"
        try await bench.execute("COPY (\(ProfileTests.rows)) TO '{dir}/\(name)' (\(form))")
        let profile = try await DuckDBProfiler(engine: bench.engine).profile(bench.file(name))
        #expect(profile.rows == 1_000)
        #expect(profile.columns.map(\.name) == ["id", "small", "x", "word", "at", "even", "holes"])
        let (id, small, x, word) = (profile.columns[0], profile.columns[1], profile.columns[2], profile.columns[3])
        #expect(id.type == "BIGINT")
        #expect(id.minimum == "0" && id.maximum == "999" && id.mean == 499.5)
        #expect(abs((id.deviation ?? 0) - 288.819_436) < 1e-5)
        #expect(id.quantiles.first { $0.share == 0.5 }?.value == 499.5)
        #expect(abs(id.distinct - 1_000) < 100)
        #expect(id.top.isEmpty)
        #expect(id.histogram.map(\.count) == Array(repeating: 50, count: 20))
        #expect(small.top.map(\.count) == Array(repeating: 200, count: 5))
        #expect(small.top.map(\.value) == ["0", "1", "2", "3", "4"])
        #expect(x.histogram.first?.low == 0 && x.histogram.last?.high == 249.75)
        #expect(word.count == 667 && word.missing == 333 && word.distinct == 2)
        #expect(word.top == [.init(value: "a", count: 334), .init(value: "b", count: 333)])
        #expect(word.minimum == "a" && word.mean == nil && word.histogram.isEmpty)
        #expect(profile.columns[4].minimum?.hasPrefix("2015-01-01") == true)
        #expect(profile.columns[5].type == "BOOLEAN")
        #expect(profile.columns[6].missing == 200)
        #expect(profile.columns[6].mean == 1)
        #expect(try DatasetProfile(json: profile.json) == profile)
    }

    @Test func `a file without rows and a column without values have no figures`() async throws {
        let bench = try Bench()
        try await bench.execute(
            "COPY (SELECT 1 AS a, NULL::VARCHAR AS b, NULL::DOUBLE AS c WHERE FALSE) TO '{dir}/e.parquet' (FORMAT parquet)")
        try await bench.execute("COPY (SELECT i, NULL::DOUBLE AS c FROM range(3) AS r(i)) TO '{dir}/n.parquet' (FORMAT parquet)")
        let profiler = DuckDBProfiler(engine: bench.engine)
        let empty = try await profiler.profile(bench.file("e.parquet"))
        #expect(empty.rows == 0)
        #expect(empty.columns.map(\.count) == [0, 0, 0])
        let nulls = try await profiler.profile(bench.file("n.parquet"))
        #expect(nulls.columns[1].missing == 3 && nulls.columns[1].mean == nil && nulls.columns[1].quantiles.isEmpty)
    }

    @Test func `lists, structs and infinities do not disturb a profile`() async throws {
        let bench = try Bench()
        try await bench.execute(
            "COPY (SELECT [i, 2] AS list, {'a': i} AS deep, CASE WHEN i = 0 THEN 'Infinity'::DOUBLE ELSE i END AS x,"
                + " '2020-01-01'::DATE AS day FROM range(4) AS r(i)) TO '{dir}/odd.parquet' (FORMAT parquet)")
        let profile = try await DuckDBProfiler(engine: bench.engine).profile(bench.file("odd.parquet"))
        #expect(profile.columns[0].count == 4 && profile.columns[0].minimum == nil)
        #expect(profile.columns[2].mean == 2)
        #expect(profile.columns[3].minimum == "2020-01-01")
    }

    @Test(arguments: [
        ("cut.parquet", "PAR1 and then nothing that Parquet knows", "no Parquet file, or its end is missing"),
        ("none.parquet", "", "no Parquet file"),
    ])
    func `a broken file is told in plain words`(name: String, text: String, reason: String) async throws {
        let bench = try Bench()
        _ = try bench.folder.write(name, text)
        let error = await #expect(throws: JidokaError.self) { _ = try await DuckDBProfiler(engine: bench.engine).profile(bench.file(name)) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(bench.folder.path) == false)
    }

    @Test func `a CSV file that is none is told in plain words`() async throws {
        let bench = try Bench()
        try bench.folder.write("noise.csv", (0..<4_000).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 7) })
        let error = await #expect(throws: JidokaError.self) {
            _ = try await DuckDBProfiler(engine: bench.engine).profile(bench.file("noise.csv"))
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix("the file cannot be read as CSV") == true)
    }

    @Test func `columns are read for monitoring: numbers, texts, thinned evenly`() async throws {
        let bench = try Bench()
        try await bench.execute("COPY (\(ProfileTests.rows)) TO '{dir}/data.parquet' (FORMAT parquet)")
        let file = bench.file("data.parquet")
        let source = DatasetColumns(engine: bench.engine) { _ in file }
        let columns = try await source.columns(datasetDigest: "d", names: ["word", "x", "even"], rowsMax: 100)
        #expect(columns.map(\.count) == [100, 100, 100])
        #expect(columns[1].numbers == (0..<100).map { Double($0) * 2.5 })
        #expect(columns[0].texts.prefix(3) == ["a", "b", nil])
        #expect(columns[2].numbers.allSatisfy { $0 == 1 })
        let all = try await source.columns(datasetDigest: "d", names: ["x"], rowsMax: 5_000)
        #expect(all[0].count == 1_000)
        let error = await #expect(throws: JidokaError.self) {
            _ = try await source.columns(datasetDigest: "d", names: ["wor"], rowsMax: 10)
        }
        #expect(error?.hint == "did you mean `word`?")
    }
}
