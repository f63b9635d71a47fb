import Clockwork
import Errors
package import HTTP
import JSON
package import Registry
package import Tracking

/// Declares the routes by which import and sync bring in what was made elsewhere, under its own ids. Each may be repeated without effect;
/// what belongs to a run or model follows through the MLflow routes.
package func mountAdoption(on router: inout Router, tracking: TrackingService, registry: RegistryService) {
    var routes = JidokaRoutes(router: router)
    routes.mountAdoption(tracking)
    routes.mountAdoption(registry)
    router = routes.router
}

extension JidokaRoutes {
    fileprivate mutating func mountAdoption(_ tracking: TrackingService) {
        add("POST", "/adopt/experiment", .write, "Take in an experiment that was made elsewhere; the same name is the same.") { request in
            let foreign = try await ForeignFields(request)
            let time = try foreign.time("created_at")
            let experiment = Experiment(
                id: try foreign.optionalText("id") ?? "", name: try foreign.text("name"), artifactLocation: "", createdAt: time,
                updatedAt: time, tags: try foreign.pairs("tags").map { Tag(key: $0, value: $1) })
            let found = try await tracking.adoptExperiment(
                experiment, source: try foreign.text("from"), actor: try foreign.fields.actor())
            return .json([
                "id": JSONValue(found.thing?.id), "lifecycle": JSONValue(found.thing?.lifecycle.rawValue), "is_new": .bool(found.isNew),
            ])
        }
        add("POST", "/adopt/run", .write, "Take in a run under its own id; it is running until its end is told.") { request in
            let foreign = try await ForeignFields(request)
            let info = RunInfo(
                id: try foreign.text("id"), experimentID: try foreign.text("experiment_id"), name: try foreign.optionalText("name") ?? "",
                userID: try foreign.optionalText("user_id") ?? "", status: .running, startTime: try foreign.number("start_time"),
                artifactURI: "")
            let found = try await tracking.adoptRun(
                info, tags: try foreign.pairs("tags").map { Tag(key: $0, value: $1) }, source: try foreign.text("from"),
                actor: try foreign.fields.actor())
            return .json([
                "id": .string(info.id), "lifecycle": JSONValue(found.thing?.lifecycle.rawValue),
                "artifact_uri": JSONValue(found.thing?.artifactURI), "is_new": .bool(found.isNew),
            ])
        }
        add("POST", "/adopt/logged-model", .write, "Take in a logged model under its own id; it is pending until told otherwise.") {
            request in
            let foreign = try await ForeignFields(request)
            let model = LoggedModel(
                id: try foreign.text("id"), experimentID: try foreign.text("experiment_id"), name: try foreign.text("name"),
                artifactURI: "", modelType: try foreign.optionalText("model_type") ?? "",
                sourceRunID: try foreign.optionalText("source_run_id") ?? "", createdAt: try foreign.time("created_at"),
                updatedAt: try foreign.time("updated_at"), params: try foreign.pairs("params").map { Param(key: $0, value: $1) },
                tags: try foreign.pairs("tags").map { Tag(key: $0, value: $1) })
            let found = try await tracking.adoptLoggedModel(
                model, source: try foreign.text("from"), actor: try foreign.fields.actor())
            return .json([
                "id": .string(model.id), "is_here": .bool(found.thing != nil), "artifact_uri": JSONValue(found.thing?.artifactURI),
                "is_new": .bool(found.isNew),
            ])
        }
    }

    fileprivate mutating func mountAdoption(_ registry: RegistryService) {
        add("POST", "/adopt/model", .write, "Take in a registered model that was made elsewhere; the same name is the same.") { request in
            let foreign = try await ForeignFields(request)
            let model = RegisteredModel(
                name: try foreign.text("name"), description: try foreign.optionalText("description") ?? "",
                createdAt: try foreign.time("created_at"), updatedAt: try foreign.time("updated_at"),
                tags: try foreign.pairs("tags").map { ModelTag(key: $0, value: $1) })
            let isNew = try await registry.adoptModel(model, source: try foreign.text("from"), actor: try foreign.fields.actor())
            return .json(["name": .string(model.name), "is_new": .bool(isNew)])
        }
        add("POST", "/adopt/model-version", .write, "Take in a version under its own number when that is free; verify it next.") {
            request in
            let foreign = try await ForeignFields(request)
            let asked = VersionRequest(
                name: try foreign.text("name"), source: try foreign.text("source"), runID: try foreign.optionalText("run_id") ?? "",
                runLink: try foreign.optionalText("run_link") ?? "", modelID: try foreign.optionalText("model_id") ?? "",
                description: try foreign.optionalText("description") ?? "",
                tags: try foreign.pairs("tags").map { ModelTag(key: $0, value: $1) })
            let kept = KeptVersion(
                number: Int(clamping: try foreign.number("version")),
                stage: ModelStage(anyCase: try foreign.optionalText("stage") ?? "None") ?? .none)
            let found = try await registry.adoptVersion(
                asked, kept: kept, userID: try foreign.optionalText("user_id") ?? "", createdAt: try foreign.time("created_at"),
                source: try foreign.text("from"), actor: try foreign.fields.actor())
            return .json([
                "version": JSONValue(found.version?.version), "status": JSONValue(found.version?.status.rawValue),
                "is_new": .bool(found.isNew),
            ])
        }
    }
}

/// The fields of something that was made elsewhere; times are milliseconds since 1970, tags and params objects of texts.
private struct ForeignFields {
    let fields: RequestFields
    private static let known = [
        "id", "name", "experiment_id", "user_id", "start_time", "created_at", "updated_at", "tags", "params", "model_type", "source_run_id",
        "description", "version", "source", "run_id", "run_link", "model_id", "stage", "from", "actor",
    ]

    init(_ request: HTTPRequest) async throws { fields = try await RequestFields(request, known: ForeignFields.known) }

    func text(_ name: String) throws -> String { try fields.text(name) }
    func optionalText(_ name: String) throws -> String? { try fields.optionalText(name) }
    func number(_ name: String) throws -> Int64 { try fields.wholeNumber(name) }
    func time(_ name: String) throws -> Timestamp {
        // Beyond the year 9999 nothing can be shown.
        Timestamp(milliseconds: min(max(try number(name), 0), 253_402_300_799_999))
    }
    func pairs(_ name: String) throws -> [(String, String)] { try fields.texts(name).sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
}
