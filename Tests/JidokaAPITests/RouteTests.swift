import Clockwork
import Clockwork
import Conformance
import Errors
import Events
import Foundation
import HTTP
import JSON
import Testing

@testable import JidokaAPI

struct OpenAPITests {
    @Test func `the document describes every route and no other`() async throws {
        let world = try World()
        let (status, document) = try await world.ask("GET", "/api/v1/openapi.json")
        #expect(status == 200)
        #expect(document["openapi"] == "3.1.0")
        #expect(document["info"]?["version"] == "1.2.3")
        var described: Set<String> = []
        for (path, item) in try #require(document["paths"]?.objectValue) {
            for method in try #require(item.objectValue).keys { described.insert("\(method.uppercased()) \(path)") }
        }
        let routes = world.router.routes.filter { $0.pattern.hasPrefix("/api/v1") }.map { "\($0.method) \($0.pattern)" }
        #expect(routes.count > 40)
        #expect(Set(routes) == described)
        #expect(described.contains("GET /api/v1/openapi.json"))
    }

    @Test func `every operation has a name of its own, a sentence and its parameters`() async throws {
        let document = try await World().ask("GET", "/api/v1/openapi.json").json
        var names: [String] = []
        for (path, item) in try #require(document["paths"]?.objectValue) {
            for (method, operation) in try #require(item.objectValue) {
                names.append(try #require(operation["operationId"]?.stringValue))
                let summary = try #require(operation["summary"]?.stringValue)
                #expect(summary.hasSuffix("."), "\(method) \(path)")
                #expect(operation["x-permission"]?.stringValue != nil)
                let declared = (operation["parameters"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
                let named = path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
                #expect(declared == named, "\(method) \(path)")
                #expect(operation["responses"]?["default"] != nil)
            }
        }
        #expect(Set(names).count == names.count)
        #expect(names.contains("post_pipeline_runs_id_cancel"))
        #expect(names.allSatisfy { $0.utf8.allSatisfy { $0 == 0x5F || (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) } })
    }

    @Test func `what the contract names is there`() throws {
        let routes = Set(try World().router.routes.map { "\($0.method) \($0.pattern)" })
        for wanted in [
            "GET /api/v1/status", "POST /api/v1/line/reload", "POST /api/v1/datasets/{name}/versions", "POST /api/v1/datasets/{name}/check",
            "POST /api/v1/pipeline/runs", "GET /api/v1/pipeline/runs/{id}/steps/{step}/log", "POST /api/v1/endpoints/{name}/rollouts",
            "POST /api/v1/labels", "GET /api/v1/monitors/{endpoint}/report.html", "POST /api/v1/alerts/{id}/acknowledge",
            "GET /api/v1/events",
            "GET /api/v1/events/stream", "GET /api/v1/audit/verify", "GET /metrics",
        ] {
            #expect(routes.contains(wanted), "\(wanted)")
        }
    }
}

struct ErrorTests {
    @Test func `every error code has its status`() {
        let statuses: [ErrorCode: Int] = [
            .notFound: 404, .alreadyExists: 409, .conflict: 409, .invalidArgument: 400, .failedPrecondition: 412, .unauthenticated: 401,
            .permissionDenied: 403, .exhausted: 429, .unavailable: 503, .internal: 500,
        ]
        #expect(statuses.count == ErrorCode.allCases.count)
        for code in ErrorCode.allCases {
            #expect(JidokaErrors.status(code) == statuses[code])
            let response = JidokaErrors.render(JidokaError(code, "m"), HTTPRequest(method: "GET", path: "/", id: "r"))
            #expect(response.status == statuses[code])
        }
    }

    @Test func `an error says what, what to do, and which request, and keeps its cause to itself`() throws {
        let error = JidokaError(
            .conflict, "taken", hint: "wait", fields: ["status": "413", "line": "3"], cause: JidokaError.internal("secret"))
        let response = JidokaErrors.render(error, HTTPRequest(method: "GET", path: "/", id: "r7"))
        #expect(response.status == 413)
        guard case .bytes(let bytes) = response.body else { return }
        #expect(
            try JSONValue.parse(bytes)
                == ["error": ["code": "conflict", "message": "taken", "hint": "wait", "fields": ["line": "3"], "request_id": "r7"]])
    }
}

