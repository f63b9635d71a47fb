import CommandLine
import JSON
import Testing

@testable import Commands

struct LabelsCommandTests {
    private static let answers: [String: [StubServer.Answer]] = [
        "POST /labels": [
            .computed { request in
                ["accepted": .int(Int64(request.json?["labels"]?.arrayValue?.count ?? 0)), "duplicates": 1, "unknown": 0]
            }
        ]
    ]

    private func add(_ name: String, _ text: String, _ more: [String] = []) async throws -> Outcome {
        let folder = try TemporaryFolder()
        try folder.write(name, text)
        return try await jidoka(["labels", "add", name] + more, answers: LabelsCommandTests.answers, folder: folder.path)
    }

    @Test func `a CSV file becomes labels, ids stay text`() async throws {
        let outcome = try await add(
            "l.csv", "label,prediction_id,time\n1,0012,1500000000000000\n0.5,ab,\n\"yes, sir\",\"c,d\",7\ntrue,e,\n")
        #expect(outcome.status == .ok, "\(outcome.error)")
        #expect(outcome.output == "4 labels accepted, 1 were known\n")
        let sent: JSONValue = [
            "labels": [
                ["prediction_id": "0012", "label": 1, "time": 1_500_000_000_000_000], ["prediction_id": "ab", "label": 0.5],
                ["prediction_id": "c,d", "label": "yes, sir", "time": 7], ["prediction_id": "e", "label": true],
            ]
        ]
        #expect(outcome.requests.first?.json == sent)
    }

    @Test(
        arguments: [
            "[{\"prediction_id\": \"a\", \"label\": 1}]", "{\"labels\": [{\"prediction_id\": \"a\", \"label\": 1}]}",
            "{\"prediction_id\": \"a\", \"label\": 1}\n",
        ])
    func `JSON comes as a list, an object or lines`(text: String) async throws {
        let outcome = try await add("l.json", text)
        #expect(outcome.requests.first?.json == ["labels": [["prediction_id": "a", "label": 1]]])
    }

    @Test func `many labels go in several requests and one receipt`() async throws {
        let lines = (0..<12_000).map { "{\"prediction_id\": \"p\($0)\", \"label\": 1}\n" }.joined()
        let outcome = try await add("l.jsonl", lines, ["--json"])
        #expect(try outcome.json() == ["accepted": 12_000, "duplicates": 3, "unknown": 0])
        #expect(outcome.requests.map { $0.json?["labels"]?.arrayValue?.count } == [5_000, 5_000, 2_000])
    }

    @Test(
        arguments: [
            ("l.csv", "id,label\na,1\n", "`prediction_id`"), ("l.csv", "prediction_id,label\na,\n", "row 1"),
            ("l.json", "{\"a\": 1}", "no labels"), ("l.json", "{\"prediction_id\": \"a\", \"label\": 1}\nnot json\n", "line 2"),
        ])
    func `a file of another shape is refused`(name: String, text: String, mentioned: String) async throws {
        let outcome = try await add(name, text)
        #expect(outcome.status == .failed)
        #expect(outcome.error.contains(mentioned), "\(outcome.error)")
        #expect(outcome.error.contains(name))
        #expect(outcome.requests.isEmpty)
    }

    @Test func `predictions are listed and shown`() async throws {
        let prediction: JSONValue = [
            "id": "p1", "time": "2026-11-21T00:48:34.123456Z", "version": "1", "route": "champion", "prediction": 1.0, "score": 0.91,
            "label": nil, "features": ["AGEP": 33.0],
        ]
        let list = try await jidoka(["predictions", "list", "employment"], answers: ["GET /predictions": [.json([prediction])]])
        #expect(list.output.contains("p1          2026-11-21 00:48:34Z  1        champion       1   0.91      –"))
        #expect(list.requests.first?.query == ["endpoint": "employment", "limit": "20"])
        let show = try await jidoka(["predictions", "show", "p1"], answers: ["GET /predictions/p1": [.json(prediction)]])
        #expect(show.output.contains("features.AGEP  33"))
    }
}
