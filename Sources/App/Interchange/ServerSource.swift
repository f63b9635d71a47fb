import Clockwork
import Errors
import JSON
import Registry
package import Tracking

/// A server that speaks MLflow's protocol, ours or MLflow's own, read through its API.
package struct ServerSource: InterchangeSource {
    let server: TargetServer
    private let wanted: Set<String>?
    let remarked = Remarks()

    package var title: String { "server \(server.url)" }
    package var remarks: [String] { remarked.list }

    /// Points that one answer holds.
    private static let pointsMax = 25_000

    /// - Parameter experiments: names of those to read; nil reads all.
    package init(_ server: TargetServer, experiments: [String]? = nil) {
        self.server = server
        wanted = experiments.map(Set.init)
    }

    package func experiments() async throws -> [Experiment] {
        let all = try await pages("experiments/search", ["view_type": "ALL", "max_results": 1_000], "experiments").map { item in
            Experiment(
                id: text(item, "experiment_id"), name: text(item, "name"), artifactLocation: text(item, "artifact_location"),
                lifecycle: text(item, "lifecycle_stage") == "deleted" ? .deleted : .active, createdAt: time(item, "creation_time"),
                updatedAt: time(item, "last_update_time"), tags: tags(item))
        }
        guard let wanted else { return all }
        if let missing = wanted.subtracting(all.map(\.name)).sorted().first {
            throw JidokaError.notFound("there is no experiment `\(missing)` on \(server.url)", hint: "`jidoka experiments list` shows them")
        }
        return all.filter { wanted.contains($0.name) }
    }

    package func runIDs(of experiment: Experiment) async throws -> [String] {
        let search: JSONObject = [
            "experiment_ids": [.string(experiment.id)], "run_view_type": "ALL", "max_results": 10_000,
            "order_by": ["attributes.start_time ASC"],
            // MLflow's own server does not know the field and answers whole runs.
            "fields": ["info"],
        ]
        return try await pages("runs/search", search, "runs").compactMap { $0["info"]?["run_id"]?.stringValue }
    }

    package func run(_ id: String, of experiment: Experiment) async throws -> SourceRun? {
        let found: JSONValue
        do { found = try await server.mlflow("GET", "runs/get?run_id=\(TargetServer.encoded(id))") } catch let error as JidokaError
            where error.code == .notFound
        { return nil }
        guard let item = found["run"], let info = item["info"] else { return nil }
        var run = Run(
            info: RunInfo(
                id: id, experimentID: text(info, "experiment_id"), name: text(info, "run_name"), userID: text(info, "user_id"),
                status: RunStatus(rawValue: text(info, "status")) ?? .running, startTime: info["start_time"]?.intValue ?? 0,
                endTime: info["end_time"]?.intValue, artifactURI: text(info, "artifact_uri"),
                lifecycle: text(info, "lifecycle_stage") == "deleted" ? .deleted : .active))
        let data = item["data"]
        run.params = pairs(data, "params").map { Param(key: $0.key, value: $0.value) }
        run.tags = pairs(data, "tags").map { Tag(key: $0.key, value: $0.value) }
        run.metrics = (data?["metrics"]?.arrayValue ?? []).map { point($0, key: text($0, "key")) }
        readInputs(item, to: &run)
        var points: [Metric] = []
        for key in run.metrics.map(\.key) { points += try await history(of: id, key: key) }
        return SourceRun(run: run, points: points)
    }

    private func readInputs(_ item: JSONValue, to run: inout Run) {
        for input in item["inputs"]?["dataset_inputs"]?.arrayValue ?? [] {
            guard let dataset = input["dataset"] else { continue }
            run.datasets.append(
                DatasetInput(
                    name: text(dataset, "name"), digest: text(dataset, "digest"), sourceType: text(dataset, "source_type"),
                    source: text(dataset, "source"), schema: dataset["schema"]?.stringValue, profile: dataset["profile"]?.stringValue,
                    tags: tags(input)))
        }
        run.modelInputs = (item["inputs"]?["model_inputs"]?.arrayValue ?? []).map { text($0, "model_id") }
        run.modelOutputs = (item["outputs"]?["model_outputs"]?.arrayValue ?? []).map {
            ModelOutput(modelID: text($0, "model_id"), step: $0["step"]?.intValue ?? 0)
        }
    }

    private func history(of run: String, key: String) async throws -> [Metric] {
        var points: [Metric] = []
        var token = ""
        repeat {
            let query = "run_id=\(run)&metric_key=\(TargetServer.encoded(key))&max_results=\(ServerSource.pointsMax)"
            let page = try await server.mlflow(
                "GET", "metrics/get-history?\(query)" + (token.isEmpty ? "" : "&page_token=\(TargetServer.encoded(token))"))
            points += (page["metrics"]?.arrayValue ?? []).map { point($0, key: key) }
            token = page["next_page_token"]?.stringValue ?? ""
        } while !token.isEmpty
        return points
    }

    package func loggedModels(of experiment: Experiment) async throws -> [LoggedModel] {
        let search: JSONObject = ["experiment_ids": [.string(experiment.id)], "max_results": 50]
        return try await pages("logged-models/search", search, "models").compactMap { item in
            guard let info = item["info"] else { return nil }
            var model = LoggedModel(
                id: text(info, "model_id"), experimentID: text(info, "experiment_id"), name: text(info, "name"),
                artifactURI: text(info, "artifact_uri"), status: LoggedModelStatus(rawValue: text(info, "status")) ?? .pending,
                modelType: text(info, "model_type"), sourceRunID: text(info, "source_run_id"),
                createdAt: time(info, "creation_timestamp_ms"),
                updatedAt: time(info, "last_updated_timestamp_ms"))
            model.tags = tags(info)
            model.params = pairs(item["data"], "params").map { Param(key: $0.key, value: $0.value) }
            model.metrics = (item["data"]?["metrics"]?.arrayValue ?? []).map { item in
                var metric = point(item, key: text(item, "key"))
                metric.modelID = model.id
                metric.runID = item["run_id"]?.stringValue
                metric.datasetName = item["dataset_name"]?.stringValue
                metric.datasetDigest = item["dataset_digest"]?.stringValue
                return metric
            }
            return model
        }
    }

    // MARK: Artifacts

    package func files(of place: ArtifactPlace) async throws -> [SourceFile] {
        guard place.uri.hasPrefix("mlflow-artifacts:"), let root = try? ArtifactPath(uri: place.uri) else {
            if !place.uri.isEmpty { remarked.add("artifacts at \(place.uri) are not kept by the server and stay there") }
            return []
        }
        var found: [SourceFile] = []
        var open = [""]
        while let inside = open.popLast() {
            let folder = inside.isEmpty ? root.description : "\(root)/\(inside)"
            let listed = try await server.exchange("GET", "/api/2.0/mlflow-artifacts/artifacts?path=\(TargetServer.encoded(folder))")
            for item in listed["files"]?.arrayValue ?? [] {
                let name = text(item, "path")
                let path = inside.isEmpty ? name : "\(inside)/\(name)"
                if item["is_dir"]?.boolValue == true {
                    open.append(path)
                } else {
                    let size = item["file_size"]?.intValue ?? 0
                    found.append(SourceFile(path: path, size: size, stamp: String(size), local: nil, address: "\(root)/\(path)"))
                }
            }
        }
        return found.sorted { $0.path < $1.path }
    }

    package func fetch(_ file: SourceFile, to path: String) async throws { try await server.download(file.address, to: path) }

    // MARK: Reading

    /// Every item of a search, page by page.
    func pages(_ path: String, _ search: JSONObject, _ list: String) async throws -> [JSONValue] {
        var items: [JSONValue] = []
        var search = search
        while true {
            let page = try await server.mlflow("POST", path, .object(search))
            items += page[list]?.arrayValue ?? []
            guard let token = page["next_page_token"]?.stringValue, !token.isEmpty else { return items }
            search["page_token"] = .string(token)
        }
    }

    func text(_ item: JSONValue, _ key: String) -> String { item[key]?.stringValue ?? item[key]?.intValue.map { String($0) } ?? "" }
    func time(_ item: JSONValue, _ key: String) -> Timestamp { Timestamp(milliseconds: item[key]?.intValue ?? 0) }
    func tags(_ item: JSONValue) -> [Tag] { pairs(item, "tags").map { Tag(key: $0.key, value: $0.value) } }

    func pairs(_ item: JSONValue?, _ key: String) -> [(key: String, value: String)] {
        (item?[key]?.arrayValue ?? []).map { (text($0, "key"), $0["value"]?.stringValue ?? "") }
    }

    private func point(_ item: JSONValue, key: String) -> Metric {
        let value = item["value"]?.doubleValue ?? (item["value"]?.stringValue == "NaN" ? .nan : 0)
        return Metric(key: key, value: value, timestamp: item["timestamp"]?.intValue ?? 0, step: item["step"]?.intValue ?? 0)
    }
}
