import Errors
import HTTP
import JSON
import Serving

/// Endpoints: what is served, by which version.
extension JidokaRoutes {
    mutating func mountEndpoints(_ services: JidokaServices) {
        let serving = services.serving
        add("GET", "/endpoints", .read, "List endpoints.") { _ in .json(.array(serving.descriptions.map { .object($0.json) })) }
        add("GET", "/endpoints/{name}", .read, "One endpoint with its traffic plan and counts.") { request in
            .json(.object(try serving.description(of: try request.parameter("name")).json))
        }
        add("POST", "/endpoints", .operate, "Make an endpoint of a registered model.") { request in
            let fields = try await RequestFields(
                request, known: ["name", "model", "version", "batch_max", "delay_us", "reason", "actor"])
            let name = try EndpointName.checked(try fields.text("name"))
            let model = try fields.text("model")
            let reason = try fields.optionalText("reason") ?? "made by hand"
            let actor = try fields.actor()
            // The model must be there; its champion answers, when no version is named.
            let champion = try await serving.aliasedVersion(model, alias: "champion")
            let standard = BatchPolicy()
            let batching = BatchPolicy(
                rowsMax: try fields.integer("batch_max").map { Int(clamping: $0) } ?? standard.rowsMax,
                delayMicroseconds: try fields.integer("delay_us").map { Int(clamping: $0) } ?? standard.delayMicroseconds)
            try await serving.create(name, model: model, batching: batching, actor: actor, reason: reason)
            if let version = try fields.optionalText("version") ?? champion {
                do { try await serving.promote(version, of: name, actor: actor, reason: reason) } catch {
                    // Half an endpoint is none.
                    try await serving.delete(name, actor: actor, reason: "its first version could not be served")
                    throw error
                }
            }
            return .json(.object(try serving.description(of: name).json), status: 201)
        }
        add("POST", "/endpoints/{name}/delete", .operate, "Stop serving an endpoint, and forget it. Its predictions stay.") { request in
            let fields = try await RequestFields(request, known: ["actor", "reason"])
            let name = try request.parameter("name")
            try await serving.delete(name, actor: try fields.actor(), reason: try fields.text("reason"))
            return .json(["deleted": .string(name)])
        }
    }
}

/// What an endpoint may be called: its name stands in paths and labels of metrics.
enum EndpointName {
    static func checked(_ name: String) throws -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || [45, 46, 95].contains(byte)
        }
        guard isPlain, (1...100).contains(name.utf8.count), !name.hasPrefix("."), name != "stats" else {
            throw JidokaError.invalidArgument(
                "`\(name)` is no name of an endpoint",
                hint: "1 to 100 letters, digits, `-`, `_` and `.`, not beginning with a dot; not `stats`")
        }
        return name
    }
}
