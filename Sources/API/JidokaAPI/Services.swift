package import Clockwork
package import ContinuousTraining
package import Datasets
package import Events
package import JSON
package import Lineage
package import Monitoring
package import Pipelines
package import Rollouts
package import Serving
package import Telemetry

/// What the routes call. The composition root fills it in.
package struct JidokaServices: Sendable {
    package var line: any LineControl
    package var datasets: DatasetService
    package var pipelines: PipelineService
    package var models: any ModelControl
    package var serving: ServingService
    package var rollouts: RolloutService
    package var predictions: any PredictionAccess
    package var monitors: @Sendable () -> [String: MonitorService]
    package var loops: @Sendable () -> [String: TrainingLoopService]
    package var alerts: AlertService
    package var events: any EventLog
    package var traces: TraceService
    package var metrics: MetricsRegistry
    package var lifecycle: any LifecycleControl

    package init(
        line: any LineControl, datasets: DatasetService, pipelines: PipelineService, models: any ModelControl, serving: ServingService,
        rollouts: RolloutService, predictions: any PredictionAccess, monitors: @escaping @Sendable () -> [String: MonitorService],
        loops: @escaping @Sendable () -> [String: TrainingLoopService], alerts: AlertService, events: any EventLog, traces: TraceService,
        metrics: MetricsRegistry, lifecycle: any LifecycleControl
    ) {
        self.line = line
        self.datasets = datasets
        self.pipelines = pipelines
        self.models = models
        self.serving = serving
        self.rollouts = rollouts
        self.predictions = predictions
        self.monitors = monitors
        self.loops = loops
        self.alerts = alerts
        self.events = events
        self.traces = traces
        self.metrics = metrics
        self.lifecycle = lifecycle
    }
}

/// The line file and the server's own state.
package protocol LineControl: Sendable {
    func status() async throws -> JSONObject
    /// The applied line as JSON; null when the project has none.
    func line() async -> JSONValue
    /// Reads `jidoka.yaml` again; the old line stays in force when the new one is refused.
    func reload(actor: String) async throws -> JSONValue
    /// The suite that the line declares for a dataset. - Throws: `failed_precondition` when it declares none.
    func suite(dataset: String) async throws -> ExpectationSuite
    func split(dataset: String) async -> DatasetSplit
}

/// Registered versions on their way to traffic: registry, gate and rollout joined.
package protocol ModelControl: Sendable {
    func version(_ name: String, _ version: String) async throws -> JSONObject
    func versions(_ name: String) async throws -> [JSONObject]
    /// Registers the newest logged model of a run.
    func register(_ name: String, run: String, actor: String, reason: String) async throws -> JSONObject
    func verify(_ name: String, _ version: String, actor: String) async throws -> JSONObject
    func judge(_ name: String, _ version: String, actor: String) async throws -> JSONObject
    func promote(_ name: String, _ version: String, actor: String, reason: String, override: Bool) async throws -> JSONObject
    /// The moves of aliases and stages, newest first.
    func history(_ name: String, alias: String?, stage: String?, limit: Int) async throws -> [JSONObject]
    /// The version that a `models:/` address named at a time; now, without one.
    func resolve(_ uri: String, at time: Timestamp?) async throws -> JSONObject
    /// Without a version the alias is removed.
    func setAlias(_ name: String, alias: String, version: String?, actor: String, reason: String) async throws
    func setStage(
        _ name: String, _ version: String, stage: String, archiveExisting: Bool, actor: String, reason: String
    ) async throws -> JSONObject
    func startRollout(
        endpoint: String, version: String, steps: [Int]?, override: Bool, actor: String, reason: String
    ) async throws -> Rollout
}

/// The prediction log as the API shows it.
package protocol PredictionAccess: Sendable {
    /// nil: not logged.
    func prediction(_ id: String) async throws -> JSONObject?
    /// Newest first.
    func recent(endpoint: String, limit: Int) async throws -> [JSONObject]
    /// Durable on return.
    func add(_ labels: [Label]) async throws -> (accepted: Int, repeated: Int, unknown: Int)
}
