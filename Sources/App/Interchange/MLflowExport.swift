import Clockwork
import Errors
import JSON
import Registry
import Tracking

/// Writes a source as a folder of MLflow's file store, which MLflow itself opens and `MLflowFolder` reads back. What its layout cannot say
/// (keys that are no file names) is in `jidoka.json` beside it.
package struct MLflowExport: Sendable {
    let source: any InterchangeSource
    let folder: ExportFolder
    private let more: RawTables?
    let withArtifacts: Bool
    let told: @Sendable (Int) -> Void
    let counts = DeliveryTally(DeliveryCounts())

    /// - Parameters:
    ///   - target: an absolute path; MLflow's layout names it in its files.
    ///   - told: called with the number of runs that are written.
    package init(
        _ source: any InterchangeSource, to target: String, replacing: Bool, withArtifacts: Bool, id: String,
        more: RawTables? = nil,
        told: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        self.source = source
        folder = try ExportFolder(target, replacing: replacing, id: id)
        self.withArtifacts = withArtifacts
        self.more = more
        self.told = told
    }

    /// - Returns: what was written, and where an older export is now.
    package func run() async throws -> (counts: DeliveryCounts, kept: String?) {
        try await folder.discarding { try await writeAll() }
    }

    private func writeAll() async throws -> (counts: DeliveryCounts, kept: String?) {
        let experiments = try await source.experiments()
        for experiment in experiments { try await write(experiment) }
        for model in try await source.models() { try await write(model) }
        let missing = try await more?.write(of: experiments, to: folder) ?? []
        counts.change { $0.remarks += source.remarks + missing.map { "the server has no \($0)" } }
        return (counts.value, try folder.finish())
    }

    private func write(_ experiment: Experiment) async throws {
        // MLflow keeps deleted experiments in its trash, under their old paths.
        let place = experiment.lifecycle == .deleted ? ".trash/\(experiment.id)" : experiment.id
        try meta(
            place,
            [
                ("artifact_location", .string(uri(experiment.id))), ("creation_time", .int(experiment.createdAt.milliseconds)),
                ("experiment_id", .string(experiment.id)), ("last_update_time", .int(experiment.updatedAt.milliseconds)),
                ("lifecycle_stage", .string(experiment.lifecycle.rawValue)), ("name", .string(experiment.name)),
            ])
        _ = try pairs("\(place)/tags", experiment.tags.map { ($0.key, $0.value) })
        counts.change { $0.experiments += 1 }
        for model in try await source.loggedModels(of: experiment) { try await write(model, in: place) }
        for id in try await source.runIDs(of: experiment) {
            guard let run = try await source.run(id, of: experiment) else { continue }
            try await write(run, in: place)
            told(1)
        }
    }

    private func write(_ found: SourceRun, in experiment: String) async throws {
        let (run, info) = (found.run, found.run.info)
        let place = "\(experiment)/\(info.id)"
        let status = RunStatus.allCases.firstIndex(of: info.status).map { $0 + 1 } ?? 1
        try meta(
            place,
            [
                ("artifact_uri", .string(uri(found.place.inside))), ("end_time", JSONValue(info.endTime)), ("entry_point_name", ""),
                ("experiment_id", .string(info.experimentID)), ("lifecycle_stage", .string(info.lifecycle.rawValue)),
                ("run_id", .string(info.id)), ("run_name", .string(info.name)), ("source_name", ""), ("source_type", 4),
                ("source_version", ""),
                ("start_time", .int(info.startTime)), ("status", .int(Int64(status))), ("tags", []), ("user_id", .string(info.userID)),
            ])
        for part in ["params", "tags", "metrics", "artifacts"] { try ExportFolder.make("\(folder.part)/\(place)/\(part)") }
        var beside: JSONObject = [:]
        beside["params"] = try pairs("\(place)/params", run.params.map { ($0.key, $0.value) })
        beside["tags"] = try pairs("\(place)/tags", run.tags.map { ($0.key, $0.value) })
        let lines = Dictionary(grouping: found.points, by: \.key).mapValues { points in points.map(MLflowExport.line).joined() }
        beside["metrics"] = try pairs("\(place)/metrics", lines.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        if !beside.isEmpty { try folder.write(JSONValue.object(beside).text, to: "\(place)/jidoka.json") }
        try inputs(run, place, experiment)
        counts.change {
            $0.runs += 1
            $0.points += found.points.count
        }
        try await artifacts(found.place, to: "\(place)/artifacts")
    }

    private func inputs(_ run: Run, _ place: String, _ experiment: String) throws {
        for dataset in run.datasets {
            let id = String(Delivery.print([dataset.name, dataset.digest]).prefix(32))
            if !Disk.isFile("\(folder.part)/\(experiment)/datasets/\(id)/meta.yaml") {
                try meta(
                    "\(experiment)/datasets/\(id)",
                    [
                        ("digest", .string(dataset.digest)), ("name", .string(dataset.name)), ("profile", JSONValue(dataset.profile)),
                        ("schema", JSONValue(dataset.schema)), ("source", .string(dataset.source)),
                        ("source_type", .string(dataset.sourceType)),
                    ])
            }
            let tags = JSONObject(dataset.tags.map { (key: $0.key, value: .string($0.value)) })
            try meta("\(place)/inputs/\(Delivery.print([id, run.info.id]).prefix(32))", MLflowExport.edge("DATASET", "RUN", id, tags))
        }
        for model in run.modelInputs {
            try meta("\(place)/inputs/\(Delivery.print([model, run.info.id]).prefix(32))", MLflowExport.edge("MODEL", "RUN", model, [:]))
        }
        for output in run.modelOutputs {
            let fields = MLflowExport.edge("RUN_OUTPUT", "MODEL_OUTPUT", output.modelID, [:]) + [("step", .int(output.step))]
            try meta("\(place)/outputs/\(output.modelID)", fields)
        }
    }

    private static func edge(_ from: String, _ to: String, _ id: String, _ tags: JSONObject) -> [(String, JSONValue)] {
        [
            ("destination_id", .string(id)), ("destination_type", .string(to)), ("source_id", .string(id)), ("source_type", .string(from)),
            ("tags", .object(tags)),
        ]
    }

    private func write(_ model: LoggedModel, in experiment: String) async throws {
        let place = "\(experiment)/models/\(model.id)"
        let status = LoggedModelStatus.allCases.firstIndex(of: model.status).map { $0 + 1 } ?? 1
        try meta(
            place,
            [
                ("artifact_location", .string(uri(model.place.inside))), ("creation_timestamp", .int(model.createdAt.milliseconds)),
                ("experiment_id", .string(model.experimentID)), ("last_updated_timestamp", .int(model.updatedAt.milliseconds)),
                ("lifecycle_stage", "active"), ("model_id", .string(model.id)), ("model_type", .string(model.modelType)),
                ("name", .string(model.name)), ("source_run_id", .string(model.sourceRunID)), ("status", .int(Int64(status))),
                ("status_message", .null),
            ])
        for part in ["params", "tags", "metrics", "artifacts"] { try ExportFolder.make("\(folder.part)/\(place)/\(part)") }
        _ = try pairs("\(place)/params", model.params.map { ($0.key, $0.value) })
        _ = try pairs("\(place)/tags", model.tags.map { ($0.key, $0.value) })
        let lines = Dictionary(grouping: model.metrics, by: \.key).mapValues { points in points.map(MLflowExport.line).joined() }
        _ = try pairs("\(place)/metrics", lines.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        counts.change { $0.loggedModels += 1 }
        try await artifacts(model.place, to: "\(place)/artifacts")
    }

    private func write(_ model: RegisteredModel) async throws {
        let versions = try await source.versions(of: model)
        let place = "models/\(model.name)"
        guard MLflowExport.isFileName(model.name) else {
            counts.change { $0.remarks.append("the registered model \(model.name) has a name that is no folder's") }
            return
        }
        try meta(
            place,
            [
                ("creation_timestamp", .int(model.createdAt.milliseconds)), ("description", .string(model.description)),
                ("last_updated_timestamp", .int(model.updatedAt.milliseconds)), ("name", .string(model.name)),
                ("aliases", .object(JSONObject(model.aliases.map { (key: $0.alias, value: .string(String($0.version))) }))),
            ])
        _ = try pairs("\(place)/tags", model.tags.map { ($0.key, $0.value) })
        _ = try pairs("\(place)/aliases", model.aliases.map { ($0.alias, String($0.version)) })
        for version in versions {
            let origin = VersionOrigin(version)
            let inside = "\(place)/version-\(version.version)"
            try meta(
                inside,
                [
                    ("creation_timestamp", .int(version.createdAt.milliseconds)), ("current_stage", .string(version.stage.rawValue)),
                    ("description", .string(version.description)), ("last_updated_timestamp", .int(version.updatedAt.milliseconds)),
                    ("model_id", origin.modelID.isEmpty ? .null : .string(origin.modelID)), ("name", .string(version.name)),
                    ("run_id", .string(origin.runID)), ("run_link", .string(version.runLink)), ("source", .string(local(origin.source))),
                    ("status", .string(version.status.rawValue)), ("status_message", .string(version.statusMessage)),
                    ("storage_location", .string(storage(origin))), ("user_id", .string(version.userID)),
                    ("version", .int(Int64(version.version))),
                ])
            _ = try pairs("\(inside)/tags", version.tags.map { ($0.key, $0.value) })
        }
        counts.change {
            $0.models += 1
            $0.versions += versions.count
        }
    }

    // MARK: Places

    private func uri(_ inside: String) -> String {
        "file://"
            + "\(folder.target)/\(inside)".split(separator: "/", omittingEmptySubsequences: false).map { TargetServer.encoded(String($0)) }
            .joined(separator: "/")
    }

    /// Artifacts that the server kept lie in the folder now.
    private func local(_ source: String) -> String {
        guard source.hasPrefix("mlflow-artifacts:"), let path = try? ArtifactPath(uri: source) else { return source }
        return uri(path.description)
    }

    /// Where the files of a version lie in the folder; empty when that is not known.
    private func storage(_ origin: VersionOrigin) -> String {
        let kept = Disk.folders(folder.part).filter { $0 != "models" } + Disk.folders("\(folder.part)/.trash").map { ".trash/\($0)" }
        if !origin.modelID.isEmpty {
            return kept.first { Disk.isFolder("\(folder.part)/\($0)/models/\(origin.modelID)") }.map {
                uri("\($0)/models/\(origin.modelID)/artifacts")
            } ?? ""
        }
        guard origin.source.hasPrefix("runs:/") else { return local(origin.source) }
        let path = origin.source.dropFirst("runs:/".count).drop { $0 != "/" }
        return kept.first { Disk.isFolder("\(folder.part)/\($0)/\(origin.runID)") }.map { uri("\($0)/\(origin.runID)/artifacts") + path }
            ?? ""
    }

    private func artifacts(_ place: ArtifactPlace, to inside: String) async throws {
        guard withArtifacts else { return }
        for file in try await source.files(of: place) {
            let target = try folder.place("\(inside)/\(file.path)")
            try await source.fetch(file, to: target)
            counts.change {
                $0.files += 1
                $0.bytes += file.size
            }
        }
    }

    // MARK: Files

    /// YAML whose values are JSON, which every reader of YAML takes.
    private func meta(_ place: String, _ fields: [(key: String, value: JSONValue)]) throws {
        let lines = fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.text)\n" }
        try folder.write(lines.joined(), to: "\(place)/meta.yaml")
    }

    /// One file a key.
    /// - Returns: those whose keys are no paths, or of which one would be the folder of another; nil when all were written.
    private func pairs(_ place: String, _ pairs: [(key: String, value: String)]) throws -> JSONValue? {
        let keys = Set(pairs.map(\.key))
        var left: [(key: String, value: JSONValue)] = []
        for (key, value) in pairs {
            let parts = key.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            let isBelow = parts.indices.dropFirst().contains { keys.contains(parts[..<$0].joined(separator: "/")) }
            if isBelow || !parts.allSatisfy(MLflowExport.isFileName) {
                left.append((key, .string(value)))
            } else {
                try folder.write(value, to: "\(place)/\(key)")
            }
        }
        return left.isEmpty ? nil : .object(JSONObject(left))
    }

    static func isFileName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 200 && !name.contains("/") && !name.utf8.contains(0)
    }

    /// `<milliseconds> <value> <step>`, of a logged model with the run and the dataset behind it.
    private static func line(_ metric: Metric) -> String {
        var line = "\(metric.timestamp) \(metric.value) \(metric.step)"
        if metric.modelID != nil {
            line += " \(metric.runID ?? "")"
            if let name = metric.datasetName, let digest = metric.datasetDigest { line += " \(name) \(digest)" }
        }
        return line + "\n"
    }
}
