import Clockwork
import Conformance
import ContinuousTraining
import Datasets
import Errors
import Events
import HTTP
import JSON
import Lineage
import Monitoring
import Pipelines
import Rollouts
import Serving
import Telemetry
import Testing

@testable import JidokaAPI

private let absent = JidokaError.unavailable("not in this test")

/// What the services need and these tests do not: every call fails.
private struct Absent: DatasetStore, ValidationStore, ObjectFiles, DatasetProfiler, DatasetValidator, DatasetSplitter {
    func add(_ version: DatasetVersion, event: EventDraft) async throws -> (version: DatasetVersion, added: Bool) { throw absent }
    func version(dataset: String, prefix: String) async throws -> DatasetVersion { throw absent }
    func version(digest: String) async throws -> DatasetVersion? { throw absent }
    func versions(dataset: String, limit: Int, skip: Int) async throws -> [DatasetVersion] { throw absent }
    func datasets(limit: Int, after: String?) async throws -> [DatasetSummary] { [] }
    func record(_ result: ValidationResult, event: EventDraft) async throws { throw absent }
    func results(dataset: String, digest: String?, limit: Int) async throws -> [ValidationResult] { throw absent }
    func stage(_ next: () async throws -> [UInt8]?) async throws -> StagedFile { throw absent }
    func stage(file path: String) async throws -> StagedFile { throw absent }
    func keep(_ staged: StagedFile) async throws { throw absent }
    func discard(_ staged: StagedFile) async {}
    func path(digest: String) async throws -> String { throw absent }
    func profile(_ file: DatasetFile) async throws -> DatasetProfile { throw absent }
    func validate(_ file: DatasetFile, suite: ExpectationSuite) async throws -> (rows: Int64, results: [ExpectationResult]) { throw absent }
    func part(_ part: DatasetPart, of file: DatasetFile, digest: String, split: DatasetSplit) async throws -> String { throw absent }
}

extension Absent: TrafficSwitch, ChampionRegistry, EvidenceSource {
    func split(endpoint: String, champion: String, candidate: String, percent: Int, actor: String, reason: String) async throws {
        throw absent
    }
    func switchOver(endpoint: String, to version: String, actor: String, reason: String) async throws { throw absent }
    func makeChampion(model: String, version: String, actor: String, reason: String) async throws { throw absent }
    func evidence(endpoint: String, champion: String, candidate: String, since: Timestamp) async throws -> Evidence { throw absent }
}

extension Absent: LineageSource, PredictionHistory, ReferenceSource, ChampionSource {
    func prediction(_ id: String) async throws -> Trace.Prediction? { nil }
    func modelVersion(name: String, version: String) async throws -> Trace.ModelVersion? { nil }
    func run(_ id: String) async throws -> Trace.Run? { nil }
    func dataset(name: String, digest: String) async throws -> Trace.DatasetVersion? { nil }
    func count(endpoint: String) async throws -> Int64 { 0 }
    func window(endpoint: String, rows: Range<Int64>) async throws -> PredictionWindow { throw absent }
    func labelled(endpoint: String, rows: Range<Int64>) async throws -> Int64 { 0 }
    func columns(datasetDigest: String, names: [String], rowsMax: Int) async throws -> [FeatureColumn] { throw absent }
    func champion(endpoint: String) async throws -> ChampionFacts? { nil }
}

extension Absent: ModelControl {
    func version(_ name: String, _ version: String) async throws -> JSONObject { throw absent }
    func versions(_ name: String) async throws -> [JSONObject] { throw absent }
    func register(_ name: String, run: String, actor: String, reason: String) async throws -> JSONObject { throw absent }
    func verify(_ name: String, _ version: String, actor: String) async throws -> JSONObject { throw absent }
    func judge(_ name: String, _ version: String, actor: String) async throws -> JSONObject { throw absent }
    func promote(_ name: String, _ version: String, actor: String, reason: String, override: Bool) async throws -> JSONObject {
        throw absent
    }
    func startRollout(
        endpoint: String, version: String, steps: [Int]?, override: Bool, actor: String, reason: String
    ) async throws -> Rollout { throw absent }
}

extension Absent {
    func history(_ name: String, alias: String?, stage: String?, limit: Int) async throws -> [JSONObject] {
        [["model": .string(name), "alias": JSONValue(alias), "stage": JSONValue(stage), "limit": .int(Int64(limit))]]
    }
    func resolve(_ uri: String, at time: Timestamp?) async throws -> JSONObject {
        ["uri": .string(uri), "at": JSONValue(time?.rfc3339)]
    }
    func setAlias(_ name: String, alias: String, version: String?, actor: String, reason: String) async throws { throw absent }
    func setStage(
        _ name: String, _ version: String, stage: String, archiveExisting: Bool, actor: String, reason: String
    ) async throws -> JSONObject {
        throw absent
    }
}

extension Absent: LineControl {
    func status() async throws -> JSONObject { ["version": "test"] }
    func line() async -> JSONValue { .null }
    func reload(actor: String) async throws -> JSONValue { throw absent }
    func suite(dataset: String) async throws -> ExpectationSuite { throw absent }
    func split(dataset: String) async -> DatasetSplit { DatasetSplit(key: nil, holdout: 0) }
}

