import HTTP
import JSON

/// The server's state and the line file.
extension JidokaRoutes {
    mutating func mountLine(_ services: JidokaServices) {
        let line = services.line
        add("GET", "/status", .read, "What this server is and how it is doing.") { _ in .json(.object(try await line.status())) }
        add("GET", "/line", .read, "The line in force.") { _ in .json(await line.line()) }
        add("POST", "/line/reload", .operate, "Read jidoka.yaml again.") { request in
            let fields = try await RequestFields(request, known: ["actor"])
            return .json(try await line.reload(actor: try fields.actor()))
        }
    }
}
