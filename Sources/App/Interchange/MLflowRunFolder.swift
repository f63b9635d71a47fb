import JSON
import Tracking
import YAML

/// One run of MLflow's file store.
struct MLflowRunFolder {
    let folder: String
    /// Holds the datasets that runs name by id.
    let experiment: String
    let remarks: Remarks

    func read() throws -> SourceRun? {
        guard let meta = MLflowMeta(folder, remarks: remarks) else { return nil }
        let id = meta.text("run_id") ?? meta.text("run_uuid") ?? folder.split(separator: "/").last.map(String.init) ?? ""
        let status = meta.number("status").flatMap { (1...5).contains($0) ? RunStatus.allCases[Int($0) - 1] : nil }
        var run = Run(
            info: RunInfo(
                id: id, experimentID: meta.text("experiment_id") ?? "", name: meta.text("run_name") ?? "",
                userID: meta.text("user_id") ?? "", status: status ?? .running, startTime: meta.number("start_time") ?? 0,
                endTime: meta.number("end_time"), artifactURI: meta.text("artifact_uri") ?? "",
                lifecycle: meta.text("lifecycle_stage") == "deleted" ? .deleted : .active))
        run.params = try MLflowMeta.pairs("\(folder)/params").map { Param(key: $0.key, value: $0.value) }
        run.tags = try MLflowMeta.pairs("\(folder)/tags").map { Tag(key: $0.key, value: $0.value) }
        var points: [Metric] = []
        for file in Disk.files("\(folder)/metrics") {
            let lines = MetricLines(bytes: try Disk.read("\(folder)/metrics/\(file.path)", bytesMax: 1 << 30))
            points += lines.points(key: file.path)
            if lines.damaged > 0 { remarks.add("\(lines.damaged) lines of metric \(file.path) of run \(id) cannot be read") }
        }
        try readBeside(&run, &points)
        readInputs(&run)
        for point in points {
            if let index = run.metrics.firstIndex(where: { $0.key == point.key }) {
                if point.isLater(than: run.metrics[index]) { run.metrics[index] = point }
            } else {
                run.metrics.append(point)
            }
        }
        if run.info.name.isEmpty { run.info.name = run.tags.first { $0.key == ReservedTag.runName }?.value ?? "" }
        return SourceRun(run: run, points: points, growsAtEnd: true)
    }

    /// `jidoka.json`: keys that are no file names, or of which one would be the folder of another.
    private func readBeside(_ run: inout Run, _ points: inout [Metric]) throws {
        guard Disk.isFile("\(folder)/jidoka.json") else { return }
        let beside = try JSONValue.parse(try Disk.read("\(folder)/jidoka.json", bytesMax: 1 << 30))
        for (key, value) in beside["params"]?.objectValue ?? [:] { run.params.append(Param(key: key, value: value.stringValue ?? "")) }
        for (key, value) in beside["tags"]?.objectValue ?? [:] { run.tags.append(Tag(key: key, value: value.stringValue ?? "")) }
        for (key, value) in beside["metrics"]?.objectValue ?? [:] {
            points += MetricLines(bytes: Array((value.stringValue ?? "").utf8)).points(key: key)
        }
    }

    private func readInputs(_ run: inout Run) {
        for name in Disk.folders("\(folder)/inputs") {
            guard let meta = MLflowMeta("\(folder)/inputs/\(name)", remarks: remarks), let source = meta.text("source_id") else { continue }
            guard meta.text("source_type") == "DATASET" else {
                run.modelInputs.append(source)
                continue
            }
            guard let dataset = MLflowMeta("\(experiment)/datasets/\(source)", remarks: remarks) else { continue }
            let tags = (meta.node["tags"]?.entries ?? []).map { Tag(key: $0.key, value: $0.value.text ?? "") }
            run.datasets.append(
                DatasetInput(
                    name: dataset.text("name") ?? "", digest: dataset.text("digest") ?? "", sourceType: dataset.text("source_type") ?? "",
                    source: dataset.text("source") ?? "", schema: dataset.text("schema"), profile: dataset.text("profile"), tags: tags))
        }
        for name in Disk.folders("\(folder)/outputs") {
            guard let meta = MLflowMeta("\(folder)/outputs/\(name)", remarks: remarks) else { continue }
            run.modelOutputs.append(ModelOutput(modelID: meta.text("destination_id") ?? name, step: meta.number("step") ?? 0))
        }
    }
}
