import Errors
import Evaluation
import HTTP
import JSON

extension RouteTable {
    mutating func addEvaluationDatasets() {
        let evaluation = services.evaluation
        add("POST", "datasets/create", .write, version: "3.0") { call in
            .dataset(
                try await evaluation.createDataset(
                    name: try call.fields.requiredText("name"), tags: try call.fields.encodedTags() ?? [:],
                    experimentIDs: try call.fields.texts("experiment_ids"), actor: call.actor))
        }
        for method in ["GET", "POST"] {
            add(method, "datasets/search", .read, version: "3.0") { call in
                let page = try await evaluation.search(
                    EvaluationDatasetSearch(
                        experimentIDs: try call.fields.texts("experiment_ids"),
                        filter: try EvaluationFilter.parse(try call.fields.nonEmpty("filter_string")),
                        orders: try EvaluationFilter.orders(try call.fields.texts("order_by")),
                        offset: try PageToken.decode(try call.fields.text("page_token")), limit: try call.fields.limit(default: 1_000)))
                return .object(capacity: 4_096) { writer in
                    writer.list("datasets", page.items) { $0.write($1, experiments: false) }
                    writer.member("next_page_token", ifPresent: PageToken.encode(page.nextOffset))
                }
            }
        }
        add("GET", "datasets/{dataset_id}", .read, version: "3.0") { call in
            .dataset(try await evaluation.dataset(id: try call.fields.datasetID()))
        }
        add("DELETE", "datasets/{dataset_id}", .write, version: "3.0") { call in
            try await evaluation.deleteDataset(id: try call.fields.datasetID(), actor: call.actor)
            return .empty
        }
        add("PATCH", "datasets/{dataset_id}/tags", .write, version: "3.0") { call in
            guard let tags = try call.fields.encodedTags() else { throw call.fields.missing("tags") }
            try await evaluation.setTags(tags, id: try call.fields.datasetID())
            return .empty
        }
        add("DELETE", "datasets/{dataset_id}/tags/{key}", .write, version: "3.0") { call in
            try await evaluation.deleteTag(key: try call.fields.requiredText("key"), id: try call.fields.datasetID())
            return .empty
        }
        add("GET", "datasets/{dataset_id}/experiment-ids", .read, version: "3.0") { call in
            let ids = try await evaluation.dataset(id: try call.fields.datasetID()).experimentIDs
            return .object { $0.list("experiment_ids", ids) { $0.value($1) } }
        }
        for (path, linked) in [("add-experiments", true), ("remove-experiments", false)] {
            add("POST", "datasets/{dataset_id}/\(path)", .write, version: "3.0") { call in
                .dataset(
                    try await evaluation.setExperiments(
                        try call.fields.texts("experiment_ids"), linked: linked, id: try call.fields.datasetID()))
            }
        }
        addEvaluationRecords()
    }

    private mutating func addEvaluationRecords() {
        let evaluation = services.evaluation
        let path = "datasets/{dataset_id}/records"
        add("GET", path, .read, version: "3.0") { call in
            let page = try await evaluation.records(
                datasetID: try call.fields.datasetID(), after: try RecordToken.decode(try call.fields.text("page_token")),
                limit: try call.fields.limit(default: EvaluationService.pageMax))
            var records = JSONWriter(capacity: 16_384)
            records.beginArray()
            for record in page.items { records.write(record) }
            records.endArray()
            return .object(capacity: 32_768) { writer in
                writer.member("records", records.text)
                if page.hasMore, let last = page.items.last { writer.member("next_page_token", RecordToken.encode(last)) }
            }
        }
        add("POST", path, .write, version: "3.0", bodyMax: RequestFields.largeBodyMax) { call in
            let text = try call.fields.requiredText("records")
            guard let records = (try? JSONValue.parse(text))?.arrayValue else {
                throw JidokaError.invalidArgument("`records` must be a JSON list of records")
            }
            let counts = try await evaluation.upsert(records, id: try call.fields.datasetID(), actor: call.actor)
            return .object { writer in
                writer.member("inserted_count", Int64(counts.inserted))
                writer.member("updated_count", Int64(counts.updated))
            }
        }
        add("DELETE", path, .write, version: "3.0") { call in
            let count = try await evaluation.deleteRecords(
                ids: try call.fields.texts("dataset_record_ids"), datasetID: try call.fields.datasetID(), actor: call.actor)
            return .object { $0.member("deleted_count", Int64(count)) }
        }
    }

