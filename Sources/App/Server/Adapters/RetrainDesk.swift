import ColumnStores
import ContinuousTraining
import Datasets
import Errors
import Glibc
import Line
import Pipelines
import Rollouts

/// What continuous training asks for: data from the prediction log, a pipeline run on it, a rollout of what it made.
struct RetrainDesk: RetrainActions {
    let line: LineState
    let log: PredictionLog
    let datasets: DatasetService
    let pipelines: PipelineService
    let releases: Releases
    let rollouts: RolloutService
    let temporary: String
    /// Fewer labelled rows than this make no training data.
    private static let rowsMin = 200

    func retrain(endpoint: String, rows: Int, request: String, reason: String) async throws -> String {
        let line = try line.require()
        guard let name = line.gate?.data ?? line.data.first?.name, let declared = line.data(named: name), let label = declared.label else {
            throw JidokaError.failedPrecondition(
                "no dataset of the line declares a `label` to retrain on", hint: "add `label: COLUMN` under `data`")
        }
        let version = try await export(endpoint: endpoint, rows: rows, as: name, label: label, request: request, reason: reason)
        let run = try await pipelines.start(
            PipelineService.Request(
                data: [name: version.digest], reason: reason, actor: "policy:retrain", trigger: "drift", request: request))
        return run.id
    }

    private func export(
        endpoint: String, rows: Int, as name: String, label: String, request: String, reason: String
    ) async throws -> DatasetVersion {
        let newest = try await datasets.version(dataset: name)
        var types: [String: String] = [:]
        for column in newest.schema { types[column.name] = column.type }
        let path = "\(temporary)/retrain-\(request).parquet"
        defer { unlink(path) }
        let count = try await log.exportLabelled(endpoint: endpoint, newest: rows, labelColumn: label, types: types, to: path)
        guard count >= RetrainDesk.rowsMin else {
            throw JidokaError.failedPrecondition(
                "only \(count) labelled rows are there to retrain on, \(RetrainDesk.rowsMin) are needed",
                hint: "post labels to /api/v1/labels")
        }
        let addition = DatasetService.Addition(
            dataset: name, filename: "labelled.parquet", actor: "policy:retrain", reason: reason,
            source: "\(count) newest labelled predictions of endpoint \(endpoint)", parents: [newest.digest])
        return try await datasets.add(addition, file: path).version
    }

    func outcome(run: String) async throws -> RetrainOutcome? {
        let run = try await pipelines.run(run)
        switch run.status {
        case .queued, .running, .concluding: return nil
        case .succeeded:
            guard let version = run.modelVersion else { return .failed(why: "the pipeline made no model version") }
            return .produced(version: version)
        case .failed where run.refused && run.modelVersion != nil:
            return .gateRefused(version: run.modelVersion ?? "", why: run.error ?? "refused")
        case .failed, .cancelled: return .failed(why: run.error ?? run.status.rawValue)
        }
    }

    func startRollout(endpoint: String, version: String, request: String, reason: String) async throws -> String {
        // Asked again after a restart, the rollout that was started then is the answer.
        if let started = try await rollouts.rollouts(endpoint: endpoint, limit: 20).first(where: {
            $0.candidate == version && $0.actor == actor(request)
        }) {
            return started.id
        }
        return try await releases.startRollout(
            endpoint: endpoint, version: version, steps: nil, override: false, actor: actor(request), reason: reason
        ).id
    }

    private func actor(_ request: String) -> String { "policy:retrain:\(request)" }

    func rolloutOutcome(_ rollout: String) async throws -> RolloutOutcome? {
        let rollout = try await rollouts.rollout(rollout)
        guard rollout.state.isFinal else { return nil }
        return RolloutOutcome(promoted: rollout.state == .done, why: rollout.history.last?.reason ?? rollout.reason)
    }
}
