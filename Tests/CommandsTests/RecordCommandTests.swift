import CommandLine
import HTTP
import JSON
import Testing

@testable import Commands

struct RecordCommandTests {
    private static func event(_ number: Int64, _ kind: String = "run.created") -> JSONValue {
        [
            "sequence": .int(number), "time": "2026-11-21T00:48:34.123456Z", "kind": .string(kind), "subject": ["type": "run", "id": "r"],
            "actor": "user:ada", "reason": "why not", "payload": [:], "previous_hash": "a", "hash": "b",
        ]
    }

    /// A log of so many events, answered in pages as the server does.
    private static func log(_ count: Int64) -> StubServer.Answer {
        .computed { request in
            let after = Int64(request.query["after"] ?? "") ?? 0
            let limit = Int64(request.query["limit"] ?? "") ?? 0
            let kind = request.query["kind"]
            var page: [JSONValue] = []
            var number = after + 1
            while number <= count, page.count < limit {
                let event = event(number, number % 10 == 0 ? "run.failed" : "run.created")
                if kind == nil || event["kind"]?.stringValue == kind { page.append(event) }
                number += 1
            }
            return .array(page)
        }
    }

    private func numbers(_ words: [String], of count: Int64) async throws -> [Int64] {
        let outcome = try await jidoka(["events", "tail", "--json"] + words, answers: ["GET /events": [RecordCommandTests.log(count)]])
        #expect(outcome.status == .ok, "\(outcome.error)")
        return (try outcome.json().arrayValue ?? []).compactMap { $0["sequence"]?.intValue }
    }

    @Test(arguments: [0, 1, 3, 20, 21, 1_023, 1_024, 1_025, 2_500])
    func `the newest events are found in a log of any length`(count: Int64) async throws {
        #expect(try await numbers([], of: count) == Array((count - min(20, count) + 1)..<(count + 1)))
    }

    @Test func `the newest events of a kind, and the first after a number`() async throws {
        #expect(try await numbers(["--kind", "run.failed", "--limit", "3"], of: 2_345) == [2_320, 2_330, 2_340])
        #expect(try await numbers(["--after", "7", "--limit", "3"], of: 2_345) == [8, 9, 10])
    }

    @Test func `an event is a line with who, what and why`() async throws {
        let outcome = try await jidoka(["events", "tail"], answers: ["GET /events": [RecordCommandTests.log(1)]])
        #expect(outcome.output == "     1  2026-11-21 00:48:34Z  run.created  run/r  by user:ada: why not\n")
    }

    @Test func `following prints events as they come`() async throws {
        let stream: [ServerSentEvent] = [4, 5].map {
            ServerSentEvent(data: RecordCommandTests.event($0).text, event: "run.created", id: "\($0)")
        }
        let outcome = try await jidoka(
            ["events", "tail", "--follow", "--json", "--limit", "1"],
            answers: ["GET /events": [RecordCommandTests.log(3)], "GET /events/stream": [.events(stream)]])
        let numbers = try outcome.output.split(separator: "\n").map { try JSONValue.parse($0.utf8)["sequence"]?.intValue }
        #expect(numbers == [3, 4, 5])
        #expect(outcome.requests.last?.query == ["after": "3"])
        // The stub ends the stream, as a server does that is stopped.
        #expect(outcome.status == .failed)
        #expect(outcome.error.contains("ended the stream"))
    }

    @Test func `server-sent events are read from pieces of any length`() {
        let text = "id: 1\nevent: x\ndata: a\ndata: b\n\n: comment\n\r\ndata:c\r\n\r\nretry: 5\n\ndata: unfinished\n"
        for size in 1...12 {
            var reader = EventStreamReader()
            var events: [String] = []
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                events += reader.take(Array(rest.prefix(size))).map { String(decoding: $0, as: UTF8.self) }
                rest = rest.dropFirst(size)
            }
            #expect(events == ["a\nb", "c"], "in pieces of \(size)")
        }
    }

    @Test func `a whole chain ends with 0, a broken one with 1`() async throws {
        let whole = try await jidoka(
            ["audit", "verify"], answers: ["GET /audit/verify": [.json(["valid": true, "events": 1_200, "head": "abcdefabcdefabcdef"])]])
        #expect(whole.status == .ok)
        #expect(whole.output == "the chain is whole: 1,200 events, head abcdefabcdef\n")
        let document: JSONValue = ["valid": false, "events": 7, "head": "ab", "first_break": 8, "message": "event 8 was changed"]
        let broken = try await jidoka(["audit", "verify"], answers: ["GET /audit/verify": [.json(document)]])
        #expect(broken.status == .failed)
        #expect(broken.output == "the chain is broken after 7 events: event 8 was changed\n")
        let asJSON = try await jidoka(["audit", "verify", "--json"], answers: ["GET /audit/verify": [.json(document)]])
        #expect(asJSON.status == .failed)
        #expect(try asJSON.json() == document)
    }

    @Test func `a trace is a chain from the prediction to the data`() async throws {
        let trace: JSONValue = [
            "prediction": [
                "id": "p1", "time": "2026-11-21T00:48:34.123456Z", "endpoint": "employment", "route": "champion",
                "details": ["prediction": 1.0, "label": 0.0],
            ],
            "endpoint": "employment", "route": "champion",
            "model_version": [
                "name": "employment", "version": "3", "digest": "aabbccddeeff00112233", "run_id": "12ab", "model_id": nil,
                "created_at": "2026-11-21T00:48:34.123456Z",
            ],
            "run": ["id": "12ab", "name": "swift-fox", "experiment": "employment", "status": "FINISHED"], "pipeline_run": "r1",
            "code": ["commit": "9f8e7d", "dirty": true, "branch": "main", "source": "train.py"],
            "datasets": [["name": "census", "digest": "1a2b3c4d5e6f7788", "rows": 54_812, "source": "upload census.parquet"]],
            "gaps": ["something is not known"],
        ]
        let outcome = try await jidoka(["trace", "p1"], answers: ["GET /trace/p1": [.json(trace)]])
        #expect(
            outcome.output == """
                prediction p1  2026-11-21 00:48:34Z  answered 1, truth 0
                └─ endpoint employment, route champion
                   └─ model version employment/3  sha256 aabbccddeeff
                      └─ run 12ab  swift-fox, experiment employment, FINISHED
                         └─ pipeline run r1
                         └─ code commit 9f8e7d (dirty) on main, train.py
                         └─ dataset census 1a2b3c4d5e6f, 54,812 rows, upload census.parquet
                gap: something is not known

                """)
        let unknown = try await jidoka(["trace", "nobody"], answers: [:])
        #expect(unknown.status == .failed)
        #expect(unknown.error.contains("hint:"))
    }
}
