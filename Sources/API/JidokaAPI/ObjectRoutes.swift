import Errors
package import HTTP
package import JSON

/// The store of contents as an operator sees it.
package protocol ObjectKeeper: Sendable {
    func stats() async throws -> JSONObject
    /// Looks only, unless `apply`.
    func collect(apply: Bool, actor: String) async throws -> JSONObject
    func undo(actor: String) async throws -> JSONObject
    func emptyTrash(days: Int, actor: String) async throws -> JSONObject
}

/// Declares the routes of the object store under `/api/v1/artifacts`.
package func mountObjects(on router: inout Router, keeper: any ObjectKeeper) {
    var routes = JidokaRoutes(router: router)
    routes.add("GET", "/artifacts/stats", .read, "How many contents are kept, and how much room equal ones save.") { _ in
        .json(.object(try await keeper.stats()))
    }
    routes.add("POST", "/artifacts/collect", .operate, "Show the contents that nothing names; with `apply` move them to the trash.") {
        request in
        let fields = try await RequestFields(request, known: ["apply", "actor"])
        return .json(.object(try await keeper.collect(apply: try fields.flag("apply"), actor: try fields.actor())))
    }
    routes.add("POST", "/artifacts/undo", .operate, "Take everything out of the trash again.") { request in
        .json(.object(try await keeper.undo(actor: try await RequestFields(request, known: ["actor"]).actor())))
    }
    routes.add("POST", "/artifacts/empty-trash", .operate, "Destroy what came to the trash at least `days` (7) ago.") { request in
        let fields = try await RequestFields(request, known: ["days", "actor"])
        let text = try fields.optionalText("days") ?? "7"
        guard let days = Int(text), (0...36_500).contains(days) else {
            throw JidokaError.invalidArgument("`days` must be a number between 0 and 36500, not `\(text)`")
        }
        return .json(.object(try await keeper.emptyTrash(days: days, actor: try fields.actor())))
    }
    router = routes.router
}
