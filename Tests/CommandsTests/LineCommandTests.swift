import CommandLine
import JSON
import Testing

struct LineCommandTests {
    private static let good = """
        line: flowers
        data:
          flowers: {path: data/flowers.csv, label: kind, expect: suite.yaml}
        pipeline:
          steps:
            check: {run: jidoka data check flowers}
            train: {run: python train.py, needs: [check]}
        model: flowers
        """

    private func folder(_ line: String, suite: String = "- {expect: not_null, column: kind}\n") throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write("jidoka.yaml", line)
        try folder.write("suite.yaml", suite)
        return folder
    }

    @Test func `a good line is summed up without a server`() async throws {
        let project = try folder(LineCommandTests.good)
        let outcome = await jidoka(["line", "check"], folder: project.path, environment: ["JIDOKA_URL": "http://127.0.0.1:1"])
        #expect(outcome.status == .ok, "\(outcome.error)")
        #expect(outcome.output.hasPrefix("jidoka.yaml: the line `flowers` is in order\n"))
        #expect(outcome.output.contains("check → train"))
        let document = try await jidoka(["line", "check", "\(project.path)/jidoka.yaml", "--json"]).json()
        #expect(document["valid"] == true)
        #expect(document["data"]?[0]?["expectations"] == 1)
    }

    @Test(
        arguments: [
            ("model: flowers", "modle: flowers", "jidoka.yaml:8:1", "`model`"),
            ("needs: [check]", "needs: [chekc]", "jidoka.yaml", "check"),
        ])
    func `what is wrong is named with its place`(before: String, after: String, place: String, mentioned: String) async throws {
        let project = try folder(LineCommandTests.good.replacing(before, with: after))
        let outcome = await jidoka(["line", "check"], folder: project.path)
        #expect(outcome.status == .failed)
        #expect(outcome.error.contains(place), "\(outcome.error)")
        #expect(outcome.error.contains(mentioned), "\(outcome.error)")
    }

    @Test func `a wrong expectation is named with the place in its suite`() async throws {
        let project = try folder(LineCommandTests.good, suite: "- {expect: not_nul, column: kind}\n")
        let outcome = await jidoka(["line", "check"], folder: project.path)
        #expect(outcome.status == .failed)
        #expect(outcome.error.contains("suite.yaml:1:"))
        #expect(outcome.error.contains("did you mean `not_null`?"))
    }

    @Test func `a missing line file is named`() async {
        let outcome = await jidoka(["line", "check"], folder: "/nonexistent")
        #expect(outcome.status == .failed)
        #expect(outcome.error.contains("there is no file `jidoka.yaml`"))
    }

    @Test func `a reload says what is in force`() async throws {
        let outcome = try await jidoka(["line", "reload"], answers: ["POST /line/reload": [.json(["line": "flowers"])]])
        #expect(outcome.output == "the line `flowers` is in force\n")
        #expect(outcome.requests.first?.json == ["actor": "user:ada"])
    }
}
