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
                create(context), delete(context),
            ])
    }

    private static func create(_ context: CommandContext) -> Command {
        Command(
            "create", "serve a registered model under a name",
            details: "The model's champion answers, or the version that is named. Later promotions of the model reach the endpoint too.",
            flags: [
                Flag("model", value: "NAME", "the registered model; by default the endpoint's own name"),
                Flag("version", value: "N", "the version that answers; by default the champion"),
                .int("batch-max", in: 1...65_536, default: 64, "rows of a joined run at most"),
                .int("delay-us", in: 0...10_000_000, default: 0, "how long a request may wait for company, in microseconds"),
                Flag("reason", value: "TEXT", "why"),
            ], positionals: [Positional("name", "the endpoint")]
        ) { values, console in
            let name = values.argument("name")
            var fields: JSONObject = ["name": .string(name), "model": .string(values.optionalString("model") ?? name)]
            fields["version"] = values.optionalString("version").map(JSONValue.string)
            fields["batch_max"] = .int(Int64(values.int("batch-max")))
            fields["delay_us"] = .int(Int64(values.int("delay-us")))
            fields["reason"] = values.optionalString("reason").map(JSONValue.string)
            console.show(try await context.api(values).post(["endpoints"], fields), values, as: described)
            return .ok
        }
    }

    private static func delete(_ context: CommandContext) -> Command {
        Command(
            "delete", "stop serving an endpoint; shows it, unless --yes",
            details: "Its predictions and events stay. An endpoint that jidoka.yaml declares is made again at the next promotion.",
            flags: [.toggle("yes", "delete it"), Flag("reason", value: "TEXT", "why")], positionals: [Positional("name", "the endpoint")]
        ) { values, console in
            let api = context.api(values)
            guard values.isOn("yes") else {
                console.show(try await api.get(["endpoints", values.argument("name")]), values) {
                    described($0) + "\nto stop serving it: the same with --yes --reason TEXT\n"
                }
                return .ok
            }
            guard let reason = requiredReason(values, console, "jidoka endpoint delete NAME --yes --reason TEXT") else { return .usage }
            let done = try await api.post(["endpoints", values.argument("name"), "delete"], ["reason": .string(reason)])
            console.show(done, values) { "deleted endpoint \($0.cell("deleted"))\n" }
            return .ok
        }
    }

    static func list(_ endpoints: [JSONValue]) -> String {
        tableText(
            [.left("endpoint"), .left("model"), .left("champion"), .left("ready"), .left("traffic")],
            endpoints.map { [$0.cell("name"), $0.cell("model"), $0.cell("champion"), $0.cell("ready"), traffic($0.at("plan"))] },
            empty: "there are no endpoints: declare one in jidoka.yaml, or `jidoka endpoint create`")
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
