package import Clockwork
import Errors
import Events
import JSON
package import Telemetry

/// The rules of the model registry: names, versions, stages, aliases, and that a version is ready only after it was verified.
package struct RegistryService: Sendable {
    let models: any ModelStore
    let versions: any ModelVersionStore
    let origins: any ModelOrigins
    let verifier: any ModelVerifier
    let time: any TimeSource
    let logger: Logger
    /// Verifications of one lane run one after the other.
    let turns = Turns()

    package static let modelsPerSearch = 1_000
    package static let versionsPerSearch = 200_000
    static let tagKeyMax = 250
    static let tagValueMax = 100_000
    static let nameMax = 256

    package init(
        models: any ModelStore, versions: any ModelVersionStore, origins: any ModelOrigins, verifier: any ModelVerifier,
        time: any TimeSource,
        logger: Logger
    ) {
        self.models = models
        self.versions = versions
        self.origins = origins
        self.verifier = verifier
        self.time = time
        self.logger = logger
    }

    package func createModel(name: String, description: String = "", tags: [ModelTag] = [], actor: String) async throws -> RegisteredModel {
        try checkName(name)
        for tag in tags { try checkTag(tag) }
        let now = time.now()
        let model = RegisteredModel(name: name, description: description, createdAt: now, updatedAt: now, tags: distinct(tags))
        try await models.create(model, events: [modelEvent("registered_model.created", name, actor, told(model.tags, description))])
        return model
    }

    package func model(name: String) async throws -> RegisteredModel {
        guard let model = try await models.model(name: name) else { throw RegistryErrors.noModel(name) }
        return model
    }

    package func searchModels(_ search: ModelSearch) async throws -> ModelPage<RegisteredModel> {
        try checkLimit(search.limit, atMost: RegistryService.modelsPerSearch)
        return try await models.search(search)
    }

    package func describeModel(name: String, _ description: String) async throws -> RegisteredModel {
        try await models.describe(name: name, description, at: time.now())
        return try await model(name: name)
    }

    package func renameModel(name: String, to newName: String, actor: String, reason: String = "") async throws -> RegisteredModel {
        try checkName(newName)
        let renamed = modelEvent(
            "registered_model.renamed", newName, actor, reason: reason, ["from": .string(name), "to": .string(newName)])
        try await models.rename(name: name, to: newName, at: time.now(), events: [renamed])
        return try await model(name: newName)
    }

    package func deleteModel(name: String, actor: String, reason: String = "") async throws {
        try await models.delete(name: name, events: [modelEvent("registered_model.deleted", name, actor, reason: reason)])
    }

    package func setModelTag(name: String, _ tag: ModelTag, actor: String) async throws {
        try checkTag(tag)
        var payload = try await about(name)
        payload["key"] = .string(tag.key)
        payload["value"] = .string(tag.value)
        try await models.setTag(tag, name: name, events: [modelEvent("registered_model.tag_set", name, actor, payload)])
    }

    package func deleteModelTag(name: String, key: String, actor: String) async throws {
        var payload = try await about(name)
        payload["key"] = .string(key)
        let deleted = modelEvent("registered_model.tag_deleted", name, actor, payload)
        try await models.deleteTag(key: key, name: name, events: [deleted])
    }

    /// Whether the model is a prompt, for events of it: later it may not be there any more.
    func about(_ name: String) async throws -> JSONObject { ["prompt": .bool(RegistryService.isPrompt(try await model(name: name)))] }

    package static func isPrompt(_ model: RegisteredModel) -> Bool {
        model.tags.contains { $0.key == RegisteredModel.promptTag && $0.value.lowercased() == "true" }
    }

    /// What the event of something new tells of it.
    func told(_ tags: [ModelTag], _ description: String) -> JSONObject {
        ["tags": .object(JSONObject(tags.map { ($0.key, .string($0.value)) })), "description": .string(description)]
    }

    /// The highest version of each stage asked for; of all stages when none is.
    package func latestVersions(name: String, stages: [String] = []) async throws -> [ModelVersion] {
        let wanted = try stages.isEmpty ? ModelStage.allCases : stages.map(stage)
        let latest = try await model(name: name).latestVersions
        var found: [ModelVersion] = []
        for version in latest where wanted.contains(version.stage) {
            if let filled = try await versions.version(name: name, version.version) { found.append(filled) }
        }
        return found
    }

    func stage(_ text: String) throws -> ModelStage {
        guard let stage = ModelStage(anyCase: text) else {
            throw JidokaError.invalidArgument(
                "Invalid Model Version stage: \(text). Value must be one of None, Staging, Production, Archived.")
        }
        return stage
    }

    func checkLimit(_ limit: Int, atMost most: Int) throws {
        guard limit > 0 else {
            throw JidokaError.invalidArgument("Invalid value \(limit) for parameter 'max_results' supplied. It must be a positive integer")
        }
        guard limit <= most else {
            throw JidokaError.invalidArgument(
                "Invalid value for request parameter max_results. It must be at most \(most), but got value \(limit)")
        }
    }

    func checkName(_ name: String) throws {
        guard name.contains(where: { !$0.isWhitespace }) else {
            throw JidokaError.invalidArgument("Missing value for required parameter 'name'.")
        }
        guard !name.contains("/"), !name.contains(":") else {
            throw JidokaError.invalidArgument("Invalid model name '\(name)'. Names cannot contain '/' or ':'.")
        }
        guard name != ".", name != "..", name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw JidokaError.invalidArgument(
                """
                Invalid value \(JSONValue.string(name).text) for parameter 'name' supplied: Names may be \
                treated as files in certain cases,
                """
                    + " and must not resolve to other names when treated as such. This name would resolve to '\(name)'")
        }
        guard name.unicodeScalars.count <= RegistryService.nameMax else {
            throw JidokaError.invalidArgument("'name' exceeds the maximum length of \(RegistryService.nameMax) characters")
        }
    }

    func checkTag(_ tag: ModelTag) throws {
        guard !tag.key.isEmpty else { throw JidokaError.invalidArgument("Missing value for required parameter 'key'.") }
        guard tag.key.unicodeScalars.allSatisfy(isNamePart) else {
            throw JidokaError.invalidArgument(
                "Invalid value \(JSONValue.string(tag.key).text) for parameter 'key' supplied: Names may only contain alphanumerics, "
                    + "underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).")
        }
        guard tag.key.unicodeScalars.count <= RegistryService.tagKeyMax else {
            throw JidokaError.invalidArgument("'key' exceeds the maximum length of \(RegistryService.tagKeyMax) characters")
        }
        guard tag.value.utf8.count <= RegistryService.tagValueMax || tag.value.unicodeScalars.count <= RegistryService.tagValueMax else {
            throw JidokaError.invalidArgument("'value' exceeds the maximum length of \(RegistryService.tagValueMax) characters")
        }
    }

    /// Letters and digits of any script, and `_-. :/`.
    private func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "_", "-", ".", " ", ":", "/": true
        default: scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        }
    }

    /// The last value of each key wins.
    func distinct(_ tags: [ModelTag]) -> [ModelTag] {
        var values: [String: String] = [:]
        for tag in tags { values[tag.key] = tag.value }
        return values.sorted { $0.key < $1.key }.map { ModelTag(key: $0.key, value: $0.value) }
    }

    func modelEvent(
        _ kind: String, _ name: String, _ actor: String, reason: String = "", _ payload: JSONObject = [:]
    ) -> EventDraft {
        EventDraft(
            kind: kind, subject: EventSubject("registered_model", name), actor: actor, reason: reason, payload: payload, time: time.now())
    }

    func versionEvent(
        _ kind: String, _ name: String, _ version: Int, _ actor: String, reason: String = "", _ payload: JSONObject = [:]
    ) -> EventDraft {
        EventDraft(
            kind: kind, subject: EventSubject("model_version", "\(name)/\(version)"), actor: actor, reason: reason, payload: payload,
            time: time.now())
    }
}
