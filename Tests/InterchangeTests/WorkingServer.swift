import Blobs
import Clockwork
import Errors
import Evaluation
import FileStores
import Foundation
import HTTP
import Interchange
import JSON
import JidokaAPI
import MLflowAPI
import Outbound
import Registry
import SQL
import SQLStores
import Synchronization
import Telemetry
import Tracing
import Tracking

/// A server's routes over a temporary home, called without sockets.
final class WorkingServer: Sendable {
    let folder: String
    private let database: Database
    private let router: Router
    private let asked = Mutex(0)

    init() async throws {
        folder = FileManager.default.temporaryDirectory.path + "/jidoka-interchange-\(SystemIDs().next())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        database = try Database(path: folder + "/test.db", metrics: MetricsRegistry())
        try await database.migrate(
            EventSchema.migrations + TrackingSchema.migrations + RegistrySchema.migrations + TracingSchema.migrations
                + EvaluationTables.migrations)
        let logger = Logger(sink: MemorySink())
        let tracking = TrackingService(
            experiments: SQLExperimentStore(database: database), runs: SQLRunStore(database: database),
            models: SQLLoggedModelStore(database: database), time: SystemTime(), ids: SystemIDs(), random: SystemRandom(), logger: logger)
        try await tracking.start()
        let artifacts = FileArtifactStore(
            blobs: try BlobStore(folder: folder + "/objects"), index: SQLArtifactIndex(database: database), pool: BlockingPool(threads: 2),
            time: SystemTime())
        let registry = RegistryService(
            models: SQLModelStore(database: database), versions: SQLModelVersionStore(database: database),
            origins: Origins(tracking: tracking), verifier: Trusting(), time: SystemTime(), logger: logger)
        var router = Router()
        let places = Places(tracking: tracking)
        let tracing = TracingService(
            traces: SQLTraceStore(database: database), searches: SQLTraceSearchStore(database: database),
            assessments: SQLAssessmentStore(database: database), places: places, time: SystemTime(), ids: SystemIDs())
        let evaluation = EvaluationService(
            datasets: SQLEvaluationDatasetStore(database: database), scorers: SQLScorerStore(database: database), places: places,
            time: SystemTime(), ids: SystemIDs())
        mountMLflow(
            on: &router,
            services: MLflowServices(tracking: tracking, registry: registry, artifacts: artifacts, tracing: tracing, evaluation: evaluation)
        )
        mountAdoption(on: &router, tracking: tracking, registry: registry)
        // The route that the whole server declares over more areas than a delivery needs.
        router.add(
            Route(
                method: "POST", pattern: "/api/v1/models/{name}/versions/{version}/verify", permission: .write,
                renderError: JidokaErrors.render
            ) {
                let name = try $0.parameter("name")
                _ = try await registry.verify(name: name, version: Int(try $0.parameter("version")) ?? 0, actor: "user:test")
                return .json([:])
            })
        self.router = router
    }

    deinit {
        database.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// - Parameter cut: the exchange (from 0) whose answer is lost; before the server saw it when `early`.
    func target(cut: Int? = nil, early: Bool = false) -> TargetServer {
        let start = asked.withLock { $0 }
        return TargetServer(url: "http://test", actor: "user:test") { [self] request in
            let number = asked.withLock { asked in
                defer { asked += 1 }
                return asked - start
            }
            if let cut, number > cut || (number == cut && early) { throw JidokaError.unavailable("cut off") }
            let answer = try await respond(request)
            if number == cut { throw JidokaError.unavailable("cut off") }
            return answer
        }
    }

    var exchanges: Int { asked.withLock { $0 } }

    private func respond(_ request: OutboundRequest) async throws -> OutboundResponse {
        let target = String(request.url.dropFirst("http://test".count))
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        let query = (parts.count > 1 ? parts[1].split(separator: "&") : []).map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
            return (name: sides[0], value: sides.count > 1 ? sides[1].removingPercentEncoding ?? "" : "")
        }
        let body: HTTPBody =
            switch request.body {
            case .none: .empty
            case .bytes(let bytes): .bytes(bytes)
            case .file(let path, _, _): .bytes(Array(try Data(contentsOf: URL(filePath: path))))
            }
        let headers = HTTPHeaders(request.headers)
        let asked = HTTPRequest(
            method: request.method, path: parts[0].removingPercentEncoding ?? parts[0], rawPath: parts[0], query: query, headers: headers,
            body: body)
        let response = await router.respond(to: asked) { JidokaErrors.render($0, $1) }
        if case .file(let path) = request.sink, response.status < 300 {
            try Data(try await whole(response)).write(to: URL(filePath: path))
            return OutboundResponse(status: response.status, body: [])
        }
        return OutboundResponse(status: response.status, body: response.bytes)
    }

