import Clockwork
import Errors
import Events
import Foundation
import Registry
import SQL
import SQLStores
import Synchronization
import Telemetry

/// The registry over a temporary database, with a verifier and an evaluator that answer what the test says.
final class RegistryFixture: Sendable {
    let folder: URL
    let database: Database
    let registry: RegistryService
    let gates: GateService
    let log: SQLEventLog
    let world = World()

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("jidoka-registry-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        database = try Database(path: folder.appendingPathComponent("test.db").path, metrics: MetricsRegistry())
        try await database.migrate(EventSchema.migrations + RegistrySchema.migrations)
        let models = SQLModelStore(database: database)
        let versions = SQLModelVersionStore(database: database)
        let time = SystemTime()
        let logger = Logger(sink: MemorySink())
        registry = RegistryService(models: models, versions: versions, origins: world, verifier: world, time: time, logger: logger)
        gates = GateService(
            models: models, versions: versions, reports: SQLGateReportStore(database: database), evaluator: world, time: time,
            ids: SystemIDs(),
            logger: logger)
        log = SQLEventLog(database: database, time: time)
    }

    func close() {
        database.close()
        try? FileManager.default.removeItem(at: folder)
    }

    /// A model with so many verified versions.
    func model(_ name: String, versions: Int) async throws {
        _ = try await registry.createModel(name: name, actor: "user:test")
        for _ in 0..<versions { _ = try await register(name) }
    }

    func register(_ name: String, source: String = "models:/m-1", runID: String = "", modelID: String = "m-1") async throws -> ModelVersion
    {
        try await registry.registerVersion(
            VersionRequest(name: name, source: source, runID: runID, modelID: modelID), actor: "user:test")
    }

    func kinds() async throws -> [String] {
        try await log.events(after: 0, limit: 1_000, kinds: nil, subject: nil).map(\.draft.kind)
    }
}

/// What lies outside the registry.
final class World: ModelOrigins, ModelVerifier, ModelEvaluator {
    struct State {
        var report = VerificationReport(files: 2, bytes: 10, digest: "d1", flavors: ["onnx"], loads: true, predicts: true, detail: "fine")
        var verifierFails = false
        var commit: String? = "c0ffee"
        /// What the verifier was asked for.
        var asked: [ModelSource] = []
        /// Held back until it is false.
        var verifierWaits = false
        var evaluations: [Int: Evaluation] = [:]
    }
    let state = Mutex(State())

    func artifactRoot(ofRun id: String) async throws -> String? { id == "r1" ? "mlflow-artifacts:/1/r1/artifacts" : nil }

    func codeVersion(ofRun id: String) async throws -> String? { state.withLock { $0.commit } }

    func loggedModel(id: String) async throws -> (artifactRoot: String, runID: String)? {
        id == "m-1" ? ("mlflow-artifacts:/1/models/m-1/artifacts", "r1") : nil
    }

    func verify(_ source: ModelSource) async throws -> VerificationReport {
        state.withLock { $0.asked.append(source) }
        while state.withLock({ $0.verifierWaits }) { await Task.yield() }
        if state.withLock({ $0.verifierFails }) { throw JidokaError.unavailable("ONNX Runtime is not installed") }
        return state.withLock { $0.report }
    }

    func evaluate(
        _ version: ModelVersionRef, on data: EvaluationData, metrics: [String], slices: [String]
    ) async throws -> Evaluation {
        state.withLock { $0.evaluations[version.version] } ?? Evaluation(rows: 100, metrics: ["f1": 0.7])
    }
}

func refusal(_ body: () async throws -> Void) async -> JidokaError? {
    do { try await body() } catch { return error as? JidokaError }
    return nil
}
