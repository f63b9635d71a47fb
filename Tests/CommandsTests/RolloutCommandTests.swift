import CommandLine
import JSON
import Testing

struct RolloutCommandTests {
    private static func rollout(_ state: String, percent: Int64, history: [String]) -> JSONValue {
        [
            "id": "o1", "endpoint": "employment", "model": "employment", "champion": "1", "version": "2", "state": .string(state),
            "pause": nil, "percent": .int(percent), "actor": "user:ada", "reason": "better", "override": false,
            "started_at": "2026-11-21T00:48:34.123456Z",
            "evidence": [
                "champion": ["requests": 9_000, "errors": 0, "slow": 90, "labelled": 1_000, "correct": 800],
                "candidate": ["requests": 1_000, "errors": 1, "slow": 12, "labelled": 0, "correct": 0],
            ],
            "verdict": [
                "outcome": "undecided", "why": "too few labels", "difference": 0.01, "difference_at_least": -0.02,
                "difference_at_most": 0.04,
            ],
            "history": .array(
                history.map {
                    ["time": "2026-11-21T00:48:34.123456Z", "state": .string($0), "percent": .int(percent), "reason": "so it goes"]
                }),
        ]
    }

    @Test func `a canary is started with its steps`() async throws {
        let outcome = try await jidoka(
            ["rollout", "start", "employment", "2", "--steps", "10,50,100"],
            answers: [
                "POST /endpoints/employment/rollouts": [.json(RolloutCommandTests.rollout("canary", percent: 10, history: []), status: 201)]
            ])
        #expect(outcome.status == .ok)
        #expect(outcome.output == "rollout o1 of version 2: canary\n")
        let body = try #require(outcome.requests.first?.json)
        #expect(body["steps"] == [10, 50, 100])
        #expect(body["override"] == false)
        #expect(body["strategy"] == "canary")
    }

    @Test func `an override needs a reason and steps must be numbers`() async {
        let bare = await jidoka(["rollout", "start", "employment", "2", "--override"])
        #expect(bare.status == .usage)
        #expect(bare.error.contains("--override --reason TEXT"))
        let words = await jidoka(["rollout", "start", "employment", "2", "--steps", "10,half"])
        #expect(words.status == .failed)
        #expect(words.error.contains("10,50,100"))
    }

    @Test(arguments: [("done", Ending.ok), ("rolled_back", .notPassed)])
    func `waiting follows the history to the end`(end: String, expected: Ending) async throws {
        let outcome = try await jidoka(
            ["rollout", "show", "o1", "--wait"],
            answers: [
                "GET /rollouts/o1": [
                    .json(RolloutCommandTests.rollout("canary", percent: 10, history: ["planned", "canary"])),
                    .json(RolloutCommandTests.rollout(end, percent: 100, history: ["planned", "canary", end])),
                ]
            ])
        #expect(outcome.status == expected)
        #expect(outcome.output.components(of: "so it goes") == 3)
        #expect(outcome.output.contains("\(end) at 100 %: so it goes"))
    }

    @Test func `a rollout is shown with evidence, verdict and history`() async throws {
        let outcome = try await jidoka(
            ["rollout", "show", "o1"],
            answers: ["GET /rollouts/o1": [.json(RolloutCommandTests.rollout("rolled_back", percent: 10, history: ["planned"]))]])
        #expect(outcome.status == .ok)
        #expect(outcome.output.contains("champion     9,000       0    90     1,000    0.8000"))
        #expect(outcome.output.contains("undecided: too few labels (difference 0.01, between -0.02 and 0.04)"))
        #expect(outcome.output.contains("planned at 10 %"))
    }

    @Test(arguments: ["pause", "resume", "promote", "rollback"])
    func `commands to a rollout go on record with their reason`(verb: String) async throws {
        let answers: [String: [StubServer.Answer]] = [
            "POST /rollouts/o1/\(verb)": [.json(RolloutCommandTests.rollout("paused", percent: 10, history: []))]
        ]
        #expect(await jidoka(["rollout", verb, "o1"]).status == .usage)
        let outcome = try await jidoka(["rollout", verb, "o1", "--reason", "a look"], answers: answers)
        #expect(outcome.status == .ok)
        #expect(outcome.output == "rollout o1: paused at 10 %\n")
        #expect(outcome.requests.first?.json == ["reason": "a look", "actor": "user:ada"])
    }

    @Test func `rollouts of an endpoint are listed`() async throws {
        let outcome = try await jidoka(
            ["rollout", "list", "--endpoint", "employment"],
            answers: ["GET /rollouts": [.json([RolloutCommandTests.rollout("done", percent: 100, history: [])])]])
        #expect(outcome.output.contains("o1"))
        #expect(outcome.requests.first?.query == ["endpoint": "employment", "limit": "20"])
    }
}

extension String {
    /// How often `text` occurs.
    func components(of text: String) -> Int { ranges(of: text).count }
}
