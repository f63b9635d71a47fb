import Errors
package import JSON

extension TrackingService {
    /// One metric point.
    package func logMetric(runID: String, _ metric: Metric) async throws {
        guard (metric.datasetName == nil) == (metric.datasetDigest == nil) else {
            throw JidokaError.invalidArgument("Both dataset_name and dataset_digest must be provided if one is provided")
        }
        try await runs.append(RunBatch(runID: runID, metrics: [try checkMetric(metric, path: "")], isBatch: false))
    }

    package func logParam(runID: String, _ param: Param) async throws {
        try await runs.append(RunBatch(runID: runID, params: [try checkParam(param, path: "")], isBatch: false))
    }

    package func setTag(runID: String, _ tag: Tag) async throws {
        try await runs.append(RunBatch(runID: runID, tags: withoutEmptyName([try checkTag(tag, path: "")]), isBatch: false))
    }

    package func deleteTag(runID: String, key: String) async throws {
        guard try await runs.deleteTag(key: key, id: runID) else {
            throw JidokaError.notFound("No tag with name: \(key) in run with id \(runID)")
        }
    }

    /// Adds one model's description to the tag in which clients before 3.0 keep their list of logged models.
    /// - Throws: `invalid_argument` when the tag holds something else: it is left as it is.
    package func addToModelHistory(runID: String, described text: String) async throws {
        guard let model = try? JSONValue.parse(text) else {
            throw JidokaError.invalidArgument("Malformed model info. \n \(text) \n is not a valid JSON.")
        }
        let absent = ["artifact_path", "flavors", "run_id", "utc_time_created"].filter { model.objectValue?[$0] == nil }
        guard absent.isEmpty else {
            let list = absent.map { "'\($0)'" }.joined(separator: ", ")
            throw JidokaError.invalidArgument("Model json is missing mandatory fields: {\(list)}")
        }
        try await addToModelHistory(runID: runID, model)
    }

    package func addToModelHistory(runID: String, _ model: JSONValue) async throws {
        var history: [JSONValue] = []
        if let tag = try await run(id: runID).tags.first(where: { $0.key == ReservedTag.loggedModels }) {
            guard let known = try JSONValue.parse(tag.value).arrayValue else {
                throw JidokaError.invalidArgument(
                    "the tag `\(ReservedTag.loggedModels)` of run '\(runID)' is no list", hint: "delete the tag, then log the model again")
            }
            history = known
        }
        try await setTag(runID: runID, Tag(key: ReservedTag.loggedModels, value: JSONValue.array(history + [model]).text))
    }

    /// Everything is checked before anything is written; a refused name leaves nothing behind.
    package func logBatch(_ batch: RunBatch) async throws {
        try TrackingNames.checkRunID(batch.runID)
        try checkCount(batch.metrics.count, "metrics", atMost: TrackingLimits.metricsPerBatch)
        try checkCount(batch.params.count, "params", atMost: TrackingLimits.paramsPerBatch)
        try checkCount(batch.tags.count, "tags", atMost: TrackingLimits.tagsPerBatch)
        try checkCount(
            batch.metrics.count + batch.params.count + batch.tags.count, "metrics, params, and tags",
            atMost: TrackingLimits.entitiesPerBatch)
        var checked = batch
        checked.metrics = try batch.metrics.enumerated().map { try checkMetric($1, path: "metrics[\($0)]") }
        checked.params = try batch.params.enumerated().map { try checkParam($1, path: "params[\($0)]") }
        checked.tags = withoutEmptyName(try batch.tags.enumerated().map { try checkTag($1, path: "tags[\($0)]") })
        try checkDistinct(checked.params)
        try await runs.append(checked)
    }

    package func logInputs(runID: String, datasets: [DatasetInput], modelIDs: [String]) async throws {
        try TrackingNames.checkRunID(runID)
        try checkCount(datasets.count, "datasets", atMost: TrackingLimits.datasetsPerCall)
        try checkCount(modelIDs.count, "models", atMost: TrackingLimits.modelsPerCall)
        for dataset in datasets {
            try TrackingLimits.check(dataset.name, "name", atMost: TrackingLimits.datasetNameMax)
            try TrackingLimits.check(dataset.digest, "digest", atMost: TrackingLimits.datasetDigestMax)
            try TrackingLimits.check(dataset.source, "source", atMost: TrackingLimits.datasetSourceMax)
            try TrackingLimits.check(dataset.schema ?? "", "schema", atMost: TrackingLimits.datasetSchemaMax)
            try TrackingLimits.check(dataset.profile ?? "", "profile", atMost: TrackingLimits.datasetProfileMax)
            for tag in dataset.tags {
                try TrackingLimits.check(tag.key, "key", atMost: 255)
                try TrackingLimits.check(tag.value, "value", atMost: 500)
            }
        }
        try await runs.addInputs(runID: runID, datasets: datasets, modelIDs: modelIDs)
    }

    package func logOutputs(runID: String, models: [ModelOutput]) async throws {
        try checkCount(models.count, "models", atMost: TrackingLimits.modelsPerCall)
        try await runs.addOutputs(runID: runID, models: models)
    }

    /// - Parameter path: where the metric stands in the request, for messages.
    func checkMetric(_ metric: Metric, path: @autoclosure () -> String) throws -> Metric {
        func field(_ name: String) -> String { path().isEmpty ? name : "\(path()).\(name)" }
        try TrackingNames.check(metric.key, path: field("name"))
        guard metric.timestamp >= 0 else {
            throw JidokaError.invalidArgument(
                "Invalid value \(metric.timestamp) for parameter '\(field("timestamp"))' supplied: metric '\(metric.key)' "
                    + "(value=\(metric.value)). Timestamp must be a nonnegative long (64-bit integer) ")
        }
        try TrackingLimits.check(metric.key, "Metric name", atMost: TrackingLimits.keyMax)
        var metric = metric
        // SQL has no infinities: MLflow keeps the largest finite double instead.
        if metric.value.isInfinite { metric.value = metric.value > 0 ? .greatestFiniteMagnitude : -.greatestFiniteMagnitude }
        return metric
    }

    func checkParam(_ param: Param, path: @autoclosure () -> String) throws -> Param {
        try TrackingNames.check(param.key, path: path().isEmpty ? "key" : "\(path()).key")
        try TrackingLimits.check(param.key, "Param key", atMost: TrackingLimits.keyMax)
        return Param(key: param.key, value: TrackingLimits.truncated(param.value, to: TrackingLimits.paramValueMax))
    }

    /// A run keeps its name when it is given an empty one.
    private func withoutEmptyName(_ tags: [Tag]) -> [Tag] { tags.filter { $0.key != ReservedTag.runName || !$0.value.isEmpty } }

    private func checkCount(_ count: Int, _ name: String, atMost limit: Int) throws {
        guard count <= limit else {
            throw JidokaError.invalidArgument(
                "A batch logging request can contain at most \(limit) \(name). Got \(count) \(name). "
                    + "Please split up \(name) across multiple requests and try again.")
        }
    }

    private func checkDistinct(_ params: [Param]) throws {
        var seen: Set<String> = []
        let twice = params.map(\.key).filter { !seen.insert($0).inserted }
        guard twice.isEmpty else {
            let list = twice.map { "'\($0)'" }.joined(separator: ", ")
            throw JidokaError.invalidArgument(
                """
                Duplicate parameter keys have been submitted: [\(list)]. Please ensure the request contains \
                only one param value per param key.
                """
            )
        }
    }
}
