import Clockwork
import Errors
import HTTP
import JSON

/// The past of aliases and stages, and moves of them with a reason.
extension JidokaRoutes {
    mutating func mountModelHistory(_ services: JidokaServices) {
        let models = services.models
        add("GET", "/models/{name}/history", .read, "Who moved which alias and stage, when and why, newest first.") { request in
            let moves = try await models.history(
                try request.parameter("name"), alias: request.query("alias"), stage: request.query("stage"),
                limit: try request.limit(default: 100))
            return .json(.array(moves.map(JSONValue.object)))
        }
        add("GET", "/models/resolve", .read, "The version that `uri` (models:/NAME@ALIAS, …/STAGE) named, now or `at` a time.") { request in
            guard let uri = request.query("uri") else {
                throw JidokaError.invalidArgument("`uri` is missing", hint: "ask with ?uri=models:/NAME@ALIAS")
            }
            return .json(.object(try await models.resolve(uri, at: try request.time("at"))))
        }
        add("POST", "/models/{name}/alias", .approve, "Point an alias to a version; without a version, remove it.") { request in
            let fields = try await RequestFields(request, known: ["alias", "version", "actor", "reason"])
            try await models.setAlias(
                try request.parameter("name"), alias: try fields.text("alias"), version: try fields.optionalText("version"),
                actor: try fields.actor(), reason: try fields.text("reason"))
            return .json(.object([:]))
        }
        add("POST", "/models/{name}/versions/{version}/stage", .approve, "Move a version to a stage.") { request in
            let fields = try await RequestFields(request, known: ["stage", "archive_existing", "actor", "reason"])
            let moved = try await models.setStage(
                try request.parameter("name"), try request.parameter("version"), stage: try fields.text("stage"),
                archiveExisting: try fields.flag("archive_existing"), actor: try fields.actor(), reason: try fields.text("reason"))
            return .json(.object(moved))
        }
    }
}

extension HTTPRequest {
    /// A moment in the query; nil when it is not given.
    func time(_ name: String) throws -> Timestamp? {
        guard let text = query(name) else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw JidokaError.invalidArgument("`\(name)` is no time: `\(text)`", hint: "write it as 2026-03-01T12:00Z")
        }
        return time
    }
}
