import Errors
import JSON
import Tracking

extension Delivery {
    private static let pointsPerBatch = 1_000
    private static let pairsPerBatch = 100

    /// One run: its own facts, what was logged to it, its artifacts; its end last, so that a run with an end is a whole one.
    func deliver(_ id: String, of experiment: Experiment, to experimentID: String, models: [LoggedModel]) async throws {
        guard let found = try await source.run(id, of: experiment) else { return }
        let info = found.run.info
        let modelPoints = models.flatMap(\.metrics).filter { $0.runID == id }
        let files = try await source.files(of: found.place)
        let print = Delivery.print(
            ["\(found.run)"] + (found.points + modelPoints).map { "\($0)" } + files.map { "\($0.path) \($0.stamp)" })
        let before = journal.entry("run \(id)")
        if before?["print"]?.stringValue == print {
            counts.change { $0.unchanged += 1 }
            return
        }
        let here = try await server.adopt(
            "run",
            [
                "id": .string(id), "experiment_id": .string(experimentID), "name": .string(info.name), "user_id": .string(info.userID),
                "start_time": .int(info.startTime), "tags": Delivery.pairs(found.run.tags),
            ], from: source.title)
        guard here["lifecycle"]?.stringValue == "active", let uri = here["artifact_uri"]?.stringValue else {
            if info.lifecycle == .active { remark("the run \(id) is deleted here and took nothing") }
            counts.change { $0.unchanged += 1 }
            return
        }
        let present = here["is_new"]?.boolValue == true ? nil : try await server.mlflow("GET", "runs/get?run_id=\(id)")["run"]
        try await sendPairs(found.run, present, before)
        try await sendPoints(found, modelPoints, before)
        try await sendLinks(found.run)
        try await upload(files, below: uri, except: before?["files"])
        try await sendEnd(info, present)
        counts.change { $0.runs += 1 }
        try journal.record(
            "run \(id)",
            [
                "print": .string(print), "tags": Delivery.pairs(found.run.tags),
                "files": .object(JSONObject(files.map { (key: $0.path, value: .string($0.stamp)) })),
                "points": .object(
                    JSONObject(Dictionary(grouping: found.points, by: \.key).map { (key: $0, value: .int(Int64($1.count))) })),
            ])
    }

    /// Params once; tags that are missing here, and those that changed at the source since the last delivery. What was changed here stays.
    private func sendPairs(_ run: Run, _ present: JSONValue?, _ before: JSONValue?) async throws {
        func here(_ list: String) -> [String: String] {
            var values: [String: String] = [:]
            for item in present?["data"]?[list]?.arrayValue ?? [] {
                values[item["key"]?.stringValue ?? ""] = item["value"]?.stringValue ?? ""
            }
            return values
        }
        let (params, tags) = (here("params"), here("tags"))
        var wanted: [Param] = []
        for param in run.params {
            guard let value = params[param.key] else {
                wanted.append(param)
                continue
            }
            if value != param.value, !param.value.hasPrefix(value) {
                remark("the param \(param.key) of run \(run.info.id) has another value here and was left")
            }
        }
        for start in stride(from: 0, to: wanted.count, by: Delivery.pairsPerBatch) {
            let part = wanted[start..<min(start + Delivery.pairsPerBatch, wanted.count)]
            try await log(run.info.id, ["params": .array(part.map { ["key": .string($0.key), "value": .string($0.value)] })])
        }
        guard present != nil else { return }
        let changed = run.tags.filter { tag in
            guard tags[tag.key] != nil else { return true }
            guard let last = before?["tags"]?[tag.key]?.stringValue else { return false }
            return last != tag.value
        }
        for start in stride(from: 0, to: changed.count, by: Delivery.pairsPerBatch) {
            let part = changed[start..<min(start + Delivery.pairsPerBatch, changed.count)]
            try await log(run.info.id, ["tags": .array(part.map { ["key": .string($0.key), "value": .string($0.value)] })])
        }
    }

