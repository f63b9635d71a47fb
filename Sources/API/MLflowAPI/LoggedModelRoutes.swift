import Clockwork
import Errors
import HTTP
import JSON
import Tracking

extension RouteTable {
    mutating func addLoggedModels() {
        let tracking = services.tracking
        add("POST", "logged-models", .write) { call in
            let model = try await tracking.createLoggedModel(
                experimentID: try call.fields.requiredText("experiment_id"), name: try call.fields.nonEmpty("name"),
                modelType: try call.fields.text("model_type") ?? "", sourceRunID: try call.fields.text("source_run_id") ?? "",
                params: try call.fields.params("params"), tags: try call.fields.tags("tags"), actor: call.actor)
            return .loggedModel(model)
        }
        add("GET", "logged-models/{model_id}", .read) { call in
            .loggedModel(try await tracking.loggedModel(id: try call.fields.requiredText("model_id")))
        }
        add("PATCH", "logged-models/{model_id}", .write) { call in
            let written = try call.fields.requiredText("status")
            guard let status = LoggedModelStatus(rawValue: written) else {
                throw JidokaError.invalidArgument(
                    "Invalid model status: \(written). Expected statuses: "
                        + LoggedModelStatus.allCases.map(\.rawValue).joined(separator: ", "))
            }
            let id = try call.fields.requiredText("model_id")
            return .loggedModel(try await tracking.finalizeLoggedModel(id: id, status: status, actor: call.actor))
        }
        add("DELETE", "logged-models/{model_id}", .write) { call in
            try await tracking.deleteLoggedModel(id: try call.fields.requiredText("model_id"), actor: call.actor)
            return .empty
        }
        add("PATCH", "logged-models/{model_id}/tags", .write) { call in
            try await tracking.setLoggedModelTags(id: try call.fields.requiredText("model_id"), try call.fields.tags("tags"))
            return .empty
        }
        add("DELETE", "logged-models/{model_id}/tags/{tag_key}", .write) { call in
            let (id, key) = (try call.fields.requiredText("model_id"), try call.fields.requiredText("tag_key"))
            try await tracking.deleteLoggedModelTag(id: id, key: key)
            return .empty
        }
        add("POST", "logged-models/{model_id}/params", .write) { call in
            try await tracking.addLoggedModelParams(id: try call.fields.requiredText("model_id"), try call.fields.params("params"))
            return .empty
        }
        addLoggedModelSearch()
    }

    private mutating func addLoggedModelSearch() {
        let tracking = services.tracking
        add("POST", "logged-models/search", .read) { call in
            let search = try call.fields.loggedModelSearch()
            let page = try await tracking.searchLoggedModels(search)
            let token = PageToken.encode(page.nextOffset, search: try call.fields.loggedModelSearchIdentity())
            return .object(capacity: 16_384) { writer in
                writer.list("models", page.items) { $0.write($1) }
                writer.member("next_page_token", ifPresent: token)
            }
        }
    }
}

extension RequestFields {
    /// What a page token of this search is bound to.
    fileprivate func loggedModelSearchIdentity() throws -> JSONObject {
        [
            "experiment_ids": .array(try texts("experiment_ids").map(JSONValue.string)), "filter_string": JSONValue(try nonEmpty("filter")),
            "order_by": try value("order_by") ?? .null,
        ]
    }

    fileprivate func loggedModelSearch() throws -> LoggedModelSearch {
        guard try has("experiment_ids"), try !isOnlyCamelCase("experiment_ids") else { throw missing("experiment_ids") }
        let orders = try objects("order_by").map { order in
            let dataset = try order.nonEmpty("dataset_name").map {
                DatasetReference(name: $0, digest: try order.nonEmpty("dataset_digest"))
            }
            return try LoggedModelFilter.order(
                fieldName: try order.requiredText("field_name"), ascending: try order.flag("ascending") ?? true, dataset: dataset)
        }
        let datasets = try objects("datasets").map {
            DatasetReference(name: try $0.requiredText("dataset_name"), digest: try $0.nonEmpty("dataset_digest"))
        }
        return LoggedModelSearch(
            experimentIDs: try texts("experiment_ids"), filter: try LoggedModelFilter.parse(try text("filter")), datasets: datasets,
            orders: orders, offset: try PageToken.decode(try text("page_token"), search: try loggedModelSearchIdentity()),
            limit: try limit(default: 100))
    }
}

extension HTTPResponse {
    fileprivate static func loggedModel(_ model: LoggedModel) -> HTTPResponse {
        .object { writer in
            writer.key("model")
            writer.write(model)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ model: LoggedModel) {
        beginObject()
        key("info")
        beginObject()
        member("model_id", model.id)
        member("experiment_id", model.experimentID)
        member("name", model.name)
        member("creation_timestamp_ms", model.createdAt.milliseconds)
        member("last_updated_timestamp_ms", model.updatedAt.milliseconds)
        member("artifact_uri", model.artifactURI)
        member("status", model.status.rawValue)
        member("model_type", model.modelType)
        member("source_run_id", model.sourceRunID)
        list("tags", model.tags) { $0.pair($1.key, $1.value) }
        endObject()
        key("data")
        beginObject()
        list("params", model.params) { $0.pair($1.key, $1.value) }
        list("metrics", model.metrics) { $0.write($1) }
        endObject()
        endObject()
    }
}
