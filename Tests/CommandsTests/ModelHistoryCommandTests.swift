import CommandLine
import JSON
import Testing

struct ModelHistoryCommandTests {
    private static let moves: JSONValue = [
        [
            "alias": "champion", "version": "2", "version_before": "1", "time": "2026-11-21T00:48:34.123456Z", "actor": "user:ada",
            "reason": "better",
        ],
        [
            "version": "1", "stage": "Archived", "stage_before": "Production", "time": "2026-11-20T00:48:34.123456Z", "actor": "user:bob",
            "reason": "old",
        ],
    ]

    @Test func `moves are listed with who and why`() async throws {
        let outcome = try await jidoka(
            ["models", "history", "churn", "--alias", "champion"],
            answers: ["GET /models/churn/history": [.json(ModelHistoryCommandTests.moves)]])
        #expect(outcome.output.contains("@champion"))
        #expect(outcome.output.contains("stage of 1"))
        #expect(outcome.output.contains("better"))
        #expect(outcome.output.contains("Archived"))
    }

    @Test func `an alias is moved with a reason or removed, not both`() async throws {
        let answers: [String: [StubServer.Answer]] = ["POST /models/churn/alias": [.json([:])]]
        let moved = try await jidoka(["models", "alias", "churn", "beta", "3", "--reason", "try it"], answers: answers)
        #expect(moved.output == "churn@beta is version 3\n")
        #expect(moved.requests.first?.json == ["alias": "beta", "version": "3", "reason": "try it", "actor": "user:ada"])
        let removed = try await jidoka(["models", "alias", "churn", "beta", "--remove", "--reason", "over"], answers: answers)
        #expect(removed.output == "churn@beta is removed\n")
        for words in [["3", "--remove", "--reason", "x"], ["--reason", "x"], ["3"]] {
            let refused = try await jidoka(["models", "alias", "churn", "beta"] + words, answers: answers)
            #expect(refused.status == .usage)
            #expect(refused.requests.isEmpty)
        }
    }

    @Test func `an address is resolved as of a time, a version moved to a stage`() async throws {
        let version: JSONValue = ["name": "churn", "version": "1", "stage": "Staging", "status": "READY"]
        let resolved = try await jidoka(
            ["models", "resolve", "models:/churn@champion", "--at", "2026-03-01T12:00Z"],
            answers: ["GET /models/resolve": [.json(version)]])
        #expect(resolved.output.contains("churn/1"))
        let moved = try await jidoka(
            ["models", "stage", "churn", "1", "staging", "--reason", "trial"],
            answers: ["POST /models/churn/versions/1/stage": [.json(version)]])
        #expect(moved.output == "churn/1 is in stage Staging\n")
        #expect(
            moved.requests.first?.json == ["stage": "staging", "archive_existing": false, "reason": "trial", "actor": "user:ada"])
    }
}
