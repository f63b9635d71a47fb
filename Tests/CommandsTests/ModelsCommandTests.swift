import CommandLine
import JSON
import Testing

struct ModelsCommandTests {
    private static let version: JSONValue = [
        "name": "employment", "version": 3, "status": "READY", "aliases": ["champion"], "run_id": "12ab",
        "created_at": "2026-11-21T00:48:34.123456Z",
        "verification": ["files": 6, "detail": "loads and predicts its input example", "problem": nil], "gate": PipelineCommandTests.gate,
    ]

    @Test func `versions are listed and shown`() async throws {
        let answers: [String: [StubServer.Answer]] = [
            "GET /models/employment/versions": [.json([ModelsCommandTests.version])],
            "GET /models/employment/versions/3": [.json(ModelsCommandTests.version)],
        ]
        let list = try await jidoka(["models", "show", "employment"], answers: answers)
        #expect(list.output.contains("3  READY   champion  passed  12ab  2026-11-21 00:48:34Z"))
        let show = try await jidoka(["models", "show", "employment", "3"], answers: answers)
        #expect(show.output.contains("employment/3"))
        #expect(show.output.contains("loads and predicts its input example"))
        #expect(show.output.contains("gate of employment/3: passed"))
    }

    @Test(arguments: [("passed", Ending.ok), ("failed", .notPassed)])
    func `a gate that does not pass ends with 3`(verdict: String, expected: Ending) async throws {
        var report = try #require(PipelineCommandTests.gate.objectValue)
        report["verdict"] = .string(verdict)
        for words in [["models", "gate", "employment", "3"], ["models", "gate", "employment", "3", "--json"]] {
            let outcome = try await jidoka(words, answers: ["POST /models/employment/versions/3/gate": [.json(.object(report))]])
            #expect(outcome.status == expected)
            #expect(outcome.output.contains(verdict))
        }
    }

    @Test func `a promotion needs a reason`() async throws {
        let answers: [String: [StubServer.Answer]] = ["POST /models/employment/versions/3/promote": [.json(ModelsCommandTests.version)]]
        let bare = try await jidoka(["models", "promote", "employment", "3"], answers: answers)
        #expect(bare.status == .usage)
        #expect(bare.error.contains("`--reason` is missing"))
        #expect(bare.requests.isEmpty)
        let given = try await jidoka(["models", "promote", "employment", "3", "--reason", "its gate passed"], answers: answers)
        #expect(given.status == .ok)
        #expect(given.output == "employment/3 is champion\n")
        #expect(given.requests.first?.json == ["reason": "its gate passed", "override": false, "actor": "user:ada"])
    }

    @Test func `a run's model is registered and verified`() async throws {
        let registered = try await jidoka(
            ["models", "register", "employment", "12ab", "--json"],
            answers: ["POST /models/employment/versions": [.json(ModelsCommandTests.version, status: 201)]])
        #expect(try registered.json()["version"] == 3)
        #expect(registered.requests.first?.json == ["run_id": "12ab", "actor": "user:ada"])
        let verified = try await jidoka(
            ["models", "verify", "employment", "3"],
            answers: ["POST /models/employment/versions/3/verify": [.json(ModelsCommandTests.version)]])
        #expect(verified.status == .ok)
        #expect(verified.output.contains("verification"))
    }

    @Test func `endpoints are listed and shown`() async throws {
        let endpoint: JSONValue = [
            "name": "employment", "model": "employment", "champion": "1",
            "plan": [
                "champion": ["version": "1", "weight": 90.0], "challengers": [["version": "2", "weight": 10.0]],
                "shadows": [["version": "3"]],
            ], "ready": true, "versions": [["version": "1", "loaded_at": "2026-11-21T00:48:34.123456Z", "inputs": ["AGEP", "SEX"]]],
            "unavailable": ["4": "it does not load"],
        ]
        let list = try await jidoka(["endpoint", "list"], answers: ["GET /endpoints": [.json([endpoint])]])
        #expect(list.output.contains("1: 90 %, 2: 10 %, shadow 3"))
        let show = try await jidoka(["endpoint", "show", "employment"], answers: ["GET /endpoints/employment": [.json(endpoint)]])
        #expect(show.output.contains("AGEP, SEX"))
        #expect(show.output.contains("4: it does not load"))
    }

    @Test func `the status names server and endpoints`() async throws {
        let status: JSONValue = ["version": "0.1.0", "line": "employment", "uptime_seconds": 3_725.5, "endpoints": ["employment"]]
        let outcome = try await jidoka(["status"], answers: ["GET /status": [.json(status)]])
        #expect(outcome.output.contains("server"))
        #expect(outcome.output.contains("1 h 02 m"))
        #expect(outcome.output.contains("endpoints  employment"))
    }
}
