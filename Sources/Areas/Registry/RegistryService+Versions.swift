import Clockwork
import Errors
import Events
import JSON

/// What a client says when it registers a version.
package struct VersionRequest: Sendable {
    package var name: String
    package var source: String
    package var runID: String
    package var runLink: String
    package var modelID: String
    package var description: String
    package var tags: [ModelTag]

    package init(
        name: String, source: String, runID: String = "", runLink: String = "", modelID: String = "", description: String = "",
        tags: [ModelTag] = []
    ) {
        self.name = name
        self.source = source
        self.runID = runID
        self.runLink = runLink
        self.modelID = modelID
        self.description = description
        self.tags = tags
    }

    var isPrompt: Bool { tags.last { $0.key == RegisteredModel.promptTag }?.value.lowercased() == "true" }
}

extension RegistryService {
    /// Registers and verifies: the version that comes back is ready, or failed with the reason in `statusMessage`, or still pending when
    /// its verification takes longer than a moment. When verification itself could not run, for example without ONNX Runtime, it is failed
    /// too, and `verify` may be tried again.
    package func registerVersion(_ request: VersionRequest, actor: String) async throws -> ModelVersion {
        try checkName(request.name)
        for tag in request.tags { try checkTag(tag) }
        guard try await models.model(name: request.name) != nil else { throw RegistryErrors.noModel(request.name) }
        let origin = try await follow(request)
        let draft = ModelVersionDraft(
            name: request.name, description: request.description, source: request.source, storageLocation: origin.location,
            runID: origin.runID, runLink: request.runLink, modelID: origin.modelID, userID: actor, tags: distinct(request.tags),
            status: request.isPrompt ? .ready : .pending, time: time.now())
        let service = self
        let made = try await versions.create(draft) { made in
            service.versionEvent(
                "model_version.registered", made.name, made.version, actor, service.told(made))
        }
        return request.isPrompt ? made : try await verifyPatiently(made, actor: actor)
    }

    package func version(name: String, _ version: Int) async throws -> ModelVersion {
        guard let found = try await versions.version(name: name, version) else { throw RegistryErrors.noVersion(name, version) }
        return found
    }

    package func searchVersions(_ search: ModelVersionSearch) async throws -> ModelPage<ModelVersion> {
        try checkLimit(search.limit, atMost: RegistryService.versionsPerSearch)
        return try await versions.search(search)
    }

    package func describeVersion(name: String, version: Int, _ description: String) async throws -> ModelVersion {
        try await versions.update(name: name, version: version, ModelVersionChange(description: description), at: time.now(), events: [])
    }

    /// Where the client downloads the files from.
    package func downloadURI(name: String, version: Int) async throws -> String {
        try await self.version(name: name, version).storageLocation
    }

    package func deleteVersion(name: String, version: Int, actor: String, reason: String = "") async throws {
        try await versions.delete(
            name: name, version: version, at: time.now(),
            events: [versionEvent("model_version.deleted", name, version, actor, reason: reason)])
    }

    private func told(_ version: ModelVersion) -> JSONObject {
        var payload = told(version.tags, version.description)
        payload["source"] = .string(version.source)
        payload["run_id"] = .string(version.runID)
        return payload
    }

    package func setVersionTag(name: String, version: Int, _ tag: ModelTag, actor: String) async throws {
        try checkTag(tag)
        var payload = try await about(name)
        payload["key"] = .string(tag.key)
        payload["value"] = .string(tag.value)
        try await versions.setTag(
            tag, name: name, version: version, events: [versionEvent("model_version.tag_set", name, version, actor, payload)])
    }

    package func deleteVersionTag(name: String, version: Int, key: String, actor: String) async throws {
        var payload = try await about(name)
        payload["key"] = .string(key)
        try await versions.deleteTag(
            key: key, name: name, version: version, events: [versionEvent("model_version.tag_deleted", name, version, actor, payload)])
    }

    package func transition(
        name: String, version: Int, to stage: String, archiveExisting: Bool, actor: String, reason: String = ""
    ) async throws -> ModelVersion {
        let target = try self.stage(stage)
        guard !archiveExisting || target.isActive else {
            throw JidokaError.invalidArgument(
                "Model version transition cannot archive existing model versions because '\(stage)' is not an Active stage. "
                    + "Valid stages are ['Staging', 'Production']")
        }
        let payload: JSONObject = ["stage": .string(target.rawValue), "archived_others": .bool(archiveExisting)]
        return try await versions.setStage(
            target, name: name, version: version, archiveOthers: archiveExisting, at: time.now(),
            events: [versionEvent("model_version.stage_changed", name, version, actor, reason: reason, payload)])
    }

    struct Origin {
        var location: String
        var runID: String
        var modelID: String
    }

    /// Finds the files and checks that the ids in the request really hold them.
    func follow(_ request: VersionRequest) async throws -> Origin {
        if request.isPrompt {
            guard ["dummy-source", "prompt-template"].contains(request.source) else {
                throw JidokaError.invalidArgument(
                    "Invalid prompt source: '\(request.source)'. Prompt sources must use an MLflow placeholder.")
            }
            if !request.modelID.isEmpty, try await origins.loggedModel(id: request.modelID) == nil {
                throw JidokaError.notFound("Logged model with ID '\(request.modelID)' not found.")
            }
            return Origin(location: request.source, runID: request.runID, modelID: "")
        }
        switch try SourceURI(request.source) {
        case .loggedModel(let id):
            guard id == request.modelID, let model = try await origins.loggedModel(id: id) else {
                throw RegistryErrors.invalidSource(request.source, "model_id")
            }
            return Origin(location: model.artifactRoot, runID: request.runID.isEmpty ? model.runID : request.runID, modelID: id)
        case .version(let name, let version):
            guard try await models.model(name: name) != nil else { throw RegistryErrors.noModel(name) }
            let copied = try await self.version(name: name, version)
            return Origin(location: copied.storageLocation, runID: copied.runID, modelID: copied.modelID)
        case .run(let id, let path):
            guard request.modelID.isEmpty else { throw RegistryErrors.invalidSource(request.source, "model_id") }
            guard id == request.runID, let root = try await origins.artifactRoot(ofRun: id) else {
                throw RegistryErrors.invalidSource(request.source, "run_id")
            }
            return Origin(location: "\(root)/\(path)", runID: id, modelID: "")
        case .artifacts(let segments):
            return try await follow(segments, request)
        case .remote:
            // Not fetched from, so never ready; MLflow's clients register such addresses and download from them themselves.
            return Origin(location: request.source, runID: request.runID, modelID: request.modelID)
        }
    }

    private func follow(_ segments: [String], _ request: VersionRequest) async throws -> Origin {
        if !request.modelID.isEmpty {
            guard let model = try await origins.loggedModel(id: request.modelID), isInside(segments, model.artifactRoot) else {
                throw RegistryErrors.invalidSource(request.source, "model_id")
            }
            let runID = request.runID.isEmpty ? model.runID : request.runID
            return Origin(location: request.source, runID: runID, modelID: request.modelID)
        }
        guard !request.runID.isEmpty, let root = try await origins.artifactRoot(ofRun: request.runID), isInside(segments, root) else {
            throw RegistryErrors.invalidSource(request.source, "run_id")
        }
        return Origin(location: request.source, runID: request.runID, modelID: "")
    }

    private func isInside(_ segments: [String], _ root: String) -> Bool {
        let rootSegments = SourceURI.segments(ofArtifacts: root)
        return !rootSegments.isEmpty && segments.starts(with: rootSegments)
    }
}
