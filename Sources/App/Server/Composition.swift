import AlertChannels
import Blobs
import Clockwork
import ColumnStores
import Columns
import ContinuousTraining
import Datasets
import Errors
import Evaluation
import Events
import FileStores
import HTTP
import JSON
import JidokaAPI
import Line
import Lineage
import MLflowAPI
import Monitoring
import ONNXModels
import OpenInferenceAPI
import OpenTelemetryAPI
import Outbound
import Pipelines
import ProcessRunner
import Registry
import Rollouts
import SQL
import SQLStores
import ScoringAPI
import Serving
import Synchronization
import Telemetry
import TensorFlowServingAPI
import Tracing
import Tracking
import Webhooks

/// Everything that one server is made of, joined.
struct Composition: Sendable {
    let settings: ServerSettings
    let logger: Logger
    let metrics: MetricsRegistry
    let database: Database
    let events: SQLEventLog
    let line: LineState
    let serving: ServingService
    let log: PredictionLog
    let services: JidokaServices
    let router: Router
    let openInference: OpenInference
    let watchers: Watchers
    let address: ServerAddress
    /// Started in this order, stopped in reverse.
    let running: [any Service]
    let tracking: TrackingService

    /// Every migration of every area, in the order in which they are applied to an empty database.
    static var migrations: [Migration] {
        EventSchema.migrations + TrackingSchema.migrations + RegistrySchema.migrations + DatasetSchema.migrations
            + PipelineSchema.migrations
            + EndpointSchema.migrations + RolloutSchema.migrations + MonitoringSchema.migrations + TrainingLoopSchema.migrations
            + TracingSchema.migrations + EvaluationTables.migrations + WebhookTables.migrations
    }
}

/// The seams and mechanisms that all areas share.
struct Foundation: Sendable {
    let time: any TimeSource = SystemTime()
    let ids: any IDSource = SystemIDs()
    let random: any RandomSource = SystemRandom()
    let logger: Logger
    let metrics = MetricsRegistry()
    /// Files and hashing.
    let files = BlockingPool(threads: 2)
    /// DuckDB: one thread a session.
    let columns = BlockingPool(threads: 4)
    /// Model runs: one thread a core.
    let models: BlockingPool
    /// One thread waits for each running step.
    let processes = BlockingPool(threads: 8)
    let network = BlockingPool(threads: 2)
    let objects: any ObjectStore
    let database: Database
    let engine: ColumnEngine

    init(home: borrowing HomeFolder, objects: any ObjectStore, location: DatabaseLocation, logger: Logger, cores: Int) throws {
        self.logger = logger
        models = BlockingPool(threads: max(1, cores))
        self.objects = objects
        database = try Database(location, metrics: metrics, time: time)
        engine = ColumnEngine(
            options: .init(threads: max(1, cores), memoryLimit: "2GB", temporaryDirectory: home.temporary), pool: columns)
    }
}

