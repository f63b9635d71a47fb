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
            let standard = BatchPolicy()
            let batching = BatchPolicy(
                rowsMax: try fields.integer("batch_max").map { Int(clamping: $0) } ?? standard.rowsMax,
                delayMicroseconds: try fields.integer("delay_us").map { Int(clamping: $0) } ?? standard.delayMicroseconds)
            let name = try fields.text("name")
            try await serving.open(
                name, model: try fields.text("model"), version: try fields.optionalText("version"), batching: batching,
                actor: try fields.actor(), reason: try fields.optionalText("reason") ?? "made by hand")
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
