import Errors
import HTTP
import JSON
import Tracking

extension RouteTable {
    /// What training scripts send all the time.
    mutating func addLogging() {
        let tracking = services.tracking
        add("POST", "runs/log-metric", .write) { bytes in
            guard let (runID, metric) = LogBatchReader.single(bytes) else { return false }
            try await tracking.logMetric(runID: runID, metric)
            return true
        } otherwise: { call in
            try await tracking.logMetric(runID: try call.fields.runID(), try call.fields.metric())
            return .empty
        }
        add("POST", "runs/log-parameter", .write) { call in
            let runID = try call.fields.runID()
            let param = Param(key: try call.fields.requiredText("key"), value: try call.fields.text("value") ?? "")
            try await tracking.logParam(runID: runID, param)
            return .empty
        }
        add("POST", "runs/set-tag", .write) { call in
            let runID = try call.fields.runID()
            let tag = Tag(key: try call.fields.requiredText("key"), value: try call.fields.text("value") ?? "")
            try await tracking.setTag(runID: runID, tag)
            return .empty
        }
        add("POST", "runs/delete-tag", .write) { call in
            try await tracking.deleteTag(runID: try call.fields.runID(), key: try call.fields.requiredText("key"))
            return .empty
        }
        add("POST", "runs/log-batch", .write) { bytes in
            guard let batch = LogBatchReader.batch(bytes) else { return false }
            try await tracking.logBatch(batch)
            return true
        } otherwise: { call in
            let batch = RunBatch(
                runID: try call.fields.runID(), metrics: try call.fields.objects("metrics").map { try $0.metric() },
                params: try call.fields.params("params"), tags: try call.fields.tags("tags"))
            try await tracking.logBatch(batch)
            return .empty
        }
        addRunLinks()
    }

    /// What a run read and made.
    private mutating func addRunLinks() {
        let tracking = services.tracking
        add("POST", "runs/log-inputs", .write, bodyMax: RequestFields.largeBodyMax) { call in
            let models = try call.fields.objects("models").map { try $0.requiredText("model_id") }
            try await tracking.logInputs(
                runID: try call.fields.runID(), datasets: try call.fields.objects("datasets").map { try $0.datasetInput() },
                modelIDs: models)
            return .empty
        }
        add("POST", "runs/outputs", .write) { call in
            let runID = try call.fields.runID()
            let models = try call.fields.objects("models").map {
                ModelOutput(modelID: try $0.requiredText("model_id"), step: try $0.integer("step") ?? 0)
            }
            guard try call.fields.has("models") else { throw call.fields.missing("models") }
            try await tracking.logOutputs(runID: runID, models: models)
            return .empty
        }
        // Clients before 3.0: the model's description goes into a tag.
        add("POST", "runs/log-model", .write) { call in
            let runID = try call.fields.runID()
            try await tracking.addToModelHistory(runID: runID, described: try call.fields.requiredText("model_json"))
            return .empty
        }
    }

    mutating func addMetrics() {
        let tracking = services.tracking
        add("GET", "metrics/get-history", .read) { call in
            let runID = try call.fields.runID()
            let key = try call.fields.requiredText("metric_key")
            let asked = try call.fields.integer("max_results").map { Int(clamping: $0) }
            var writer = JSONWriter(capacity: 65_536)
            writer.beginObject()
            var count = 0
            if let asked, asked <= 0 {
                throw JidokaError.invalidArgument(
                    "Invalid value \(asked) for parameter 'max_results' supplied. It must be a positive integer.")
            }
            var next: Int? = try PageToken.decode(try call.fields.text("page_token"))
            // Without a limit the client expects every point in one answer.
            while let start = next, count < asked ?? .max {
                let limit = min(TrackingLimits.historyPage, (asked ?? .max) - count)
                let page = try await tracking.metricHistory(runID: runID, key: key, offset: start, limit: limit)
                if count == 0, !page.items.isEmpty {
                    writer.key("metrics")
                    writer.beginArray()
                }
                for point in page.items { writer.write(point) }
                count += page.items.count
                next = page.nextOffset
            }
            if count > 0 { writer.endArray() }
            writer.member("next_page_token", ifPresent: PageToken.encode(next))
            writer.endObject()
            return .json(writer.bytes)
        }
    }
}

extension RequestFields {
    func metric() throws -> Metric {
        Metric(
            key: try requiredText("key"), value: try requiredNumber("value"), timestamp: try requiredInteger("timestamp"),
            step: try integer("step") ?? 0, modelID: try nonEmpty("model_id"), datasetName: try nonEmpty("dataset_name"),
            datasetDigest: try nonEmpty("dataset_digest"))
    }

    func params(_ name: String) throws -> [Param] {
        try objects(name).map { Param(key: try $0.requiredText("key"), value: try $0.text("value") ?? "") }
    }

    func nonEmpty(_ name: String) throws -> String? { try text(name).flatMap { $0.isEmpty ? nil : $0 } }

    fileprivate func datasetInput() throws -> DatasetInput {
        guard let dataset = try object("dataset") else { throw missing("dataset") }
        return DatasetInput(
            name: try dataset.requiredText("name"), digest: try dataset.requiredText("digest"),
            sourceType: try dataset.requiredText("source_type"), source: try dataset.requiredText("source"),
            schema: try dataset.text("schema"), profile: try dataset.text("profile"), tags: try tags("tags"))
    }
}
