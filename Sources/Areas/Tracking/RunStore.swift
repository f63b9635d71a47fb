package import Clockwork
package import Events

/// Keeps runs and what is logged to them; `RunQueryStore` reads them by search.
///
/// State changes carry their events into the same transaction. Logged data (metric points, params, tags, inputs, outputs) are data points,
/// not events. What a method wrote is durable when it returns; many concurrent calls may share one commit. Methods that change a run throw
/// `not_found` (`TrackingErrors.noRun`) when it does not exist; those that log to it throw `TrackingErrors.runNotActive` when it is
/// deleted; either way nothing was written. Every method may be called from any task.
package protocol RunStore: RunQueryStore {
    /// The run's experiment exists and is active, else `not_found` or `TrackingErrors.experimentNotActive`.
    func create(_ run: Run, events: [EventDraft]) async throws
    /// With the latest metrics, params, tags, inputs and outputs; nil when there is none. Deleted runs are found too.
    func run(id: String) async throws -> Run?
    func info(id: String) async throws -> RunInfo?
    /// Changes an active run; a new name also rewrites the tag `mlflow.runName`.
    func update(id: String, _ change: RunChange, events: [EventDraft]) async throws -> RunInfo
    func setLifecycle(_ lifecycle: Lifecycle, id: String, at time: Timestamp, events: [EventDraft]) async throws
    /// All or nothing: params first (the same value again is fine, another is `TrackingErrors.paramsChanged`), then metric points (a point
    /// that is there already is ignored), then tags (replacing). The latest value of each metric is kept by `Metric.isLater`, and the tag
    /// `mlflow.runName` renames the run. A point with a `modelID` is recorded on that logged model too (`not_found` when it is missing).
    func append(_ batch: RunBatch) async throws
    /// False when there was no such tag.
    func deleteTag(key: String, id: String) async throws -> Bool
    /// Datasets are one per experiment, name and digest; an input that the run has already is left as it is.
    func addInputs(runID: String, datasets: [DatasetInput], modelIDs: [String]) async throws
    func addOutputs(runID: String, models: [ModelOutput]) async throws
}
