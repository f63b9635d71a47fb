import CommandLine
import JSON
import Testing

struct RunsCommandTests {
    private static let run: JSONValue = [
        "run_id": "12ab", "experiment_id": "0", "name": "wise-owl-1", "status": "FINISHED", "start_time": 1_700_000_000_000,
        "metrics": ["loss": 0.25], "params": ["depth": "10"],
    ]

    @Test func `runs are listed with the columns that are asked for`() async throws {
        let answers: [String: [StubServer.Answer]] = ["POST /runs/search": [.json(["total": 7, "runs": [RunsCommandTests.run]])]]
        let words = [
            "runs", "search", "params.depth > 5", "--experiment", "census", "--order-by", "metrics.loss", "--field", "metrics.loss", "-n",
            "1",
        ]
        let outcome = try await jidoka(words, answers: answers)
        #expect(outcome.status == .ok)
        #expect(outcome.output.contains("12ab  wise-owl-1  FINISHED  2023-11-14 22:13:20Z          0.25"))
        #expect(outcome.output.hasSuffix("1 of 7 runs\n"))
        #expect(
            outcome.requests.first?.json == [
                "limit": 1, "offset": 0, "experiments": ["census"], "filter": "params.depth > 5", "order_by": ["metrics.loss"],
                "fields": ["metrics.loss"], "with_count": true,
            ])
    }

    @Test func `runs are counted`() async throws {
        let outcome = try await jidoka(["runs", "list", "--count"], answers: ["POST /runs/search": [.json(["total": 20_000])]])
        #expect(outcome.output == "20,000\n")
        #expect(outcome.requests.first?.json?["count_only"] == true)
    }

    @Test func `one run is shown with its data`() async throws {
        let outcome = try await jidoka(["runs", "show", "12ab"], answers: ["GET /runs/12ab": [.json(RunsCommandTests.run)]])
        #expect(outcome.output.contains("depth = 10"))
        #expect(outcome.output.contains("loss = 0.25"))
    }

    @Test func `nested runs are drawn as a tree`() async throws {
        func node(_ name: String, _ children: JSONValue...) -> JSONValue {
            ["run_id": .string("id-" + name), "name": .string(name), "status": "RUNNING", "children": .array(children)]
        }
        let tree = node("a", node("b", node("c")), node("d"))
        let drawn = "a  id-a  RUNNING\n├─ b  id-b  RUNNING\n│  └─ c  id-c  RUNNING\n└─ d  id-d  RUNNING\n"
        let one = try await jidoka(["runs", "tree", "id-a"], answers: ["GET /runs/id-a/tree": [.json(tree)]])
        #expect(one.output == drawn)
        let all = try await jidoka(["runs", "tree", "-e", "census"], answers: ["GET /experiments/census/tree": [.json([tree])]])
        #expect(all.output == drawn)
        #expect(try await jidoka(["runs", "tree"], answers: [:]).status == .usage)
    }
}
