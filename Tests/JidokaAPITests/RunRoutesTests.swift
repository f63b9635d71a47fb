import Clockwork
import Foundation
import HTTP
import JSON
import JidokaAPI
import SQL
import SQLStores
import Telemetry
import Testing
import Tracking

@Suite struct RunRoutesTests {
    private func with(_ body: (TrackingService, (String, String, String?) async throws -> (Int, JSONValue)) async throws -> Void)
        async throws
    {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jidoka-runs-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let database = try Database(path: folder.appendingPathComponent("test.db").path, metrics: MetricsRegistry())
        defer { database.close() }
        try await database.migrate(EventSchema.migrations + TrackingSchema.migrations)
        let tracking = TrackingService(
            experiments: SQLExperimentStore(database: database), runs: SQLRunStore(database: database),
            models: SQLLoggedModelStore(database: database), time: SystemTime(), ids: SystemIDs(), random: SystemRandom(),
            logger: Logger(sink: MemorySink()))
        try await tracking.start()
        var router = Router()
        mountRuns(on: &router, tracking: tracking)
        let routes = router
        try await body(tracking) { method, path, body in
            let request = HTTPRequest(
                method: method, path: "/api/v1" + path, rawPath: "/api/v1" + path, headers: [:],
                body: body.map { .bytes(Array($0.utf8)) } ?? .empty)
            let response = await routes.respond(to: request, unknown: JidokaErrors.render)
            return (response.status, try JSONValue.parse(response.bytes))
        }
    }

    @Test func `runs are searched, counted, shown and drawn as trees`() async throws {
        try await with { tracking, ask in
            let parent = try await tracking.createRun(experimentID: "0", startTime: 1, name: "parent", actor: "user:test").info.id
            let tags = [Tag(key: ReservedTag.parent, value: parent)]
            let child = try await tracking.createRun(experimentID: "0", startTime: 2, name: "child", tags: tags, actor: "user:test").info.id
            try await tracking.logMetric(runID: child, Metric(key: "loss", value: 0.5, timestamp: 1))
            try await tracking.logParam(runID: child, Param(key: "depth", value: "10"))

            let (status, found) = try await ask(
                "POST", "/runs/search",
                #"{"experiments":["0"],"filter":"params.depth > 5 OR metrics.loss IS NULL","order_by":["run_name"],"with_count":true}"#
            )
            #expect(status == 200)
            #expect(found["total"] == 2)
            #expect(found["runs"]?.arrayValue?.compactMap { $0["name"]?.stringValue } == ["child", "parent"])
            #expect(found["runs"]?[0]?["metrics"] == ["loss": 0.5])
            #expect(try await ask("POST", "/runs/search", #"{"filter":"params.depth > 50","count_only":true}"#).1 == ["total": 0])
            let page = try await ask("POST", "/runs/search", #"{"experiments":["0"],"limit":1,"fields":["info"]}"#).1
            #expect(page["next_offset"] == 1)
            #expect(page["runs"]?[0]?["params"] == nil)

            #expect(try await ask("GET", "/runs/\(child)", nil).1["params"] == ["depth": "10"])
            let tree = try await ask("GET", "/runs/\(parent)/tree", nil).1
            #expect(tree["children"]?[0]?["run_id"] == .string(child))
            let forest = try await ask("GET", "/experiments/Default/tree", nil).1
            #expect(forest.arrayValue?.count == 1)
            #expect(forest[0] == tree)
        }
    }

    @Test(arguments: [
        ("POST", "/runs/search", #"{"experiments":["nowhere"]}"#, 404), ("POST", "/runs/search", #"{"view":"some"}"#, 400),
        ("POST", "/runs/search", #"{"limit":0}"#, 400), ("POST", "/runs/search", #"{"offset":-1}"#, 400),
        ("POST", "/runs/search", #"{"filter":"x"}"#, 400), ("POST", "/runs/search", #"{"order_by":[1]}"#, 400),
        ("POST", "/runs/search", #"{"fields":["all"]}"#, 400), ("POST", "/runs/search", #"{"filters":"x"}"#, 400),
        ("GET", "/runs/none", nil, 404), ("GET", "/runs/none/tree", nil, 404), ("GET", "/experiments/9/tree", nil, 404),
    ])
    func `what cannot be searched or is not there is refused`(method: String, path: String, body: String?, status: Int) async throws {
        try await with { _, ask in
            let (found, _) = try await ask(method, path, body)
            #expect(found == status)
        }
    }
}
