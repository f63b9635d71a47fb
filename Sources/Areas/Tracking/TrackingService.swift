package import Clockwork
import Errors
import Events
import JSON
package import Telemetry

/// The rules of tracking: what is valid, what is cut, what follows from what. Everything a protocol does to experiments, runs and logged
/// models goes through here; stores only keep.
package struct TrackingService: Sendable {
    let experiments: any ExperimentStore
    let runs: any RunStore
    let models: any LoggedModelStore
    let time: any TimeSource
    let ids: any IDSource
    let random: any RandomSource
    let logger: Logger
    /// The URI below which experiments put their artifacts, for example `mlflow-artifacts:`.
    let artifactRoot: String

    package init(
        experiments: any ExperimentStore, runs: any RunStore, models: any LoggedModelStore, time: any TimeSource, ids: any IDSource,
        random: any RandomSource, logger: Logger, artifactRoot: String = "mlflow-artifacts:"
    ) {
        self.experiments = experiments
        self.runs = runs
        self.models = models
        self.time = time
        self.ids = ids
        self.random = random
        self.logger = logger
        self.artifactRoot = artifactRoot
    }

    /// Makes sure that the experiment `Default` (id 0) exists. Call once before serving.
    package func start() async throws {
        guard try await experiments.experiment(id: Experiment.defaultID) == nil else { return }
        let draft = ExperimentDraft(
            id: 0, name: "Default", artifactLocation: nil, artifactRoot: artifactRoot, tags: [], time: time.now())
        do { _ = try await create(draft, actor: "system") } catch let error as JidokaError where error.code == .alreadyExists {
            return  // another process that starts on the same database was first
        }
        logger.info("experiment created", [("experiment", .string(Experiment.defaultID))])
    }

    func event(
        _ kind: String, _ type: String, _ id: String, actor: String, reason: String = "", payload: JSONObject = [:]
    ) -> EventDraft {
        EventDraft(kind: kind, subject: EventSubject(type, id), actor: actor, reason: reason, payload: payload, time: time.now())
    }

    /// - Throws: `invalid_argument` unless `1...most`.
    func checkLimit(_ limit: Int, atMost most: Int) throws {
        guard limit > 0 else {
            throw JidokaError.invalidArgument("Invalid value \(limit) for parameter 'max_results' supplied. It must be a positive integer")
        }
        guard limit <= most else {
            throw JidokaError.invalidArgument("Invalid value \(limit) for parameter 'max_results' supplied. It must be at most \(most)")
        }
    }

    func checkTag(_ tag: Tag, path: String, valueMax: Int = TrackingLimits.tagValueMax) throws -> Tag {
        let prefix = path.isEmpty ? "" : "\(path)."
        try TrackingNames.check(tag.key, path: "\(prefix)key")
        try TrackingLimits.check(tag.key, "\(prefix)key", atMost: TrackingLimits.keyMax)
        return Tag(key: tag.key, value: TrackingLimits.truncated(tag.value, to: valueMax))
    }
}
