import HTTP
import JSON

/// Registered versions: verification, gate, promotion.
extension JidokaRoutes {
    mutating func mountModels(_ services: JidokaServices) {
        let models = services.models
        add("GET", "/models/{name}/versions", .read, "List the versions of a model, newest first.") { request in
            .json(.array(try await models.versions(try request.parameter("name")).map(JSONValue.object)))
        }
        add("POST", "/models/{name}/versions", .write, "Register the newest logged model of a run.") { request in
            let fields = try await RequestFields(request, known: ["run_id", "actor", "reason"])
            let version = try await models.register(
                try request.parameter("name"), run: try fields.text("run_id"), actor: try fields.actor(),
                reason: try fields.optionalText("reason") ?? "registered by hand")
            return .json(.object(version), status: 201)
        }
        add("GET", "/models/{name}/versions/{version}", .read, "One version with its verification and gate report.") { request in
            .json(.object(try await models.version(try request.parameter("name"), try request.parameter("version"))))
        }
        add("POST", "/models/{name}/versions/{version}/verify", .write, "Check bytes and digest, load it and predict once.") { request in
            let fields = try await RequestFields(request, known: ["actor"])
            return .json(
                .object(try await models.verify(try request.parameter("name"), try request.parameter("version"), actor: try fields.actor()))
            )
        }
        add("POST", "/models/{name}/versions/{version}/gate", .write, "Judge the version by the declared gate.") { request in
            let fields = try await RequestFields(request, known: ["actor"])
            return .json(
                .object(try await models.judge(try request.parameter("name"), try request.parameter("version"), actor: try fields.actor())))
        }
        add("POST", "/models/{name}/versions/{version}/promote", .approve, "Make the version champion at once.") { request in
            let fields = try await RequestFields(request, known: ["actor", "reason", "override"])
            return .json(
                .object(
                    try await models.promote(
                        try request.parameter("name"), try request.parameter("version"), actor: try fields.actor(),
                        reason: try fields.text("reason"),
                        override: try fields.flag("override"))))
        }
    }
}