    private func sendPoints(_ found: SourceRun, _ modelPoints: [Metric], _ before: JSONValue?) async throws {
        var points = found.points
        if found.growsAtEnd, let sent = before?["points"] {
            var seen: [String: Int64] = [:]
            points = points.filter { point in
                seen[point.key, default: 0] += 1
                return seen[point.key, default: 0] > sent[point.key]?.intValue ?? 0
            }
        }
        points += modelPoints
        for start in stride(from: 0, to: points.count, by: Delivery.pointsPerBatch) {
            let part = points[start..<min(start + Delivery.pointsPerBatch, points.count)]
            try await log(found.run.info.id, ["metrics": .array(part.map(Delivery.json))])
            counts.change { $0.points += part.count }
        }
    }

    private static func json(_ point: Metric) -> JSONValue {
        let value: JSONValue =
            point.value.isNaN ? "NaN" : point.value.isInfinite ? (point.value > 0 ? "Infinity" : "-Infinity") : .double(point.value)
        var fields: JSONObject = [
            "key": .string(point.key), "value": value, "timestamp": .int(max(0, point.timestamp)), "step": .int(point.step),
        ]
        if let model = point.modelID { fields["model_id"] = .string(model) }
        if let name = point.datasetName { fields["dataset_name"] = .string(name) }
        if let digest = point.datasetDigest { fields["dataset_digest"] = .string(digest) }
        return .object(fields)
    }

    /// A batch whose names or values this server refuses is sent again one by one, so that one bad name loses one thing.
    private func log(_ run: String, _ batch: JSONObject) async throws {
        var body = batch
        body["run_id"] = .string(run)
        do { try await server.mlflow("POST", "runs/log-batch", .object(body)) } catch let error as JidokaError
            where [.invalidArgument, .notFound].contains(error.code)
        {
            guard let (list, items) = batch.members.first.map({ ($0.key, $0.value.arrayValue ?? []) }) else { return }
            guard items.count > 1 else {
                return remark("\(items.first?["key"]?.stringValue ?? list) of run \(run) was refused: \(error.message)")
            }
            for item in items { try await log(run, [list: .array([item])]) }
        }
    }

    private func sendLinks(_ run: Run) async throws {
        if !run.datasets.isEmpty || !run.modelInputs.isEmpty {
            let datasets = run.datasets.map { input -> JSONValue in
                var dataset: JSONObject = [
                    "name": .string(input.name), "digest": .string(input.digest), "source_type": .string(input.sourceType),
                    "source": .string(input.source),
                ]
                dataset["schema"] = input.schema.map(JSONValue.string)
                dataset["profile"] = input.profile.map(JSONValue.string)
                let tags = input.tags.map { JSONValue.object(["key": .string($0.key), "value": .string($0.value)]) }
                return ["dataset": .object(dataset), "tags": .array(tags)]
            }
            try await server.mlflow(
                "POST", "runs/log-inputs",
                [
                    "run_id": .string(run.info.id), "datasets": .array(datasets),
                    "models": .array(run.modelInputs.map { ["model_id": .string($0)] }),
                ])
        }
        guard !run.modelOutputs.isEmpty else { return }
        let outputs = run.modelOutputs.map { JSONValue.object(["model_id": .string($0.modelID), "step": .int($0.step)]) }
        try await server.mlflow("POST", "runs/outputs", ["run_id": .string(run.info.id), "models": .array(outputs)])
    }

    private func sendEnd(_ info: RunInfo, _ present: JSONValue?) async throws {
        let now = present?["info"]?["status"]?.stringValue ?? RunStatus.running.rawValue
        if now != info.status.rawValue || present?["info"]?["end_time"]?.intValue != info.endTime,
            info.status != .running || info.endTime != nil
        {
            var change: JSONObject = ["run_id": .string(info.id), "status": .string(info.status.rawValue)]
            change["end_time"] = info.endTime.map(JSONValue.int)
            try await server.mlflow("POST", "runs/update", .object(change))
        }
        if info.lifecycle == .deleted { try await server.mlflow("POST", "runs/delete", ["run_id": .string(info.id)]) }
    }
}
