import Errors
import HTTP
import JSON
import Registry

extension RouteTable {
    mutating func addModelVersions() {
        let registry = services.registry
        add("POST", "model-versions/create", .write) { call in
            let request = VersionRequest(
                name: try call.fields.requiredText("name"), source: try call.fields.requiredText("source"),
                runID: try call.fields.text("run_id") ?? "", runLink: try call.fields.text("run_link") ?? "",
                modelID: try call.fields.text("model_id") ?? "", description: try call.fields.text("description") ?? "",
                tags: try call.fields.modelTags("tags"))
            return .modelVersion(try await registry.registerVersion(request, actor: call.actor))
        }
        add("GET", "model-versions/get", .read) { call in
            .modelVersion(try await registry.version(name: try call.fields.requiredText("name"), try call.fields.version()))
        }
        add("GET", "model-versions/get-download-uri", .read) { call in
            let uri = try await registry.downloadURI(name: try call.fields.requiredText("name"), version: try call.fields.version())
            return .object { $0.member("artifact_uri", uri) }
        }
        add("GET", "model-versions/search", .read) { call in
            let search = ModelVersionSearch(
                filter: try RegistryFilter.versions(try call.fields.text("filter")),
                orders: try RegistryFilter.versionOrders(try call.fields.texts("order_by")),
                offset: try PageToken.decode(try call.fields.text("page_token")), limit: try call.fields.limit(default: 10_000))
            let page = try await registry.searchVersions(search)
            return .object(capacity: 4_096) { writer in
                writer.list("model_versions", page.items) { $0.write($1) }
                writer.member("next_page_token", ifPresent: PageToken.encode(page.nextOffset))
            }
        }
        addModelVersionChanges()
    }

    private mutating func addModelVersionChanges() {
        let registry = services.registry
        add("PATCH", "model-versions/update", .write) { call in
            let (name, version) = (try call.fields.requiredText("name"), try call.fields.version())
            return .modelVersion(
                try await registry.describeVersion(name: name, version: version, try call.fields.text("description") ?? ""))
        }
        add("POST", "model-versions/transition-stage", .write) { call in
            let (name, version) = (try call.fields.requiredText("name"), try call.fields.version())
            let moved = try await registry.transition(
                name: name, version: version, to: try call.fields.requiredText("stage"),
                archiveExisting: try call.fields.flag("archive_existing_versions") ?? false, actor: call.actor,
                reason: call.reason)
            return .modelVersion(moved)
        }
        add("DELETE", "model-versions/delete", .write) { call in
            let (name, version) = (try call.fields.requiredText("name"), try call.fields.version())
            try await registry.deleteVersion(name: name, version: version, actor: call.actor, reason: call.reason)
            return .empty
        }
        add("POST", "model-versions/set-tag", .write) { call in
            let (name, version) = (try call.fields.requiredText("name"), try call.fields.version())
            let tag = ModelTag(key: try call.fields.requiredText("key"), value: try call.fields.text("value") ?? "")
            try await registry.setVersionTag(name: name, version: version, tag, actor: call.actor)
            return .empty
        }
        add("DELETE", "model-versions/delete-tag", .write) { call in
            let (name, version) = (try call.fields.requiredText("name"), try call.fields.version())
            try await registry.deleteVersionTag(name: name, version: version, key: try call.fields.requiredText("key"), actor: call.actor)
            return .empty
        }
    }
}

extension RequestFields {
    /// A version number; on the wire it is a string.
    func version() throws -> Int {
        let text = try requiredText("version")
        guard let version = Int(text) else { throw JidokaError.invalidArgument("Parameter 'version' must be an integer, got '\(text)'.") }
        return version
    }

    func modelTags(_ name: String) throws -> [ModelTag] {
        try objects(name).map { ModelTag(key: try $0.requiredText("key"), value: try $0.text("value") ?? "") }
    }
}
