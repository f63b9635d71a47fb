import CommandLine
import JSON
import Testing

struct PipelineCommandTests {
    static let gate: JSONValue = [
        "id": "g", "model": "employment", "version": 3, "digest": "aa", "champion": 1,
        "data": ["dataset": "census", "version": "1a2b3c4d5e6f", "part": "holdout"], "rows": 13_000, "verdict": "passed",
        "checks": [
            [
                "check": "accuracy at least 0.7", "value": 0.8012, "limit": 0.7, "champion_value": nil, "verdict": "passed",
                "detail": "0.8012 is at least 0.7",
            ]
        ],
    ]

    private static func step(_ name: String, _ status: String, attempt: Int64 = 1, exit: Int64? = nil, ended: Bool = false) -> JSONValue {
        [
            "name": .string(name), "status": .string(status), "attempt": .int(status == "waiting" ? 0 : attempt),
            "exit_status": JSONValue(exit),
            "started_us": status == "waiting" ? nil : 1_000_000, "ended_us": ended ? 4_200_000 : nil, "message": nil, "cached_from": nil,
        ]
    }

    private static func run(
        _ status: String, _ steps: [JSONValue], refused: Bool = false, gate: JSONValue = nil, version: String? = nil, error: String? = nil
    ) -> JSONValue {
        [
            "id": "r1", "status": .string(status), "reason": "try", "actor": "user:ada", "trigger": "manual", "params": ["trees": "60"],
            "data": ["census": "1a2b3c4d5e6f7788"], "steps": .array(steps), "created_at": "2026-11-21T00:48:34.123456Z", "ended_at": nil,
            "model_version": JSONValue(version), "gate": gate, "refused": .bool(refused), "error": JSONValue(error),
        ]
    }

    private static let queued = run("queued", [step("check", "waiting"), step("train", "waiting")])
    private static let succeeded = run(
        "succeeded", [step("check", "succeeded", ended: true), step("train", "cached", ended: true)], gate: gate, version: "3")

    @Test func `a run is started with params, data and a reason`() async throws {
        let outcome = try await jidoka(
            ["pipeline", "run", "--param", "trees=60", "--param", "q=a=b", "--data", "census=1a2b", "--reason", "try"],
            answers: ["POST /pipeline/runs": [.json(PipelineCommandTests.queued, status: 202)]])
        #expect(outcome.status == .ok)
        #expect(outcome.output == "pipeline run r1 is queued\n")
        let body = try #require(outcome.requests.first?.json)
        #expect(body["params"] == ["trees": "60", "q": "a=b"])
        #expect(body["data"] == ["census": "1a2b"])
        #expect(body["reason"] == "try")
        #expect(body["actor"] == "user:ada")
    }

    @Test func `a param without a value is refused`() async {
        let outcome = await jidoka(["pipeline", "run", "--param", "trees"])
        #expect(outcome.status == .failed)
        #expect(outcome.error.contains("--param NAME=VALUE"))
    }

    @Test func `waiting follows the steps and prints the gate`() async throws {
        let running = PipelineCommandTests.run(
            "running", [PipelineCommandTests.step("check", "succeeded", ended: true), PipelineCommandTests.step("train", "running")])
        let outcome = try await jidoka(
            ["pipeline", "run", "--wait"],
            answers: [
                "POST /pipeline/runs": [.json(PipelineCommandTests.queued, status: 202)],
                "GET /pipeline/runs/r1": [.json(running), .json(running), .json(PipelineCommandTests.succeeded)],
            ])
        #expect(outcome.status == .ok, "\(outcome.error)")
        let lines = outcome.output.split(separator: "\n").map(String.init)
        #expect(lines.prefix(4) == ["pipeline run r1", "  check  succeeded in 3.2 s", "  train  running", "  train  cached"])
        #expect(outcome.output.contains("gate of employment/3: passed on 13,000 holdout rows of census 1a2b3c4d5e6f"))
        #expect(outcome.output.contains("0.8012"))
        #expect(lines.last == "pipeline run r1 succeeded, model version 3")
    }

    @Test func `waiting with JSON prints the run at its end alone`() async throws {
        let outcome = try await jidoka(
            ["pipeline", "run", "--wait", "--json"],
            answers: [
                "POST /pipeline/runs": [.json(PipelineCommandTests.queued, status: 202)],
                "GET /pipeline/runs/r1": [.json(PipelineCommandTests.succeeded)],
            ])
        #expect(try outcome.json() == PipelineCommandTests.succeeded)
    }

    @Test(arguments: [("failed", true, Ending.notPassed), ("failed", false, .failed), ("cancelled", false, .failed)])
    func `the exit status tells a refusal from a mishap`(status: String, refused: Bool, expected: Ending) async throws {
        let ended = PipelineCommandTests.run(
            status, [PipelineCommandTests.step("check", "failed", exit: refused ? 3 : 1, ended: true)], refused: refused, error: "it ended")
        let outcome = try await jidoka(
            ["pipeline", "run", "--wait"],
            answers: [
                "POST /pipeline/runs": [.json(ended, status: 202)],
                "GET /pipeline/runs/r1/steps/check/log": [.text("first\nImportError: no sklearn\n")],
            ])
        #expect(outcome.status == expected)
        #expect(outcome.output.contains("check  failed with exit status \(refused ? 3 : 1) after 3.2 s"))
        #expect(outcome.output.contains(refused ? "refused: it ended" : "\(status): it ended"))
        #expect(outcome.error.contains("  ImportError: no sklearn"))
    }

    @Test func `runs are listed, shown, read and cancelled`() async throws {
        let answers: [String: [StubServer.Answer]] = [
            "GET /pipeline/runs": [.json([PipelineCommandTests.succeeded])],
            "GET /pipeline/runs/r1": [.json(PipelineCommandTests.succeeded)],
            "GET /pipeline/runs/r1/steps/train/log": [.text("epoch 1")],
            "POST /pipeline/runs/r1/cancel": [.json(PipelineCommandTests.run("cancelled", []), status: 202)],
        ]
        let list = try await jidoka(["pipeline", "list", "--limit", "5"], answers: answers)
        #expect(list.output.contains("r1   succeeded  2026-11-21 00:48:34Z  user:ada  3        passed  try"))
        #expect(list.requests.first?.query == ["limit": "5"])
        let show = try await jidoka(["pipeline", "show", "r1"], answers: answers)
        #expect(show.output.contains("trees = 60"))
        #expect(show.output.contains("census 1a2b3c4d5e6f\n"))
        let log = try await jidoka(["pipeline", "log", "r1", "train"], answers: answers)
        #expect(log.output == "epoch 1\n")
        let cancel = try await jidoka(["pipeline", "cancel", "r1", "--reason", "wrong data"], answers: answers)
        #expect(cancel.output == "pipeline run r1 is cancelled\n")
        #expect(cancel.requests.first?.json == ["reason": "wrong data", "actor": "user:ada"])
    }
}
