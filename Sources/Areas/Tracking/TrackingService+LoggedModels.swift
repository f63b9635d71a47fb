import Clockwork
import Errors
import JSON

extension TrackingService {
    package func createLoggedModel(
        experimentID: String, name: String? = nil, modelType: String = "", sourceRunID: String = "", params: [Param] = [], tags: [Tag] = [],
        actor: String
    ) async throws -> LoggedModel {
        if let name { try checkModelName(name) }
        let experiment = try await checkActive(experimentID)
        try checkParamCount(params)
        let id = "m-" + ids.next()
        let now = time.now()
        let model = LoggedModel(
            id: id, experimentID: experiment.id, name: name ?? RunNames.random(random),
            artifactURI: "\(experiment.artifactLocation)/models/\(id)/artifacts", modelType: modelType, sourceRunID: sourceRunID,
            createdAt: now,
            updatedAt: now, params: try params.enumerated().map { try checkParam($1, path: "params[\($0)]") },
            tags: try tags.enumerated().map { try checkTag($1, path: "tags[\($0)]") })
        let payload: JSONObject = ["experiment_id": .string(experiment.id), "name": .string(model.name), "run_id": .string(sourceRunID)]
        try await models.create(model, events: [event("logged_model.created", "logged_model", id, actor: actor, payload: payload)])
        return model
    }

    package func loggedModel(id: String) async throws -> LoggedModel {
        guard let model = try await models.model(id: id) else { throw TrackingErrors.noLoggedModel(id) }
        return model
    }

    /// Says that the upload is over: ready, or failed.
    package func finalizeLoggedModel(id: String, status: LoggedModelStatus, actor: String) async throws -> LoggedModel {
        let kind = status == .ready ? "logged_model.ready" : status == .failed ? "logged_model.failed" : "logged_model.pending"
        return try await models.setStatus(
            status, id: id, at: time.now(), events: [event(kind, "logged_model", id, actor: actor)])
    }

    package func setLoggedModelTags(id: String, _ tags: [Tag]) async throws {
        try await models.setTags(try tags.enumerated().map { try checkTag($1, path: "tags[\($0)]") }, id: id)
    }

    package func deleteLoggedModelTag(id: String, key: String) async throws {
        guard try await models.deleteTag(key: key, id: id) else {
            throw JidokaError.notFound("No tag with key '\(key)' found for model with ID '\(id)'.")
        }
    }

    package func addLoggedModelParams(id: String, _ params: [Param]) async throws {
        try checkParamCount(params)
        try await models.addParams(try params.enumerated().map { try checkParam($1, path: "params[\($0)]") }, id: id)
    }

    package func deleteLoggedModel(id: String, actor: String) async throws {
        try await models.delete(id: id, at: time.now(), events: [event("logged_model.deleted", "logged_model", id, actor: actor)])
    }

    package func searchLoggedModels(_ search: LoggedModelSearch) async throws -> Page<LoggedModel> {
        try checkLimit(search.limit, atMost: TrackingLimits.loggedModelsPerSearch)
        guard search.experimentIDs.count <= TrackingLimits.experimentsInSearch else {
            throw JidokaError.invalidArgument("a search looks at no more than \(TrackingLimits.experimentsInSearch) experiments")
        }
        return try await models.search(search)
    }

    private func checkModelName(_ name: String) throws {
        let bad: Set<Character> = ["/", ":", ".", "%", "\"", "'"]
        guard !name.isEmpty, !name.contains(where: bad.contains) else {
            throw JidokaError.invalidArgument(
                """
                Invalid model name ('\(name)') provided. Model name must be a non-empty string and cannot \
                contain the following characters:
                """
                    + " ('/', ':', '.', '%', '\"', \"'\")")
        }
        try TrackingLimits.check(name, "name", atMost: TrackingLimits.experimentNameMax)
    }

    private func checkParamCount(_ params: [Param]) throws {
        guard params.count <= TrackingLimits.paramsPerBatch else {
            throw JidokaError.invalidArgument(
                "A batch logging request can contain at most \(TrackingLimits.paramsPerBatch) params. Got \(params.count) params. "
                    + "Please split up params across multiple requests and try again.")
        }
    }
}
