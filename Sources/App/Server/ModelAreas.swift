import Clockwork
import ColumnStores
import Datasets
import ONNXModels
import PythonWorkers
import Registry
import Rollouts
import SQLStores
import Serving
import Tracking

/// Registry, serving and rollouts: three areas that meet in adapters.
struct ModelAreas: Sendable {
    let registry: RegistryService
    let archive: RegistryArchive
    let gates: GateService
    let serving: ServingService
    let rollouts: RolloutService
    let releases: Releases
    let columns: DatasetColumns
}

extension Composition {
    static func modelAreas(
        _ base: Foundation, home: String, models folder: String, tracking: TrackingService, artifacts: any ArtifactStore,
        datasets: DatasetService, log: PredictionLog, line: LineState, python: PythonModelRuntime
    ) -> ModelAreas {
        let models = SQLModelStore(database: base.database)
        let versions = SQLModelVersionStore(database: base.database)
        let onnx = ONNXModelRuntime(pool: base.models, time: base.time)
        let runtimes = ModelRuntimes([onnx, python])
        let reports = SQLGateReportStore(database: base.database)
        // Verification needs files before there is a registry to look versions up in: it unpacks by location.
        let origins = TrackedOrigins(tracking: tracking)
        let verification = Verification(
            unpacker: ModelUnpacker(artifacts: artifacts, folder: folder, pool: base.files, ids: base.ids), runtime: onnx)
        let registry = RegistryService(
            models: models, versions: versions, origins: origins, verifier: verification, time: base.time, logger: base.logger)
        let columns = DatasetColumns(engine: base.engine) { try await datasets.file(digest: $0) }
        let evaluator = Evaluator(
            unpacker: verification.unpacker, runtimes: runtimes, datasets: datasets, columns: columns, line: line, time: base.time)
        let gates = GateService(
            models: models, versions: versions, reports: reports, evaluator: evaluator, time: base.time, ids: base.ids, logger: base.logger)
        let serving = ServingService(
            store: SQLEndpointStore(database: base.database), source: ModelFiles(registry: registry, unpacker: verification.unpacker),
            runtimes: runtimes, sink: log, metrics: base.metrics, log: base.logger, time: base.time, ids: base.ids)
        let rollouts = RolloutService(
            store: SQLRolloutStore(database: base.database), traffic: ServingSwitch(serving: serving),
            registry: ChampionAlias(gates: gates),
            evidence: JoinedEvidence(serving: serving, log: log, limits: SlowLimits()), time: base.time, ids: base.ids, logger: base.logger)
        let releases = Releases(
            registry: registry, gates: gates, tracking: tracking, datasets: datasets, serving: serving, rollouts: rollouts, line: line)
        let archive = RegistryArchive(registry: registry, history: SQLModelHistory(database: base.database))
        return ModelAreas(
            registry: registry, archive: archive, gates: gates, serving: serving, rollouts: rollouts, releases: releases, columns: columns)
    }
}