struct RequestTests {
    @Test(
        arguments: [
            ("POST", "/api/v1/pipeline/runs", "[]", "the body must be a JSON object", nil),
            ("POST", "/api/v1/pipeline/runs", "{\"parms\":{}}", "unknown field `parms`", "did you mean `params`?"),
            ("POST", "/api/v1/pipeline/runs", "{\"params\":{\"trees\":[1]}}", "`params.trees` must be a string or a number", nil),
            ("POST", "/api/v1/pipeline/runs", "{\"params\":3}", "`params` must be an object", nil),
            ("POST", "/api/v1/pipeline/runs", "{\"reason\":3}", "`reason` must be a string", nil),
            ("POST", "/api/v1/pipeline/runs", "{\"params\":{\"tree\":1}}", "the line declares no param `tree`", "did you mean `trees`?"),
            ("GET", "/api/v1/pipeline/runs?limit=0", nil, "`limit` must be a number between 1 and 1000, not `0`", nil),
            ("GET", "/api/v1/pipeline/runs?limit=x", nil, "`limit` must be a number between 1 and 1000, not `x`", nil),
            ("GET", "/api/v1/events?after=x", nil, "`after` must be a whole number, not `x`", nil),
            ("GET", "/api/v1/predictions", nil, "`endpoint` is missing", "add ?endpoint=NAME"),
            (
                "POST", "/api/v1/endpoints/e/rollouts", "{\"version\":\"1\",\"strategy\":\"bandit\"}",
                "the strategy `bandit` is not supported yet", nil
            ),
            ("POST", "/api/v1/endpoints/e/rollouts", "{\"version\":\"1\",\"override\":\"yes\"}", "`override` must be true or false", nil),
            ("POST", "/api/v1/endpoints/e/rollouts", "{\"version\":\"1\",\"steps\":[\"a\"]}", "`steps` must be whole numbers", nil),
            ("POST", "/api/v1/endpoints/e/rollouts", "{\"version\":\"1\"}", "`reason` is missing", "send it as a string"),
            ("POST", "/api/v1/labels", "{\"labels\":{}}", "`labels` must be a list", nil),
            ("POST", "/api/v1/labels", "{\"labels\":[{\"label\":1}]}", "labels[0] has no `prediction_id`", nil),
            ("POST", "/api/v1/labels", "{\"labels\":[{\"prediction_id\":\"a\"}]}", "labels[0] has no `label`", nil),
            ("POST", "/api/v1/labels", "{\"labels\":[{\"prediction_id\":\"a\",\"label\":[]}]}", "labels[0]: `label` must be a number", nil),
            (
                "POST", "/api/v1/labels", "{\"labels\":[{\"prediction_id\":\"a\",\"label\":1,\"time\":\"now\"}]}",
                "labels[0]: `time` must be", nil
            ),
            ("POST", "/api/v1/rollouts/r/pause", "{}", "`reason` is missing", nil),
        ] as [(String, String, String?, String, String?)])
    func `a request that is wrong is told what is wrong`(method: String, target: String, body: String?, message: String, hint: String?)
        async throws
    {
        let (status, json) = try await World().ask(method, target, body)
        #expect(status == 400)
        #expect(json["error"]?["message"]?.stringValue?.hasPrefix(message) == true, "\(json.text)")
        if let hint { #expect(json["error"]?["hint"] == .string(hint)) }
        #expect(json["error"]?["request_id"] == "request-1")
    }

    @Test func `labels of every kind are taken`() async throws {
        let body = """
            {"labels":[{"prediction_id":"a","label":1},{"prediction_id":"b","label":"yes","time":1700000000000000},
            {"prediction_id":"c","label":true,"time":null},{"prediction_id":"d","label":0.5}]}
            """
        let (status, json) = try await World().ask("POST", "/api/v1/labels", body)
        #expect(status == 200)
        #expect(json == ["accepted": 4, "duplicates": 0, "unknown": 0])
    }

    @Test func `a pipeline run is started, listed, shown, logged and cancelled`() async throws {
        let world = try World()
        let (status, run) = try await world.ask(
            "POST", "/api/v1/pipeline/runs",
            "{\"params\":{\"trees\":80},\"data\":{\"census\":\"d1\"},\"reason\":\"test\",\"actor\":\"user:alice\"}")
        #expect(status == 202)
        #expect(run["status"] == "queued")
        #expect(run["params"] == ["trees": "80"])
        #expect(run["actor"] == "user:alice")
        let id = try #require(run["id"]?.stringValue)
        #expect(try await world.ask("GET", "/api/v1/pipeline/runs").json[0]?["id"] == .string(id))
        #expect(try await world.ask("GET", "/api/v1/pipeline/runs/\(id)").json == run)
        let log = await world.respond("GET", "/api/v1/pipeline/runs/\(id)/steps/train/log?offset=-5")
        guard case .bytes(let bytes) = log.body else { return }
        #expect(String(decoding: bytes, as: UTF8.self) == "log from -5")
        #expect(log.headers["content-type"] == "text/plain; charset=utf-8")
        let (cancelled, after) = try await world.ask(
            "POST", "/api/v1/pipeline/runs/\(id)/cancel", "{\"actor\":\"user:bob\",\"reason\":\"no\"}")
        #expect(cancelled == 202)
        #expect(after["status"] == "cancelled")
        #expect(try await world.ask("POST", "/api/v1/pipeline/runs/\(id)/cancel").status == 412)
        let events = try await world.ask("GET", "/api/v1/events?kind=pipeline_run.cancelled").json
        #expect(events[0]?["actor"] == "user:bob")
    }

    @Test(arguments: [
        "/api/v1/pipeline/runs/nope", "/api/v1/rollouts/nope", "/api/v1/endpoints/nope", "/api/v1/predictions/nope", "/api/v1/trace/nope",
        "/api/v1/monitors/nope", "/api/v1/nope",
    ])
    func `what is not there is 404 with a message`(target: String) async throws {
        let (status, json) = try await World().ask("GET", target)
        #expect(status == 404)
        #expect(json["error"]?["code"] == "not_found")
    }

    @Test func `an alert is listed and acknowledged once`() async throws {
        let world = try World()
        try await world.alerts.take([(alert: AlertStoreContract.sample("a1"), channels: [])], cursor: 1, at: .zero)
        #expect(try await world.ask("GET", "/api/v1/alerts").json[0]?["state"] == "firing")
        let (status, alert) = try await world.ask(
            "POST", "/api/v1/alerts/a1/acknowledge", "{\"actor\":\"user:alice\",\"reason\":\"on it\"}")
        #expect(status == 200)
        #expect(alert["acknowledged_by"] == "user:alice")
        #expect(try await world.ask("POST", "/api/v1/alerts/a1/acknowledge", "{}").status == 412)
    }

    @Test func `metrics are text for Prometheus`() async throws {
        let world = try World()
        let response = await world.respond("GET", "/metrics")
        #expect(response.status == 200)
        #expect(response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
    }
}

/// An event log whose past was changed by someone.
private struct TamperedLog: EventLog {
    let events: [Event]

