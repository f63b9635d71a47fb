import JSON
package import Registry

extension ServerSource {
    /// Prompts too, which searches hide unless they are asked for.
    package func models() async throws -> [RegisteredModel] {
        let prompts = "tags.`mlflow.prompt.is_prompt` = 'true'"
        return (try await models(filter: "") + (try await models(filter: prompts))).sorted { $0.name < $1.name }
    }

    private func models(filter: String) async throws -> [RegisteredModel] {
        try await queried("registered-models/search", [("filter", filter), ("max_results", "1000")], "registered_models").map { item in
            var model = RegisteredModel(
                name: text(item, "name"), description: text(item, "description"), createdAt: time(item, "creation_timestamp"),
                updatedAt: time(item, "last_updated_timestamp"))
            model.tags = pairs(item, "tags").map { ModelTag(key: $0.key, value: $0.value) }
            model.aliases = (item["aliases"]?.arrayValue ?? []).compactMap { alias in
                Int(text(alias, "version")).map { ModelAlias(alias: text(alias, "alias"), version: $0) }
            }
            return model
        }
    }

    package func versions(of model: RegisteredModel) async throws -> [ModelVersion] {
        let filter = "name='\(model.name.replacing("'", with: "''"))'"
        return try await queried("model-versions/search", [("filter", filter), ("max_results", "10000")], "model_versions").map { item in
            ModelVersion(
                name: model.name, version: Int(text(item, "version")) ?? 0, description: text(item, "description"),
                stage: ModelStage(anyCase: text(item, "current_stage")) ?? .none,
                status: ModelVersionStatus(rawValue: text(item, "status")) ?? .ready, statusMessage: text(item, "status_message"),
                source: text(item, "source"), storageLocation: "", runID: text(item, "run_id"), runLink: text(item, "run_link"),
                modelID: text(item, "model_id"), userID: text(item, "user_id"), createdAt: time(item, "creation_timestamp"),
                updatedAt: time(item, "last_updated_timestamp"), tags: pairs(item, "tags").map { ModelTag(key: $0.key, value: $0.value) })
        }.sorted { $0.version < $1.version }
    }

    private func queried(_ path: String, _ query: [(String, String)], _ list: String) async throws -> [JSONValue] {
        var items: [JSONValue] = []
        var token = ""
        repeat {
            var query = query.filter { !$0.1.isEmpty }
            if !token.isEmpty { query.append(("page_token", token)) }
            let page = try await server.mlflow(
                "GET", "\(path)?" + query.map { "\($0.0)=\(TargetServer.encoded($0.1))" }.joined(separator: "&"))
            items += page[list]?.arrayValue ?? []
            token = page["next_page_token"]?.stringValue ?? ""
        } while !token.isEmpty
        return items
    }
}