extension Absent: PipelineWorkspace, StepRunner {
    func resolve(data chosen: [String: String]) async throws -> [String: String] { chosen }
    func prepare(data: [String: String], run: String) async throws -> [String: PreparedData] { throw absent }
    func codeFacts() async throws -> CodeFacts { throw absent }
    func digests(of files: [String]) async throws -> [String: String] { throw absent }
    func conclude(_ run: PipelineRun, sources: [String]) async throws -> (modelVersion: String?, gate: JSONObject?, refused: String?) {
        throw absent
    }
    func run(_ command: StepCommand) async throws -> Int { throw absent }
    func log(run: String, step: String, offset: Int) async throws -> [UInt8] { Array("log from \(offset)".utf8) }
    func endLeftovers(run: String) async throws {}
}

extension Absent: PredictionAccess {
    func prediction(_ id: String) async throws -> JSONObject? { nil }
    func recent(endpoint: String, limit: Int) async throws -> [JSONObject] { [] }
    func add(_ labels: [Label]) async throws -> (accepted: Int, repeated: Int, unknown: Int) { (labels.count, 0, 0) }
}

/// All routes over stores in memory; what needs files, models or traffic is absent.
struct World {
    let router: Router
    let log = MemoryEventLog()
    let monitors: MemoryMonitorStore
    let alerts: MemoryAlertStore
    let metrics = MetricsRegistry()

    init() throws {
        let time = VirtualTime()
        let logger = Logger(sink: MemorySink())
        let ids = SystemIDs(time: time)
        let nothing = Absent()
        let definition = try PipelineDefinition(steps: [StepDefinition(name: "train", run: "true")], params: ["trees": "60"])
        let store = MemoryPipelineStore(log: log)
        monitors = MemoryMonitorStore(log: log)
        alerts = MemoryAlertStore(log: log)
        let engine = PipelineEngine(store: store, workspace: nothing, runner: nothing, environment: { [:] }, time: time, logger: logger)
        let monitor = World.monitor(monitors)
        let services = JidokaServices(
            line: nothing,
            datasets: DatasetService(
                store: nothing, validations: nothing, files: nothing, profiler: nothing, validator: nothing, splitter: nothing, time: time,
                ids: ids),
            pipelines: PipelineService(
                store: store, workspace: nothing, engine: engine, runner: nothing, definition: { definition }, time: time, ids: ids),
            models: nothing,
            serving: ServingService(
                store: MemoryEndpointStore(log: log), source: SimulatedModelRuntime(), runtimes: ModelRuntimes([SimulatedModelRuntime()]),
                sink: RecordingSink(),
                metrics: metrics, log: logger, time: time, ids: ids),
            rollouts: RolloutService(
                store: MemoryRolloutStore(log: log), traffic: nothing, registry: nothing, evidence: nothing, time: time, ids: ids,
                logger: logger),
            predictions: nothing, monitors: { ["employment": monitor] }, loops: { [:] },
            alerts: AlertService(
                rules: { [] }, channels: { [:] }, store: alerts, log: log, time: time, ids: ids, logger: logger), events: log,
            traces: TraceService(source: nothing), metrics: metrics, lifecycle: nothing)
        var router = Router()
        mountJidoka(on: &router, services: services, version: "1.2.3")
        self.router = router
    }

    /// A monitor of `employment` over a store.
    static func monitor(_ store: MemoryMonitorStore, endpoint: String = "employment") -> MonitorService {
        MonitorService(
            configuration: MonitorConfiguration(endpoint: endpoint, windowRows: 200), store: store, history: Absent(),
            references: Absent(),
            champions: Absent(), time: VirtualTime(), logger: Logger(sink: MemorySink()))
    }

    func ask(_ method: String, _ target: String, _ body: String? = nil) async throws -> (status: Int, json: JSONValue) {
        let response = await respond(method, target, body)
        guard case .bytes(let bytes) = response.body else { throw JidokaError.internal("the body is not gathered") }
        return (response.status, bytes.isEmpty ? .null : try JSONValue.parse(bytes))
    }

    func respond(_ method: String, _ target: String, _ body: String? = nil) async -> HTTPResponse {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        let query = (parts.count > 1 ? parts[1] : "").split(separator: "&").map { pair in
            let words = pair.split(separator: "=", maxSplits: 1).map(String.init)
            return (name: words[0], value: words.count > 1 ? words[1] : "")
        }
        let request = HTTPRequest(
            method: method, path: parts[0], query: query, body: body.map { .bytes(Array($0.utf8)) } ?? .empty, id: "request-1")
        return await router.respond(to: request, unknown: JidokaErrors.render)
    }
}

extension Absent: LifecycleControl {
    func experiments(deleted: Bool, limit: Int) async throws -> [JSONObject] { throw absent }
    func experiment(_ key: String) async throws -> JSONObject { throw absent }
    func renameExperiment(_ key: String, to name: String, actor: String) async throws -> JSONObject { throw absent }
    func setExperiment(_ key: String, deleted: Bool, actor: String) async throws -> JSONObject { throw absent }
    func setRuns(_ ids: [String], deleted: Bool, actor: String) async throws { throw absent }
    func moveRuns(_ ids: [String], to experiment: String, children: Bool, actor: String, reason: String) async throws -> [String] {
        throw absent
    }
    func purge(
        kinds: [String], keys: [String], experiment: String?, olderThan: Duration, confirmed: Bool, actor: String, reason: String
    ) async throws -> JSONObject { throw absent }
    func correctParam(run: String, key: String, value: String, actor: String, reason: String) async throws -> String { throw absent }
}
