import CommandLine
import JSON

/// `jidoka alerts …`: what someone should know.
enum AlertsCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "alerts", "what someone should know",
            subcommands: [
                Command(
                    "list", "list alerts, newest first", flags: [.int("limit", in: 1...1_000, default: 20, "how many")]
                ) { values, console in
                    let alerts = try await context.api(values).get(["alerts"], [("limit", String(values.int("limit")))])
                    console.show(alerts, values) { list($0.arrayValue ?? [], console) }
                    return .ok
                },
                Command(
                    "ack", "say that you look after an alert", flags: [Flag("reason", .string, "what you do about it, for the record")],
                    positionals: [Positional("id", "the alert")]
                ) { values, console in
                    var fields: JSONObject = [:]
                    fields["reason"] = values.optionalString("reason").map(JSONValue.string)
                    let alert = try await context.api(values).post(["alerts", values.argument("id"), "acknowledge"], fields)
                    console.show(alert, values) { "alert \($0.string("id")) is \($0.string("state")) by \($0.cell("acknowledged_by"))\n" }
                    return .ok
                },
            ])
    }

    private static func list(_ alerts: [JSONValue], _ console: any Console) -> String {
        tableText(
            [
                .left("alert"), .left("level"), .left("state"), .left("event"), .left("about"), .left("fired"), .right("times"),
                .left("reason"),
            ],
            alerts.map { alert in
                [
                    alert.string("id"), alert.cell("level"),
                    alert.string("state") == "firing" ? console.styled("firing", .red) : alert.cell("state"), alert.cell("event"),
                    EventsCommand.subject(alert), alert.clock("fired_at"), alert.count("count"), alert.cell("reason"),
                ]
            }, empty: "there are no alerts")
    }
}