    private final class Gathering: HTTPBodyWriter {
        let bytes = Mutex<[UInt8]>([])
        func write(_ more: [UInt8]) async throws { bytes.withLock { $0 += more } }
    }

    private func whole(_ response: HTTPResponse) async throws -> [UInt8] {
        switch response.body {
        case .bytes(let bytes): return bytes
        case .file(let path, let offset, let count):
            return Array(try Data(contentsOf: URL(filePath: path))[Int(offset)..<Int(offset + count)])
        case .stream(let write):
            let gathering = Gathering()
            try await write(gathering)
            return gathering.bytes.withLock { $0 }
        }
    }

    /// Everything that a client can see, without the times of changes.
    func state() async throws -> String {
        let server = target()
        var lines: [String] = []
        func ask(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
            try await server.exchange(method, "/api/2.0/mlflow/\(path)", body)
        }
        let experiments = try await ask("POST", "experiments/search", ["max_results": 1000, "view_type": "ALL", "order_by": ["name"]])
        var ids: [JSONValue] = []
        for experiment in experiments["experiments"]?.arrayValue ?? [] where experiment["experiment_id"] != "0" {
            ids.append(experiment["experiment_id"] ?? .null)
            lines.append(WorkingServer.lasting(experiment))
        }
        let runs = try await ask("POST", "runs/search", ["experiment_ids": .array(ids), "run_view_type": "ALL", "max_results": 1000])
        for run in runs["runs"]?.arrayValue ?? [] {
            lines.append(WorkingServer.lasting(run))
            let id = run["info"]?["run_id"]?.stringValue ?? ""
            for metric in run["data"]?["metrics"]?.arrayValue ?? [] {
                let key = metric["key"]?.stringValue ?? ""
                lines.append(try await ask("GET", "metrics/get-history?run_id=\(id)&metric_key=\(key)").text)
            }
            lines.append(try await ask("GET", "artifacts/list?run_id=\(id)").text)
        }
        let models = try await ask("POST", "logged-models/search", ["experiment_ids": .array(ids)])
        lines += (models["models"]?.arrayValue ?? []).map(WorkingServer.lasting)
        let registered = try await ask("GET", "registered-models/search?max_results=1000")
        lines += (registered["registered_models"]?.arrayValue ?? []).map(WorkingServer.lasting)
        let versions = try await ask("GET", "model-versions/search?max_results=1000&order_by=name&order_by=version_number")
        lines += (versions["model_versions"]?.arrayValue ?? []).map(WorkingServer.lasting)
        let kinds = try await database.read { connection in
            try connection.map("SELECT kind, count(*) FROM events WHERE kind LIKE '%imported' GROUP BY kind ORDER BY kind") {
                "\($0.text(0)) \($0.int(1))"
            }
        }
        return (lines.sorted() + kinds).joined(separator: "\n")
    }

    private static func lasting(_ value: JSONValue) -> String {
        switch value {
        case .object(let object):
            let kept = object.members.filter {
                !["last_update_time", "last_updated_timestamp", "last_updated_timestamp_ms"].contains($0.key)
            }
            return "{" + kept.map { "\($0.key)=\(lasting($0.value))" }.sorted().joined(separator: ",") + "}"
        case .array(let items): return "[" + items.map(lasting).sorted().joined(separator: ",") + "]"
        default: return value.text
        }
    }
}

private struct Places: TracePlaces, EvaluationPlaces {
    let tracking: TrackingService

    func artifactLocation(ofExperiment id: String) async throws -> String { try await tracking.experiment(id: id).artifactLocation }
    func requireExperiment(_ id: String) async throws { _ = try await tracking.experiment(id: id) }
    func requireRun(_ id: String) async throws { _ = try await tracking.runInfo(id: id) }
}

private struct Origins: ModelOrigins {
    let tracking: TrackingService
    func artifactRoot(ofRun id: String) async throws -> String? { try await tracking.runInfo(id: id).artifactURI }
    func codeVersion(ofRun id: String) async throws -> String? { nil }
    func loggedModel(id: String) async throws -> (artifactRoot: String, runID: String)? {
        let model = try await tracking.loggedModel(id: id)
        return (model.artifactURI, model.sourceRunID)
    }
}

/// Every folder is sound.
private struct Trusting: ModelVerifier {
    func verify(_ source: ModelSource) async throws -> VerificationReport {
        VerificationReport(files: 1, bytes: 1, digest: "d", flavors: [], loads: nil, predicts: nil, detail: "")
    }
}
