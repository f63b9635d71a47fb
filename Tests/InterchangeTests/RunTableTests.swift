import Clockwork
import Errors
import FoundationEssentials
import Interchange
import JSON
import Testing
import Tracking

struct RunTableTests {
    private func table(_ text: String, _ name: String = "runs.csv") async throws -> RunTable {
        let folder = FileManager.default.temporaryDirectory.path + "/jidoka-table-\(SystemIDs().next())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
        return try await RunTable(path: "\(folder)/\(name)", shown: name, pool: BlockingPool(threads: 1))
    }

    private func runs(_ table: RunTable) async throws -> [SourceRun] {
        var all: [SourceRun] = []
        for experiment in try await table.experiments() {
            for id in try await table.runIDs(of: experiment) { all.append(try #require(try await table.run(id, of: experiment))) }
        }
        return all
    }

    /// As pandas 3 writes what MLflow 3.17.2 found.
    private static let found = """
        ,run_id,experiment_id,status,artifact_uri,start_time,end_time,metrics.m,metrics.n,params.b,params.t,user_id,run_name
        0,d3db6d9756b644b7a10a994bcebaf3d7,1,FINISHED,,2026-11-27 15:55:46.957+00:00,2026-11-27 15:55:47.111+00:00,1.7e+308,,2,,root,s
        1,860ff71e76994a6a923163a9bc077dfe,1,KILLED,,2026-11-27 15:55:46.598+00:00,,0.5,nan,,"x, ""y""
        z",root,r

        """

    @Test(arguments: ["\n", "\r\n"]) func `what search_runs writes as CSV is read cell by cell`(end: String) async throws {
        let table = try await table("\u{FEFF}" + RunTableTests.found.replacing("\n", with: end))
        #expect(try await table.experiments().map(\.name) == ["runs-1"])
        #expect(try await table.experiments().map(\.id) == ["1"])
        let runs = try await runs(table)
        #expect(runs.map(\.run.info.id) == ["d3db6d9756b644b7a10a994bcebaf3d7", "860ff71e76994a6a923163a9bc077dfe"])
        #expect(runs.map(\.run.info.name) == ["s", "r"] && runs.map(\.run.info.userID) == ["root", "root"])
        #expect(runs[0].run.info.startTime == 1_795_794_946_957 && runs[0].run.info.endTime == 1_795_794_947_111)
        #expect(runs[1].run.info.status == .killed && runs[1].run.info.endTime == nil)
        #expect(runs[0].run.params == [Param(key: "b", value: "2")])
        #expect(runs[1].run.params == [Param(key: "t", value: "x, \"y\"\(end)z")])
        #expect(runs[0].points == [Metric(key: "m", value: 1.7e308, timestamp: 1_795_794_947_111, step: 0)])
        #expect(runs[1].points.map(\.key) == ["m", "n"] && runs[1].points[1].value.isNaN)
        #expect(table.remarks.isEmpty)
    }

    @Test(
        arguments: [
            (
                "runs.json",
                #"[{"run_name":"a","experiment":"e","start_time":5,"params":{"p":1.5,"q":true},"metrics.m":0.25,"tags":{"t":"v"}}]"#
            ),
            (
                "runs.json",
                #"{"run_name":"a","experiment":"e","start_time":5,"params":{"p":1.5,"q":true},"metrics.m":0.25,"tags":{"t":"v"}}"#
            ),
            (
                "runs.json",
                #"{"run_name":{"0":"a"},"experiment":{"0":"e"},"start_time":{"0":5},"params.p":{"0":"1.5"},"params.q":{"0":"True"},"#
                    + #""metrics.m":{"0":0.25},"metrics.n":{"0":null},"tags.t":{"0":"v"}}"#
            ),
            (
                "runs.jsonl",
                "\n"
                    + #"{"run_name":"a","experiment":"e","start_time":5,"params.p":"1.5","params.q":"True","#
                    + #""metrics":{"m":0.25},"tags.t":"v"}"#
            ),
            ("runs.csv", "run_name,experiment,start_time,params.p,params.q,metrics.m,tags.t\na,e,5,1.5,True,0.25,v"),
        ] as [(String, String)]) func `every form says the same run`(name: String, text: String) async throws
    {
        let runs = try await runs(try await table(text, name))
        let run = try #require(runs.first?.run)
        #expect(runs.count == 1 && run.info.name == "a" && run.info.startTime == 5 && run.info.status == .finished)
        #expect(run.params == [Param(key: "p", value: "1.5"), Param(key: "q", value: "True")])
        #expect(runs[0].points == [Metric(key: "m", value: 0.25, timestamp: 5, step: 0)])
        #expect(run.tags == [Tag(key: "t", value: "v")])
        #expect(run.info.id.utf8.count == 32, "an id of the names")
    }

    @Test func `a run without an id keeps the one it got when a metric comes to it, and equal names get different ones`() async throws {
        let before = try await runs(try await table("experiment,run_name,metrics.a\ne,x,1\ne,x,2\ne,y,3\n"))
        let after = try await runs(try await table("experiment,run_name,metrics.a,metrics.b\ne,x,1,7\ne,x,2,8\ne,y,3,9\n"))
        #expect(Set(before.map(\.run.info.id)).count == 3)
        #expect(before.map(\.run.info.id) == after.map(\.run.info.id))
        let nameless = try await runs(try await table("params.lr,metrics.a\n0.1,1\n0.2,2\n"))
        #expect(Set(nameless.map(\.run.info.id)).count == 2)
    }

    @Test(
        arguments: [
            ("run_id,metrics.loss\na1,0.5\na2,low\n", "line 3, column `metrics.loss`: `low`"),
            ("run_id,status\na1,\"FINISHED\n", "line 2, field 2: the quote never ends"),
            ("run_id,status\na1,\"FIN\"x\n", "line 2, field 2: text follows"),
            ("run_id,status\n\n\na1,DONE\n", "line 4, column `status`: `DONE`"),
            ("run_id,start_time\na1,yesterday\n", "line 2, column `start_time`: `yesterday`"),
            ("run_id,start_time,end_time\na1,10,9\n", "line 2, column `end_time`"),
            ("run_id,params.a\na1,1,2\n", "line 2: there are 3 fields under 2"),
            ("run_id,params.a,params.a\na1,1,2\n", "line 1: there are two columns `params.a`"),
            ("run_id\na1\nb\na1\n", "line 4, column `run_id`: `a1` stands at line 2"), ("run_id\n../x\n", "line 2, column `run_id`"),
            ("", "no runs"),
            ("who,what\nme,this\n", "no runs"), ("run_id,params.a\na1,\"\u{1}", "never ends"),
        ] as [(String, String)]) func `a wrong cell is refused with its line and column`(text: String, wanted: String) async throws
    {
        let error = await #expect(throws: JidokaError.self) { _ = try await table(text) }
        #expect(error?.code == .invalidArgument && error?.message.contains(wanted) == true, "\(error?.message ?? "nothing")")
    }

    @Test(
        arguments: [
            ("runs.json", "[{\"run_id\": \"a\"}, 5]", "record 2 is no object"),
            ("runs.jsonl", "{\"run_id\":\"a\"}\n{\"run_id\":\n", "line 2"),
            ("runs.jsonl", "{\"run_id\":\"a\",\"params\":{\"x\":[1]}}\n", "line 1, column `params.x`"),
            ("runs.json", "7", "no list of runs"),
        ] as [(String, String, String)]) func `wrong JSON is refused with its place`(name: String, text: String, wanted: String)
        async throws
    {
        let error = await #expect(throws: JidokaError.self) { _ = try await table(text, name) }
        #expect(error?.code == .invalidArgument && error?.message.contains(wanted) == true, "\(error?.message ?? "nothing")")
    }

    @Test func `a column that is not known is told, with the one that is probably meant`() async throws {
        let table = try await table("run_id,param.depth,cost\na1,3,4\n")
        #expect(
            table.remarks == [
                "the column cost is not known and was left", "the column param.depth is not known and was left: is it params.depth?",
            ])
    }

    @Test func `made-up bytes are read or refused, and never crash`() async throws {
        var random = SplitMix64(seed: 11)
        let parts = [
            "run_id", ",", "\n", "\r\n", "\"", "\"\"", "metrics.a", "params.b", "1", "NaN", "{", "}", "[", "\u{FEFF}", "\u{0}", " ", "é",
        ]
        for _ in 0..<400 {
            let text = (0..<Int(random.next() % 40)).map { _ in parts[Int(random.next() % UInt64(parts.count))] }.joined()
            for name in ["runs.csv", "runs.json", "runs.jsonl"] {
                do { _ = try await table(text, name) } catch let error as JidokaError { #expect(error.code == .invalidArgument, "\(text)") }
            }
        }
    }

    @Test func `a table that is brought twice brings its runs once`() async throws {
        let server = try await WorkingServer()
        let table = try await table("experiment,run_name,start_time,params.a,metrics.m\nprices,x,5,1,0.5\nprices,y,6,2,0.75\n")
        for (journal, runs) in [("j", 2), ("j", 0), ("another", 2)] {
            let counts = try await Delivery(table, to: server.target(), journal: try DeliveryJournal(path: "\(server.folder)/\(journal)"))
                .run()
            #expect(counts.runs == runs)
            let answer = try await server.target().exchange(
                "POST", "/api/2.0/mlflow/runs/search", ["experiment_ids": ["1"] as JSONValue, "max_results": 10])
            #expect(answer["runs"]?.arrayValue?.count == 2)
        }
    }
}
