import HTTP
import JSON
import Registry

extension RouteTable {
    mutating func addRegisteredModels() {
        let registry = services.registry
        add("POST", "registered-models/create", .write) { call in
            let model = try await registry.createModel(
                name: try call.fields.requiredText("name"), description: try call.fields.text("description") ?? "",
                tags: try call.fields.modelTags("tags"), actor: call.actor)
            return .registeredModel(model)
        }
        add("GET", "registered-models/get", .read) { call in
            .registeredModel(try await registry.model(name: try call.fields.requiredText("name")))
        }
        add("GET", "registered-models/search", .read) { call in
            let search = ModelSearch(
                filter: try RegistryFilter.models(try call.fields.text("filter")),
                orders: try RegistryFilter.modelOrders(try call.fields.texts("order_by")),
                offset: try PageToken.decode(try call.fields.text("page_token")), limit: try call.fields.limit(default: 100))
            let page = try await registry.searchModels(search)
            return .object(capacity: 4_096) { writer in
                writer.list("registered_models", page.items) { $0.write($1) }
                writer.member("next_page_token", ifPresent: PageToken.encode(page.nextOffset))
            }
        }
        for method in ["GET", "POST"] {
            add(method, "registered-models/get-latest-versions", .read) { call in
                let found = try await registry.latestVersions(
                    name: try call.fields.requiredText("name"), stages: try call.fields.texts("stages"))
                return .object { $0.list("model_versions", found) { $0.write($1) } }
            }
        }
        addRegisteredModelChanges()
    }

    private mutating func addRegisteredModelChanges() {
        let registry = services.registry
        add("PATCH", "registered-models/update", .write) { call in
            let (name, text) = (try call.fields.requiredText("name"), try call.fields.text("description") ?? "")
            return .registeredModel(try await registry.describeModel(name: name, text))
        }
        add("POST", "registered-models/rename", .write) { call in
            let (name, newName) = (try call.fields.requiredText("name"), try call.fields.requiredText("new_name"))
            return .registeredModel(try await registry.renameModel(name: name, to: newName, actor: call.actor, reason: call.reason))
        }
        add("DELETE", "registered-models/delete", .write) { call in
            try await registry.deleteModel(name: try call.fields.requiredText("name"), actor: call.actor, reason: call.reason)
            return .empty
        }
        add("POST", "registered-models/set-tag", .write) { call in
            let name = try call.fields.requiredText("name")
            let tag = ModelTag(key: try call.fields.requiredText("key"), value: try call.fields.text("value") ?? "")
            try await registry.setModelTag(name: name, tag, actor: call.actor)
            return .empty
        }
        add("DELETE", "registered-models/delete-tag", .write) { call in
            let (name, key) = (try call.fields.requiredText("name"), try call.fields.requiredText("key"))
            try await registry.deleteModelTag(name: name, key: key, actor: call.actor)
            return .empty
        }
    }

    mutating func addAliases() {
        let registry = services.registry
        add("POST", "registered-models/alias", .write) { call in
            let (name, alias) = (try call.fields.requiredText("name"), try call.fields.requiredText("alias"))
            try await registry.setAlias(alias, name: name, version: try call.fields.version(), actor: call.actor, reason: call.reason)
            return .empty
        }
        add("GET", "registered-models/alias", .read) { call in
            let (name, alias) = (try call.fields.requiredText("name"), try call.fields.requiredText("alias"))
            return .modelVersion(try await registry.version(name: name, alias: alias))
        }
        add("DELETE", "registered-models/alias", .write) { call in
            let (name, alias) = (try call.fields.requiredText("name"), try call.fields.requiredText("alias"))
            try await registry.deleteAlias(alias, name: name, actor: call.actor, reason: call.reason)
            return .empty
        }
    }
}

extension HTTPResponse {
    fileprivate static func registeredModel(_ model: RegisteredModel) -> HTTPResponse {
        .object { writer in
            writer.key("registered_model")
            writer.write(model)
        }
    }
}
