import CommandLine
import JSON
import Testing

struct RunLifecycleCommandTests {
    private static let plan: JSONValue = [
        "purged": false,
        "items": [["kind": "run", "id": "r1", "name": "first", "experiment_id": "3", "deleted_at": "2026-11-21T00:48:34.123456Z"]],
        "kept": [["kind": "run", "id": "r2", "because": "model version churn/1 takes its files from it"]],
    ]

    @Test func `a permanent deletion is a preview until it is confirmed with a reason`() async throws {
        let answers: [String: [StubServer.Answer]] = ["POST /archive/purge": [.json(RunLifecycleCommandTests.plan)]]
        let words = ["runs", "delete", "--permanent", "--older-than", "720h"]
        let preview = try await jidoka(words, answers: answers)
        #expect(preview.output.contains("r1"))
        #expect(preview.output.contains("kept: run r2: model version churn/1"))
        #expect(preview.output.contains("nothing was removed yet"))
        let body = preview.requests.first?.json
        #expect(body?["confirm"] == false)
        #expect(body?["older_than"] == "2592000s")
        let dry = try await jidoka(words + ["--yes", "--dry-run"], answers: answers)
        #expect(dry.requests.first?.json?["confirm"] == false)
        let bare = try await jidoka(words + ["--yes"], answers: answers)
        #expect(bare.status == .usage)
        #expect(bare.requests.isEmpty)
        let confirmed = try await jidoka(words + ["--yes", "--reason", "old"], answers: answers)
        #expect(confirmed.requests.first?.json?["confirm"] == true)
    }

    @Test func `runs are moved, deleted and restored`() async throws {
        let moved = try await jidoka(
            ["runs", "move", "r1", "r2", "--to", "other", "--children", "--reason", "wrong place"],
            answers: ["POST /runs/move": [.json(["moved": ["r1", "r2", "r3"]])]])
        #expect(moved.output == "3 runs moved to other\n")
        #expect(moved.requests.first?.json?["children"] == true)
        #expect(try await jidoka(["runs", "move", "r1"], answers: [:]).status == .usage)
        #expect(try await jidoka(["runs", "restore"], answers: [:]).status == .usage)
        let restored = try await jidoka(["runs", "restore", "r1"], answers: ["POST /runs/restore": [.json(["runs": ["r1"]])]])
        #expect(restored.output == "1 run restored\n")
    }

    @Test func `a param is corrected only with override and reason`() async throws {
        let answers: [String: [StubServer.Answer]] = ["POST /runs/r1/params": [.json(["before": "0.O1"])]]
        let words = ["runs", "set-param", "r1", "rate", "0.01"]
        for more in [[], ["--override"], ["--reason", "typo"]] {
            let refused = try await jidoka(words + more, answers: answers)
            #expect(refused.status == .usage)
            #expect(refused.requests.isEmpty)
        }
        let done = try await jidoka(words + ["--override", "--reason", "typo"], answers: answers)
        #expect(done.output == "rate is 0.01; it was 0.O1\n")
    }

    @Test func `experiments are listed and shown`() async throws {
        let one: JSONValue = ["id": "3", "name": "census", "lifecycle": "active", "tags": ["team": "x"]]
        let list = try await jidoka(["experiments", "list"], answers: ["GET /experiments": [.json([one])]])
        #expect(list.output.contains("census"))
        let show = try await jidoka(["experiments", "show", "3"], answers: ["GET /experiments/3": [.json(one)]])
        #expect(show.output.contains("tag team"))
        let renamed = try await jidoka(
            ["experiments", "rename", "3", "people"], answers: ["POST /experiments/3/rename": [.json(["name": "people"])]])
        #expect(renamed.output == "3 is people now\n")
    }
}
