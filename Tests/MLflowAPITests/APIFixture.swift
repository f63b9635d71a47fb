import Blobs
import Clockwork
import Errors
import Evaluation
import FileStores
import Foundation
import HTTP
import JSON
import MLflowAPI
import Registry
import SQL
import SQLStores
import Synchronization
import Telemetry
import Tracing
import Tracking

/// All MLflow routes over a temporary home, with a clock that stands still and ids that count.
final class APIFixture: Sendable {
    let folder: URL
    let database: Database
    let router: Router

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("jidoka-mlflow-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        database = try Database(path: folder.appendingPathComponent("test.db").path, metrics: MetricsRegistry())
        try await database.migrate(
            EventSchema.migrations + TrackingSchema.migrations + RegistrySchema.migrations + TracingSchema.migrations
                + EvaluationTables.migrations)
        let runs = SQLRunStore(database: database)
        let models = SQLLoggedModelStore(database: database)
        let logger = Logger(sink: MemorySink())
        let time = StillTime()
        let tracking = TrackingService(
            experiments: SQLExperimentStore(database: database), runs: runs, models: models, time: time, ids: CountingIDs(),
            random: SystemRandom(), logger: logger)
        try await tracking.start()
        let artifacts = FileArtifactStore(
            blobs: try BlobStore(folder: folder.appendingPathComponent("objects").path), index: SQLArtifactIndex(database: database),
            pool: BlockingPool(threads: 2), time: time)
        let registry = RegistryService(
            models: SQLModelStore(database: database), versions: SQLModelVersionStore(database: database),
            origins: Origins(runs: runs, models: models), verifier: FilesVerifier(artifacts: artifacts), time: time, logger: logger)
        var router = Router()
        let tracing = TracingService(
            traces: SQLTraceStore(database: database), searches: SQLTraceSearchStore(database: database),
            assessments: SQLAssessmentStore(database: database), places: Places(tracking: tracking), time: time, ids: CountingIDs())
        let evaluation = EvaluationService(
            datasets: SQLEvaluationDatasetStore(database: database), scorers: SQLScorerStore(database: database),
            places: Places(tracking: tracking), time: time, ids: CountingIDs())
        mountMLflow(
            on: &router,
            services: MLflowServices(tracking: tracking, registry: registry, artifacts: artifacts, tracing: tracing, evaluation: evaluation)
        )
        self.router = router
    }

    func close() {
        database.close()
        try? FileManager.default.removeItem(at: folder)
    }

    func send(
        _ method: String, _ target: String, _ body: String? = nil, type: String? = "application/json"
    ) async -> (status: Int, text: String) {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        let path = parts[0].hasPrefix("/") ? parts[0] : "/api/2.0/mlflow/\(parts[0])"
        let query = (parts.count > 1 ? parts[1].split(separator: "&") : []).map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
            return (name: sides[0], value: sides.count > 1 ? sides[1].removingPercentEncoding ?? sides[1] : "")
        }
        var headers: HTTPHeaders = [:]
        if body != nil, let type { headers["content-type"] = type }
        let request = HTTPRequest(
            method: method, path: path.removingPercentEncoding ?? path, rawPath: path, query: query, headers: headers,
            body: body.map { .bytes(Array($0.utf8)) } ?? .empty)
        let response = await router.respond(to: request) { renderMLflowError($0, $1) }
        return (response.status, String(decoding: await APIFixture.bytes(response), as: UTF8.self))
    }

    static func bytes(_ response: HTTPResponse) async -> [UInt8] {
        if case .file(let path, let offset, let count) = response.body {
            let all = (try? [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))) ?? Array("broken: no file".utf8)
            return Array(all.dropFirst(Int(offset)).prefix(Int(count)))
        }
        guard case .stream(let write) = response.body else { return response.bytes }
        final class Collecting: HTTPBodyWriter {
            let all = Mutex<[UInt8]>([])
            func write(_ bytes: [UInt8]) async throws { all.withLock { $0 += bytes } }
        }
        let writer = Collecting()
        do { try await write(writer) } catch { return Array("broken: \(error)".utf8) }
        return writer.all.withLock { $0 }
    }

    func post(_ path: String, _ body: String) async -> (status: Int, text: String) { await send("POST", path, body) }

    func get(_ target: String) async -> (status: Int, text: String) { await send("GET", target) }
}

/// 2023-11-14T22:13:20Z, for ever.
struct StillTime: TimeSource {
    func now() -> Timestamp { Timestamp(milliseconds: 1_700_000_000_000) }
    func steadyNanoseconds() -> UInt64 { 0 }
    /// Who waits, waits until it is cancelled.
    func sleep(for duration: Duration) async throws {
        let (endless, _) = AsyncStream.makeStream(of: Void.self)
        for await _ in endless {}
        try Task.checkCancellation()
    }
}

/// 32 digits that count from 1.
final class CountingIDs: IDSource {
    private let last = Mutex<UInt64>(0)
    func next() -> String {
        hex16(0)
            + hex16(
                last.withLock {
                    $0 += 1
                    return $0
                })
    }
}

private struct Places: TracePlaces, EvaluationPlaces {
    let tracking: TrackingService

    func artifactLocation(ofExperiment id: String) async throws -> String { try await tracking.experiment(id: id).artifactLocation }
    func requireExperiment(_ id: String) async throws { _ = try await tracking.experiment(id: id) }
    func requireRun(_ id: String) async throws { _ = try await tracking.runInfo(id: id) }
}

private struct Origins: ModelOrigins {
    let runs: any RunStore
    let models: any LoggedModelStore

    func artifactRoot(ofRun id: String) async throws -> String? { try await runs.info(id: id)?.artifactURI }

    func codeVersion(ofRun id: String) async throws -> String? { nil }

    func loggedModel(id: String) async throws -> (artifactRoot: String, runID: String)? {
        try await models.model(id: id).map { ($0.artifactURI, $0.sourceRunID) }
    }
}

/// Verifies files, loads nothing.
private struct FilesVerifier: ModelVerifier {
    let artifacts: any ArtifactStore

    func verify(_ source: ModelSource) async throws -> VerificationReport {
        let folder = ModelFolder(store: artifacts, pool: BlockingPool(threads: 1), path: try ArtifactPath(uri: source.location))
        let files = try await folder.files()
        try await folder.verify(files)
        let known = files.contains { $0.relativePath == "MLmodel" }
        return VerificationReport(
            files: files.count, bytes: files.reduce(0) { $0 + $1.size }, digest: ModelFolder.identity(of: files), flavors: [], loads: nil,
            predicts: nil, detail: "not loaded", problem: known ? nil : "there is no `MLmodel` in `\(source.location)`")
    }
}

/// The body of a refusal, with the classes that newer servers add.
func refusal(_ code: String, _ message: String) -> String {
    let kinds = [
        "INVALID_PARAMETER_VALUE": ("KAM00", "INVALID_PARAMETER_VALUE"), "RESOURCE_DOES_NOT_EXIST": ("KAM00", "RESOURCE_NOT_FOUND"),
        "RESOURCE_ALREADY_EXISTS": ("KAM00", "RESOURCE_ALREADY_EXISTS"), "INVALID_STATE": ("XXM00", "CLIENT_INTERNAL_ERROR"),
    ]
    let classes = kinds[code].map { #","sqlstate":"\#($0.0)","error_class":"\#($0.1)""# } ?? ""
    return #"{"error_code":"\#(code)","message":"\#(message)"\#(classes)}"#
}