    func append(_ drafts: [EventDraft]) async throws -> [Event] { [] }
    func events(after: Int64, limit: Int, kinds: Set<String>?, subject: EventSubject?) async throws -> [Event] {
        Array(events.filter { $0.sequence > after }.prefix(limit))
    }
    func head() async throws -> (sequence: Int64, hash: String) { (events.last?.sequence ?? 0, events.last?.hash ?? HashChain.genesis) }
    func waitForEvents(after: Int64) async throws {}
}

struct AuditTests {
    private func events(_ count: Int) -> [Event] {
        MemoryEventLog().add(
            (1...count).map { number in
                EventDraft(
                    kind: "thing.happened", subject: EventSubject("thing", "\(number)"), actor: "user:alice", reason: "r",
                    payload: ["n": .int(Int64(number))], time: .zero)
            })
    }

    @Test(arguments: [1, 999, 1_000, 1_001, 2_500])
    func `an untouched log is valid to its head`(count: Int) async throws {
        let events = events(count)
        let report = try await Audit.verify(TamperedLog(events: events))
        #expect(report["valid"] == true)
        #expect(report["events"] == .int(Int64(count)))
        #expect(report["head"] == .string(events[count - 1].hash))
        #expect(report["first_break"] == .null)
    }

    @Test func `an empty log is valid`() async throws {
        #expect(try await Audit.verify(MemoryEventLog())["valid"] == true)
    }

    @Test(arguments: ["reason", "payload", "time", "removed", "rewritten"], [3, 1_500])
    func `a changed past is found at the event`(change: String, at number: Int) async throws {
        var events = events(2_000)
        switch change {
        case "reason": events[number - 1].draft.reason = "another"
        case "payload": events[number - 1].draft.payload["n"] = 0
        case "time": events[number - 1].draft.time = .init(microseconds: 1)
        case "removed": events.remove(at: number - 1)
        default:
            // Whoever rewrites the event's own hash too breaks the link of the next.
            events[number - 1].draft.reason = "another"
            events[number - 1].hash = HashChain.hash(
                events[number - 1].draft, sequence: Int64(number), previous: events[number - 1].previousHash)
        }
        let report = try await Audit.verify(TamperedLog(events: events))
        #expect(report["valid"] == false)
        #expect(report["first_break"] == .int(Int64(change == "removed" || change == "rewritten" ? number + 1 : number)))
    }

    @Test func `the route answers the same`() async throws {
        let world = try World()
        _ = try await world.ask("POST", "/api/v1/pipeline/runs", "{}")
        let (status, report) = try await world.ask("GET", "/api/v1/audit/verify")
        #expect(status == 200)
        #expect(report["valid"] == true)
        #expect(report["events"] == 1)
    }
}

/// docs/format/events.md against the code.
struct EventPageTests {
    @Test func `the worked example of the format page has the hash that it says`() throws {
        let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: repository.appendingPathComponent("docs/format/events.md"), encoding: .utf8)
        let blocks = page.split(separator: "```", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map(
            \.element)
        let event = try JSONValue.parse(String(try #require(blocks.first { $0.hasPrefix("json\n") }).dropFirst(5)))
        let covered = try JSONValue.parse(String(try #require(blocks.first { $0.hasPrefix("\n{") })))
        let draft = EventDraft(
            kind: try #require(event["kind"]?.stringValue),
            subject: EventSubject(try #require(event["subject"]?["type"]?.stringValue), try #require(event["subject"]?["id"]?.stringValue)),
            actor: try #require(event["actor"]?.stringValue), reason: try #require(event["reason"]?.stringValue),
            payload: try #require(event["payload"]?.objectValue),
            time: Timestamp(microseconds: try #require(covered["time"]?.intValue)))
        #expect(event["time"] == .string(draft.time.rfc3339))
        let hash = HashChain.hash(draft, sequence: 1, previous: HashChain.genesis)
        #expect(event["hash"] == .string(hash))
        #expect(page.contains("\n" + covered.canonical.text + "\n"))
    }
}