extension Composition {
    static func make(
        _ settings: ServerSettings, home: borrowing HomeFolder, environment: [String: String], logger: Logger, cores: Int
    ) async throws -> Composition {
        let line = try LineState(project: settings.project)
        let objects = try await ArtifactBackend.open(settings, home: home, environment: environment, logger: logger)
        let base = try Foundation(
            home: home, objects: objects, location: Backends.database(settings), logger: logger, cores: cores)
        try await base.database.migrate(migrations)
        let events = SQLEventLog(database: base.database, time: base.time)
        let tracking = TrackingService(
            experiments: SQLExperimentStore(database: base.database), runs: SQLRunStore(database: base.database),
            models: SQLLoggedModelStore(database: base.database), time: base.time, ids: base.ids, random: base.random, logger: logger)
        let artifacts = FileArtifactStore(
            objects: base.objects, index: SQLArtifactIndex(database: base.database), time: base.time)
        let log = try await PredictionLog.open(
            predictions: home.predictions, labels: home.path + "/labels", engine: base.engine, pool: base.files, time: base.time,
            logger: logger, metrics: base.metrics)
        let datasets = try datasetService(base, home: home)
        let areas = modelAreas(
            base, home: home.path, models: home.models, tracking: tracking, artifacts: artifacts, datasets: datasets, log: log, line: line,
            python: Backends.python(settings, logs: home.logs, environment: environment, time: base.time, logger: logger))
        let runner = LocalProcessRunner(
            projectFolder: settings.project, logsFolder: home.logs, baseEnvironment: StepEnvironment.base(environment),
            pool: base.processes, time: base.time, logger: logger)
        let workspace = ProjectWorkspace(
            project: settings.project, home: home.path, runsFolder: home.runs, line: line, datasets: datasets, releases: areas.releases,
            pool: base.files)
        let address = ServerAddress()
        let pipelineStore = SQLPipelineStore(database: base.database)
        let engine = PipelineEngine(
            store: pipelineStore, workspace: workspace, runner: runner,
            environment: { ["MLFLOW_TRACKING_URI": address.url, "JIDOKA_URL": address.url] }, time: base.time, logger: logger)
        let pipelines = PipelineService(
            store: pipelineStore, workspace: workspace, engine: engine, runner: runner,
            definition: {
                guard let pipeline = try line.require().pipeline else {
                    throw JidokaError.failedPrecondition("the line declares no pipeline", hint: "add `pipeline` to jidoka.yaml")
                }
                return pipeline
            }, time: base.time, ids: base.ids)
        let client = OutboundClient(pool: base.network)
        let alerts = AlertService(
            rules: { rules(line) },
            channels: { webhooks(line, environment, client, logger) }, store: SQLAlertStore(database: base.database), log: events,
            time: base.time, ids: base.ids, logger: logger)
        let watchers = Watchers(
            base: base, events: events, line: line, log: log, datasets: datasets, areas: areas, tracking: tracking, pipelines: pipelines,
            temporary: home.temporary)
        let control = LineDesk(settings: settings, line: line, events: events, serving: areas.serving, watchers: watchers, time: base.time)
        let services = JidokaServices(
            line: control, datasets: datasets, pipelines: pipelines, models: ModelDesk(releases: areas.releases, archive: areas.archive),
            serving: areas.serving, rollouts: areas.rollouts, predictions: LoggedPredictions(log: log, time: base.time),
            monitors: { watchers.monitors },
            loops: { watchers.loops }, alerts: alerts, events: events,
            traces: TraceService(source: LineageJoin(log: log, registry: areas.registry, tracking: tracking, datasets: datasets)),
            metrics: base.metrics, lifecycle: lifecycle(base, tracking, areas, artifacts))
        let hooks = try hooks(settings, base, events, areas.registry)
        let openInference = OpenInference(serving: areas.serving, version: jidokaVersion)
        let router = try router(
            settings, line, keeper(base, events), services, mlflow(base, tracking, areas.registry, artifacts, hooks.service),
            openInference)
        return Composition(
            settings: settings, logger: logger, metrics: base.metrics, database: base.database, events: events, line: line,
            serving: areas.serving, log: log, services: services, router: router, openInference: openInference, watchers: watchers,
            address: address,
            running: [log, leading([engine, alerts, watchers, hooks.dispatch], engine: engine, areas, base, events, settings)],
            tracking: tracking)
    }

    /// What runs by itself, in one process at a time.
    private static func leading(
        _ duties: [any Service], engine: PipelineEngine, _ areas: ModelAreas, _ base: Foundation, _ events: SQLEventLog,
        _ settings: ServerSettings
    ) -> LeaderDuties {
        let looker = RolloutLooker(rollouts: areas.rollouts, time: base.time, logger: base.logger)
        let recovery = VerificationRecovery(registry: areas.registry, started: base.time.now())
        return LeaderDuties(
            lease: LeaderLease(base.database.location),
            duties: duties + [looker, recovery, PipelineAdoption(engine: engine, time: base.time)], events: events, home: settings.home,
            time: base.time,
            logger: base.logger)
    }

    private static func keeper(_ base: Foundation, _ events: SQLEventLog) -> ObjectDesk {
        ObjectDesk(
            objects: base.objects, index: SQLArtifactIndex(database: base.database), datasets: SQLDatasetStore(database: base.database),
            events: events, time: base.time)
    }

