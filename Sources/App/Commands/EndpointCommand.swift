import CommandLine
import JSON

/// `jidoka endpoint …`: endpoints and their traffic plans.
enum EndpointCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "endpoint", "endpoints and their traffic plans",
            subcommands: [
                Command("list", "list endpoints") { values, console in
                    console.show(try await context.api(values).get(["endpoints"]), values) { list($0.arrayValue ?? []) }
                    return .ok
                },
                Command(
                    "show", "show an endpoint with its traffic plan and loaded versions", positionals: [Positional("name", "the endpoint")]
                ) { values, console in
                    console.show(try await context.api(values).get(["endpoints", values.argument("name")]), values, as: described)
                    return .ok
                },
            ])
    }

    static func list(_ endpoints: [JSONValue]) -> String {
        tableText(
            [.left("endpoint"), .left("model"), .left("champion"), .left("ready"), .left("traffic")],
            endpoints.map { [$0.cell("name"), $0.cell("model"), $0.cell("champion"), $0.cell("ready"), traffic($0.at("plan"))] },
            empty: "there are no endpoints: declare one in jidoka.yaml")
    }

    /// `1: 90 %, 2: 10 %, shadow 3`; weights are percents.
    private static func traffic(_ plan: JSONValue?) -> String {
        guard let plan else { return JSONValue.absent }
        let arms = ([plan.at("champion")].compactMap { $0 } + plan.list("challengers")).map {
            "\($0.cell("version")): \($0.cell("weight")) %"
        }
        return (arms + plan.list("shadows").map { "shadow \($0.cell("version"))" }).joined(separator: ", ")
    }

    private static func described(_ endpoint: JSONValue) -> String {
        var facts = [
            ("endpoint", endpoint.cell("name")), ("model", endpoint.cell("model")), ("champion", endpoint.cell("champion")),
            ("ready", endpoint.cell("ready")), ("traffic", traffic(endpoint.at("plan"))),
        ]
        for (version, why) in endpoint["unavailable"]?.objectValue ?? [:] { facts.append(("unavailable", "\(version): \(why.cell)")) }
        for (name, count) in endpoint["counts"]?.objectValue ?? [:] where count.intValue != nil {
            facts.append((name.map { $0 == "_" ? " " : String($0) }.joined(), endpoint["counts"]?.count(name) ?? ""))
        }
        let versions = tableText(
            [.left("loaded version"), .left("since"), .left("inputs")],
            endpoint.list("versions").map {
                [$0.cell("version"), $0.clock("loaded_at"), $0.list("inputs").map(\.cell).joined(separator: ", ")]
            }, empty: "no version is loaded")
        return factsText(facts) + "\n" + versions
    }
}
