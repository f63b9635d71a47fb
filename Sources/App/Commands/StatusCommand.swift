import CommandLine
import JSON

/// `jidoka status`: what the server is and how it is doing.
enum StatusCommand {
    static func command(_ context: CommandContext) -> Command {
        Command("status", "say what the server is and how it is doing") { values, console in
            let api = context.api(values)
            let status = try await api.get(["status"])
            console.show(status, values) { text($0, server: api.server) }
            return .ok
        }
    }

    /// Facts that are single values, in the order of the server; then the endpoints.
    private static func text(_ status: JSONValue, server: String) -> String {
        var facts = [("server", server)]
        for (name, value) in status.objectValue ?? [:] where value.arrayValue == nil && value.objectValue == nil {
            if name == "uptime_seconds", let seconds = value.doubleValue {
                facts.append(("up for", HumanText.duration(.milliseconds(Int64(seconds * 1_000)))))
            } else {
                facts.append((name.map { $0 == "_" ? " " : String($0) }.joined(), value.cell))
            }
        }
        return factsText(facts) + endpoints(status)
    }

    private static func endpoints(_ status: JSONValue) -> String {
        let endpoints = status.list("endpoints")
        if endpoints.isEmpty { return "" }
        if endpoints.allSatisfy({ $0.stringValue != nil }) {
            return factsText([("endpoints", endpoints.map(\.cell).joined(separator: ", "))])
        }
        return "\n" + EndpointCommand.list(endpoints)
    }
}
