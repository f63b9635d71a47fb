import CommandLine
import JSON

/// `jidoka predictions …`: what the endpoints answered.
enum PredictionsCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "predictions", "what endpoints answered",
            subcommands: [
                Command(
                    "list", "list the newest predictions of an endpoint", flags: [.int("limit", in: 1...1_000, default: 20, "how many")],
                    positionals: [Positional("endpoint", "the endpoint")]
                ) { values, console in
                    let predictions = try await context.api(values).get(
                        ["predictions"], [("endpoint", values.argument("endpoint")), ("limit", String(values.int("limit")))])
                    console.show(predictions, values) { list($0.arrayValue ?? []) }
                    return .ok
                },
                Command(
                    "show", "show a prediction with its row and its label", positionals: [Positional("id", "the prediction")]
                ) { values, console in
                    console.show(try await context.api(values).get(["predictions", values.argument("id")]), values) { prediction in
                        factsText((prediction.objectValue?.members ?? []).flatMap { facts($0.key, $0.value) })
                    }
                    return .ok
                },
            ])
    }

    private static func list(_ predictions: [JSONValue]) -> String {
        tableText(
            [.left("prediction"), .left("time"), .left("version"), .left("route"), .right("answer"), .right("score"), .right("label")],
            predictions.map {
                [
                    $0.cell("id"), $0.clock("time"), $0.cell("version"), $0.cell("route"), $0.cell("prediction"), $0.cell("score"),
                    label($0["label"] ?? .null),
                ]
            }, empty: "no prediction is logged")
    }

    /// Labels come as they are, or with the time at which they came.
    private static func label(_ label: JSONValue) -> String { label.at("value")?.cell ?? label.at("label")?.cell ?? label.cell }

    /// Objects such as the row's features take a line for each member.
    private static func facts(_ name: String, _ value: JSONValue) -> [(String, String)] {
        guard let members = value.objectValue?.members else { return [(name, value.cell)] }
        return members.map { ("\(name).\($0.key)", $0.value.cell) }
    }
}