    /// Every protocol on the one port.
    private static func router(
        _ settings: ServerSettings, _ line: LineState, _ keeper: any ObjectKeeper, _ services: JidokaServices, _ mlflow: MLflowServices,
        _ openInference: OpenInference
    ) throws -> Router {
        var router = Router()
        mountMLflow(on: &router, services: mlflow)
        mountOpenTelemetry(on: &router, tracing: mlflow.tracing)
        mountOpenInference(on: &router, openInference)
        services.metrics.collect { openInference.metrics }
        mountTensorFlowServing(on: &router, serving: services.serving)
        mountScoring(on: &router, serving: services.serving) { line.line?.endpoint?.name }
        mountRuns(on: &router, tracking: mlflow.tracking)
        mountObjects(on: &router, keeper: keeper)
        if let webhooks = mlflow.webhooks { mountWebhooks(on: &router, webhooks: webhooks) }
        mountAdoption(on: &router, tracking: mlflow.tracking, registry: mlflow.registry)
        mountJidoka(on: &router, services: services, version: jidokaVersion)
        try router.assignScopes(RouteScopes.scope)
        router.prefix = settings.staticPrefix
        router.originPolicy = OriginPolicy(hosts: [settings.host] + settings.allowedHosts)
        return router
    }

    private static func mlflow(
        _ base: Foundation, _ tracking: TrackingService, _ registry: RegistryService, _ artifacts: any ArtifactStore,
        _ hooks: WebhookService
    ) -> MLflowServices {
        MLflowServices(
            tracking: tracking, registry: registry, artifacts: artifacts, tracing: tracing(base, tracking),
            evaluation: evaluation(base, tracking), webhooks: hooks)
    }

    private static func evaluation(_ base: Foundation, _ tracking: TrackingService) -> EvaluationService {
        EvaluationService(
            datasets: SQLEvaluationDatasetStore(database: base.database), scorers: SQLScorerStore(database: base.database),
            places: EvaluatedExperiments(tracking: tracking), time: base.time, ids: base.ids)
    }

    private static func tracing(_ base: Foundation, _ tracking: TrackingService) -> TracingService {
        TracingService(
            traces: SQLTraceStore(database: base.database), searches: SQLTraceSearchStore(database: base.database),
            assessments: SQLAssessmentStore(database: base.database), places: TracedExperiments(tracking: tracking), time: base.time,
            ids: base.ids)
    }

    private static func datasetService(_ base: Foundation, home: borrowing HomeFolder) throws -> DatasetService {
        DatasetService(
            store: SQLDatasetStore(database: base.database), validations: SQLValidationStore(database: base.database),
            files: try DatasetFiles(objects: base.objects, staging: home.temporary + "/datasets", pool: base.files, ids: base.ids),
            profiler: DuckDBProfiler(engine: base.engine), validator: DuckDBValidator(engine: base.engine),
            splitter: ParquetSplitter(engine: base.engine, pool: base.files, folder: home.path + "/parts", ids: base.ids), time: base.time,
            ids: base.ids)
    }

    private static func rules(_ line: LineState) -> [AlertRule] {
        (line.line?.alerts ?? []).map {
            AlertRule(event: $0.event, level: AlertLevel(rawValue: $0.level) ?? .p2, channels: $0.channels)
        }
    }

    private static func webhooks(
        _ line: LineState, _ environment: [String: String], _ client: OutboundClient, _ logger: Logger
    ) -> [String: any AlertChannel] {
        var channels: [String: any AlertChannel] = [:]
        for declared in line.line?.channels ?? [] {
            guard let url = environment[declared.urlVariable], !url.isEmpty else { continue }
            let secret = declared.secretVariable.flatMap { environment[$0] }
            do { channels[declared.name] = try WebhookChannel(name: declared.name, url: url, secret: secret, client: client) } catch {
                // The delivery then fails with the channel's name, and is tried again: the address may be mended meanwhile.
                logger.warning("a channel cannot be used", [("channel", .string(declared.name)), ("error", .string(error.description))])
            }
        }
        return channels
    }
}