    mutating func addScorers() {
        let evaluation = services.evaluation
        add("POST", "scorers/register", .write, version: "3.0") { call in
            let made = try await evaluation.registerScorer(
                experimentID: try call.fields.requiredText("experiment_id"), name: try call.fields.requiredText("name"),
                serialized: try call.fields.requiredText("serialized_scorer"), actor: call.actor)
            return .object { writer in
                writer.member("version", made.version)
                writer.member("scorer_id", made.id)
                writer.member("experiment_id", made.experimentID)
                writer.member("name", made.name)
                writer.member("serialized_scorer", made.serialized)
                writer.member("creation_time", made.createdAt)
            }
        }
        add("GET", "scorers/list", .read, version: "3.0") { call in
            let one = try call.fields.nonEmpty("experiment_id").map { [$0] }
            let several = try call.fields.has("experiment_ids") ? try call.fields.texts("experiment_ids") : nil
            let found = try await evaluation.newestScorers(experimentIDs: one ?? several)
            return .object(capacity: 4_096) { $0.list("scorers", found) { $0.write($1) } }
        }
        add("GET", "scorers/versions", .read, version: "3.0") { call in
            let found = try await evaluation.scorerVersions(
                experimentID: try call.fields.requiredText("experiment_id"), name: try call.fields.requiredText("name"))
            return .object(capacity: 4_096) { $0.list("scorers", found) { $0.write($1) } }
        }
        add("GET", "scorers/get", .read, version: "3.0") { call in
            let found = try await evaluation.scorer(
                experimentID: try call.fields.requiredText("experiment_id"), name: try call.fields.requiredText("name"),
                version: try call.fields.integer("version"))
            return .object { writer in
                writer.key("scorer")
                writer.write(found)
            }
        }
        add("DELETE", "scorers/delete", .write, version: "3.0") { call in
            try await evaluation.deleteScorer(
                experimentID: try call.fields.requiredText("experiment_id"), name: try call.fields.requiredText("name"),
                version: try call.fields.integer("version"), actor: call.actor)
            return .empty
        }
        // Online scoring runs judges in the server: that is not done here, so no scorer has settings for it.
        add("GET", "scorers/online-configs", .read, version: "3.0") { call in
            guard try call.fields.has("scorer_ids") else { throw call.fields.missing("scorer_ids") }
            return .json(Array(#"{"configs":[]}"#.utf8))
        }
        add("PUT", "scorers/online-config", .write, version: "3.0") { _ in
            throw JidokaError(
                .invalidArgument, "online scoring is not supported by this server",
                hint: "run scorers where your application runs, for example with mlflow.genai.evaluate",
                fields: ["status": "501", "mlflow_code": "NOT_IMPLEMENTED"])
        }
    }
}

/// Where a page of records goes on: base64 of `created_at:id`, as MLflow writes it.
private enum RecordToken {
    static func encode(_ record: EvaluationRecord) -> String { Base64.encode(Array("\(record.createdAt):\(record.id)".utf8)) }

    static func decode(_ token: String?) throws -> (createdAt: Int64, id: String)? {
        guard let token, !token.isEmpty else { return nil }
        let parts = Base64.decode(token).map { String(decoding: $0, as: UTF8.self).split(separator: ":", maxSplits: 1) } ?? []
        guard parts.count == 2, let time = Int64(parts[0]) else { throw JidokaError.invalidArgument("Invalid page token") }
        return (time, String(parts[1]))
    }
}

extension RequestFields {
    fileprivate func datasetID() throws -> String { try requiredText("dataset_id") }

    /// `tags`: JSON text of an object; nil when it is not given. Values that are no text are kept as JSON, nulls are left out.
    fileprivate func encodedTags() throws -> [String: String]? {
        guard let text = try nonEmpty("tags") else { return nil }
        guard let object = (try? JSONValue.parse(text))?.objectValue else {
            throw JidokaError.invalidArgument("`tags` must be the JSON text of an object")
        }
        var tags: [String: String] = [:]
        for (key, value) in object where !value.isNull { tags[key] = value.stringValue ?? value.text }
        return tags
    }
}

extension HTTPResponse {
    fileprivate static func dataset(_ dataset: EvaluationDataset) -> HTTPResponse {
        .object { writer in
            writer.key("dataset")
            writer.write(dataset, experiments: true)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ dataset: EvaluationDataset, experiments: Bool) {
        beginObject()
        member("dataset_id", dataset.id)
        member("name", dataset.name)
        member("tags", JSONValue.object(JSONObject(dataset.tags.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })).text)
        member("schema", ifPresent: dataset.schema)
        member("profile", ifPresent: dataset.profile)
        member("digest", dataset.digest)
        member("created_time", dataset.createdAt)
        member("last_update_time", dataset.updatedAt)
        member("created_by", ifPresent: dataset.createdBy)
        member("last_updated_by", ifPresent: dataset.updatedBy)
        if experiments { list("experiment_ids", dataset.experimentIDs) { $0.value($1) } }
        endObject()
    }

    fileprivate mutating func write(_ record: EvaluationRecord) {
        beginObject()
        member("dataset_record_id", record.id)
        member("dataset_id", record.datasetID)
        key("inputs")
        value(.object(record.inputs))
        let parts: [(String, JSONValue?)] = [
            ("outputs", record.outputs), ("expectations", record.expectations.map(JSONValue.object)),
            ("tags", record.tags.map(JSONValue.object)), ("source", record.source.map(JSONValue.object)),
        ]
        for (name, part) in parts {
            guard let part else { continue }
            key(name)
            value(part)
        }
        if let trace = record.source?["source_data"]?["trace_id"]?.stringValue { member("source_id", trace) }
        member("source_type", ifPresent: record.source?["source_type"]?.stringValue)
        member("created_time", record.createdAt)
        member("last_update_time", record.updatedAt)
        member("created_by", ifPresent: record.createdBy)
        member("last_updated_by", ifPresent: record.updatedBy)
        endObject()
    }

    fileprivate mutating func write(_ scorer: ScorerVersion) {
        beginObject()
        member("experiment_id", Int64(scorer.experimentID) ?? 0)
        member("scorer_name", scorer.name)
        member("scorer_version", scorer.version)
        member("serialized_scorer", scorer.serialized)
        member("creation_time", scorer.createdAt)
        member("scorer_id", scorer.id)
        endObject()
    }
}
