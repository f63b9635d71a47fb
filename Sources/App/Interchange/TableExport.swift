import Clockwork
import Errors
import JSON
import Registry
import Tracking

/// Writes a source as tables of JSON lines: `experiments`, `runs`, `metrics`, `logged_models`, `registered_models`, `model_versions`, each
/// `.jsonl`. Times are milliseconds since 1970; artifacts are named, not copied.
package struct TableExport: Sendable {
    let source: any InterchangeSource
    let folder: ExportFolder
    private let more: RawTables?
    let told: @Sendable (Int) -> Void

    package init(
        _ source: any InterchangeSource, to target: String, replacing: Bool, id: String, more: RawTables? = nil,
        told: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        self.source = source
        folder = try ExportFolder(target, replacing: replacing, id: id)
        self.more = more
        self.told = told
    }

    package func run() async throws -> (counts: DeliveryCounts, kept: String?) {
        try await folder.discarding { try await writeAll() }
    }

    private func writeAll() async throws -> (counts: DeliveryCounts, kept: String?) {
        var counts = DeliveryCounts()
        let (experiments, runs, metrics) = (
            try folder.file("experiments.jsonl"), try folder.file("runs.jsonl"), try folder.file("metrics.jsonl")
        )
        let logged = try folder.file("logged_models.jsonl")
        let all = try await source.experiments()
        for experiment in all {
            try experiments.add(TableExport.row(experiment))
            counts.experiments += 1
            for model in try await source.loggedModels(of: experiment) {
                try logged.add(TableExport.row(model))
                counts.loggedModels += 1
            }
            for id in try await source.runIDs(of: experiment) {
                guard let found = try await source.run(id, of: experiment) else { continue }
                try runs.add(TableExport.row(found.run))
                for point in found.points { try metrics.add(TableExport.row(point, of: id)) }
                counts.runs += 1
                counts.points += found.points.count
                told(1)
            }
        }
        for file in [experiments, runs, metrics, logged] { try file.close() }
        let (models, versions) = (try folder.file("registered_models.jsonl"), try folder.file("model_versions.jsonl"))
        for model in try await source.models() {
            try models.add(TableExport.row(model))
            counts.models += 1
            for version in try await source.versions(of: model) {
                try versions.add(TableExport.row(version))
                counts.versions += 1
            }
        }
        for file in [models, versions] { try file.close() }
        let missing = try await more?.write(of: all, to: folder) ?? []
        counts.remarks = source.remarks + missing.map { "the server has no \($0)" }
        return (counts, try folder.finish())
    }

    private static func line(_ object: JSONObject) -> String { JSONValue.object(object).text + "\n" }

    private static func row(_ experiment: Experiment) -> String {
        line([
            "experiment_id": .string(experiment.id), "name": .string(experiment.name),
            "lifecycle_stage": .string(experiment.lifecycle.rawValue),
            "artifact_location": .string(experiment.artifactLocation), "created_at": .int(experiment.createdAt.milliseconds),
            "updated_at": .int(experiment.updatedAt.milliseconds), "tags": Delivery.pairs(experiment.tags),
        ])
    }

    private static func row(_ run: Run) -> String {
        let info = run.info
        return line([
            "run_id": .string(info.id), "experiment_id": .string(info.experimentID), "run_name": .string(info.name),
            "status": .string(info.status.rawValue), "start_time": .int(info.startTime), "end_time": JSONValue(info.endTime),
            "user_id": .string(info.userID), "lifecycle_stage": .string(info.lifecycle.rawValue), "artifact_uri": .string(info.artifactURI),
            "params": .object(JSONObject(run.params.map { (key: $0.key, value: .string($0.value)) })),
            "metrics": .object(JSONObject(run.metrics.map { (key: $0.key, value: number($0.value)) })), "tags": Delivery.pairs(run.tags),
            "datasets": .array(
                run.datasets.map { ["name": .string($0.name), "digest": .string($0.digest), "source": .string($0.source)] as JSONValue }),
            "model_inputs": .array(run.modelInputs.map(JSONValue.string)),
            "model_outputs": .array(run.modelOutputs.map { .string($0.modelID) }),
        ])
    }

    private static func row(_ point: Metric, of run: String) -> String {
        line([
            "run_id": .string(run), "key": .string(point.key), "step": .int(point.step), "timestamp": .int(point.timestamp),
            "value": number(point.value),
        ])
    }

    private static func number(_ value: Double) -> JSONValue { value.isNaN ? "NaN" : .double(value) }

    private static func row(_ model: LoggedModel) -> String {
        line([
            "model_id": .string(model.id), "experiment_id": .string(model.experimentID), "name": .string(model.name),
            "status": .string(model.status.rawValue), "model_type": .string(model.modelType), "source_run_id": .string(model.sourceRunID),
            "artifact_uri": .string(model.artifactURI), "created_at": .int(model.createdAt.milliseconds),
            "params": .object(JSONObject(model.params.map { (key: $0.key, value: .string($0.value)) })), "tags": Delivery.pairs(model.tags),
        ])
    }

    private static func row(_ model: RegisteredModel) -> String {
        line([
            "name": .string(model.name), "description": .string(model.description), "created_at": .int(model.createdAt.milliseconds),
            "tags": .object(JSONObject(model.tags.map { (key: $0.key, value: .string($0.value)) })),
            "aliases": .object(JSONObject(model.aliases.map { (key: $0.alias, value: .int(Int64($0.version))) })),
        ])
    }

    private static func row(_ version: ModelVersion) -> String {
        line([
            "name": .string(version.name), "version": .int(Int64(version.version)), "stage": .string(version.stage.rawValue),
            "status": .string(version.status.rawValue), "description": .string(version.description), "source": .string(version.source),
            "run_id": .string(version.runID), "model_id": .string(version.modelID), "user_id": .string(version.userID),
            "created_at": .int(version.createdAt.milliseconds),
            "tags": .object(JSONObject(version.tags.map { (key: $0.key, value: .string($0.value)) })),
        ])
    }
}
