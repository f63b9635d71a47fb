import Clockwork
import ColumnStores
import Columns
import Datasets
import Testing

@Suite struct SplitTests {
    private func numbers(_ bench: Bench, _ path: String) async throws -> [Int64] {
        try await bench.engine.query("SELECT id FROM read_parquet('\(path)')").column("id").integers()
    }

    private func splitter(_ bench: Bench) -> ParquetSplitter {
        ParquetSplitter(engine: bench.engine, pool: bench.pool, folder: "\(bench.folder.path)/parts", ids: SystemIDs())
    }

    @Test(arguments: ["data.parquet", "data.csv"])
    func `every row is in one part, in its order, and the share is as asked`(name: String) async throws {
        let bench = try Bench()
        let form = name.hasSuffix("csv") ? "HEADER" : "FORMAT parquet"
        try await bench.execute("COPY (SELECT i AS id, i // 3 AS person FROM range(6000) AS r(i)) TO '{dir}/\(name)' (\(form))")
        let splitter = splitter(bench)
        let split = DatasetSplit(key: "person", holdout: 0.2)
        let train = try await numbers(bench, splitter.part(.train, of: bench.file(name), digest: "d1", split: split))
        let holdout = try await numbers(bench, splitter.part(.holdout, of: bench.file(name), digest: "d1", split: split))
        #expect((train + holdout).sorted() == Array(0..<6_000))
        #expect(train == train.sorted() && holdout == holdout.sorted())
        #expect(abs(Double(holdout.count) / 6_000 - 0.2) < 0.03)
        // The rows of one person stay together.
        #expect(Set(train.map { $0 / 3 }).isDisjoint(with: holdout.map { $0 / 3 }))
        let columns = try await bench.engine.query(
            "SELECT * FROM read_parquet('\(splitter.part(.train, of: bench.file(name), digest: "d1", split: split))') LIMIT 0")
        #expect(columns.names == ["id", "person"])
    }

    @Test func `a key falls on the same side in every version, whatever the rows around it`() async throws {
        let bench = try Bench()
        try await bench.execute("COPY (SELECT i AS id FROM range(500) AS r(i)) TO '{dir}/a.parquet' (FORMAT parquet)")
        try await bench.execute("COPY (SELECT i AS id FROM range(250, 900) AS r(i) ORDER BY i DESC) TO '{dir}/b.parquet' (FORMAT parquet)")
        let split = DatasetSplit(key: "id", holdout: 0.3)
        let first = Set(try await numbers(bench, splitter(bench).part(.holdout, of: bench.file("a.parquet"), digest: "a", split: split)))
        let second = Set(try await numbers(bench, splitter(bench).part(.holdout, of: bench.file("b.parquet"), digest: "b", split: split)))
        #expect(first.filter { $0 >= 250 } == second.filter { $0 < 500 })
        // MD5 of "0" begins with cfcd2084, of "3" with eccbc87e, of "2" with c81e728d, of "15" with 9bf31c7f, of "10" with d3d94468.
        #expect(first.isDisjoint(with: [0, 2, 3, 10, 15]))
    }

    @Test func `without a key, or with one that is not there, the row number decides`() async throws {
        let bench = try Bench()
        try await bench.execute("COPY (SELECT i AS id FROM range(1000) AS r(i)) TO '{dir}/a.parquet' (FORMAT parquet)")
        let none = try await splitter(bench).part(
            .holdout, of: bench.file("a.parquet"), digest: "a", split: DatasetSplit(key: nil, holdout: 0.5))
        let other = try await splitter(bench).part(
            .holdout, of: bench.file("a.parquet"), digest: "a", split: DatasetSplit(key: "nix", holdout: 0.5))
        let rows = try await numbers(bench, none)
        #expect(try await numbers(bench, other) == rows)
        #expect(abs(rows.count - 500) < 60)
    }

    @Test func `a part is made once, and nothing is held out of a share of 0`() async throws {
        let bench = try Bench()
        try await bench.execute("COPY (SELECT i AS id FROM range(10) AS r(i)) TO '{dir}/a.parquet' (FORMAT parquet)")
        let split = DatasetSplit(key: "id", holdout: 0)
        let path = try await splitter(bench).part(.train, of: bench.file("a.parquet"), digest: "a", split: split)
        #expect(try await numbers(bench, path).count == 10)
        try bench.folder.remove("a.parquet")
        #expect(try await splitter(bench).part(.train, of: bench.file("a.parquet"), digest: "a", split: split) == path)
        #expect(try bench.folder.names("parts").count == 1)
    }
}
