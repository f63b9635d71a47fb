package import Clockwork
import Errors
import Events
import JSON

/// Taking in models that were registered elsewhere. Every call may be repeated, and changes nothing then.
extension RegistryService {
    /// Models are the same when their names are; the one that is here already stays as it is. True when it is new.
    package func adoptModel(_ foreign: RegisteredModel, source: String, actor: String) async throws -> Bool {
        try checkName(foreign.name)
        for tag in foreign.tags { try checkTag(tag) }
        if try await models.model(name: foreign.name) != nil { return false }
        var model = foreign
        model.tags = distinct(foreign.tags)
        var imported = modelEvent("registered_model.imported", foreign.name, actor)
        imported.reason = "from \(source)"
        do { try await models.create(model, events: [imported]) } catch let error as JidokaError where error.code == .alreadyExists {
            return false
        }
        return true
    }

    /// A version whose source this server does not hold is taken in as failed, with the reason: its number is kept, and nothing can be
    /// served from it. Any other is pending until `verify` was called, which is the caller's next step.
    package func adoptVersion(
        _ request: VersionRequest, kept: KeptVersion, userID: String, createdAt: Timestamp, source: String, actor: String
    ) async throws -> AdoptedVersion {
        try checkName(request.name)
        for tag in request.tags { try checkTag(tag) }
        guard try await models.model(name: request.name) != nil else { throw RegistryErrors.noModel(request.name) }
        guard kept.number > 0 else { throw JidokaError.invalidArgument("versions count from 1, not from \(kept.number)") }
        var kept = kept
        var draft = ModelVersionDraft(
            name: request.name, description: request.description, source: request.source, storageLocation: "", runID: request.runID,
            runLink: request.runLink, modelID: request.modelID, userID: userID, tags: distinct(request.tags),
            status: request.isPrompt ? .ready : .pending, time: createdAt)
        do {
            let origin = try await follow(request)
            draft.storageLocation = origin.location
            draft.runID = origin.runID
            draft.modelID = origin.modelID
        } catch let error as JidokaError where [.invalidArgument, .notFound].contains(error.code) {
            draft.status = .failed
            kept.statusMessage = "its files did not come along: \(error.message)"
        }
        let (service, number) = (self, kept.number)
        return try await versions.adopt(draft, kept) { made in
            service.versionEvent(
                "model_version.imported", made.name, made.version, actor, reason: "from \(source)",
                ["source": .string(made.source), "run_id": .string(made.runID), "number_there": .int(Int64(number))])
        }
    }
}
