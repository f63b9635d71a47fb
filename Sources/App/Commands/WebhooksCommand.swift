import CommandLine
import Errors
import JSON

/// `jidoka webhooks …`: addresses that are told of changes in the registry.
enum WebhooksCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "webhooks", "addresses that are told of changes in the registry",
            subcommands: [
                list(context), create(context), show(context), update(context), test(context), deliveries(context), redeliver(context),
                delete(context),
            ])
    }

    private static let id = Positional("id", "the webhook")
    private static let events = "what to tell of, by commas: model_version.created, model_version_alias.created, …"

    private static func list(_ context: CommandContext) -> Command {
        Command("list", "list the webhooks") { values, console in
            console.show(try await context.api(values).get(["webhooks"]), values) { found in
                tableText(
                    [.left("webhook"), .left("name"), .left("status"), .left("address"), .left("events")],
                    (found.arrayValue ?? []).map { [$0.string("id"), $0.cell("name"), $0.cell("status"), $0.cell("url"), names($0)] },
                    empty: "there are no webhooks")
            }
            return .ok
        }
    }

    private static func create(_ context: CommandContext) -> Command {
        Command(
            "create", "make a webhook",
            details: "The secret is read from the variable that --secret-env names, so that it stands in no list of processes.",
            flags: [
                Flag("events", .string, value: "EVENTS", events), Flag("description", .string, "what it is for"),
                Flag("secret-env", .string, value: "NAME", "the environment variable with the secret that signs"),
                .toggle("disabled", "make it, but send nothing yet"),
            ], positionals: [Positional("name", "its name"), Positional("url", "where to send")]
        ) { values, console in
            var fields: JSONObject = ["name": .string(values.argument("name")), "url": .string(values.argument("url"))]
            fields["events"] = list(values.optionalString("events") ?? "")
            fields["description"] = values.optionalString("description").map(JSONValue.string)
            fields["secret"] = try secret(values, context).map(JSONValue.string)
            fields["disabled"] = .bool(values.isOn("disabled"))
            console.show(try await context.api(values).post(["webhooks"], fields), values, as: facts)
            return .ok
        }
    }

    private static func show(_ context: CommandContext) -> Command {
        Command("show", "show one webhook", positionals: [id]) { values, console in
            console.show(try await context.api(values).get(["webhooks", values.argument("id")]), values, as: facts)
            return .ok
        }
    }

    private static func update(_ context: CommandContext) -> Command {
        Command(
            "update", "change a webhook; what is not named stays",
            flags: [
                Flag("name", .string, "its name"), Flag("url", .string, "where to send"), Flag("events", .string, value: "EVENTS", events),
                Flag("description", .string, "what it is for"),
                Flag("secret-env", .string, value: "NAME", "the environment variable with the secret that signs"),
                Flag("status", .choice(["active", "disabled"]), "whether it is told"),
            ], positionals: [id]
        ) { values, console in
            var fields: JSONObject = [:]
            for name in ["name", "url", "description", "status"] { fields[name] = values.optionalString(name).map(JSONValue.string) }
            fields["events"] = values.optionalString("events").map(list)
            fields["secret"] = try secret(values, context).map(JSONValue.string)
            console.show(try await context.api(values).post(["webhooks", values.argument("id")], fields), values, as: facts)
            return .ok
        }
    }

    private static func test(_ context: CommandContext) -> Command {
        Command(
            "test", "send an example once, and say what came back", details: "Exit status 3 when it did not arrive.",
            flags: [Flag("event", .string, "which event; by default the first that it is told of")], positionals: [id]
        ) { values, console in
            var fields: JSONObject = [:]
            fields["event"] = values.optionalString("event").map(JSONValue.string)
            let result = try await context.api(values).post(["webhooks", values.argument("id"), "test"], fields)
            console.show(result, values) { result in
                result.flag("success")
                    ? "arrived: \(result.cell("status"))\n"
                    : "did not arrive: \(result.at("error")?.stringValue ?? result.cell("status"))\n"
            }
            return result.flag("success") ? .ok : .notPassed
        }
    }

    private static func deliveries(_ context: CommandContext) -> Command {
        Command(
            "deliveries", "what was sent, newest first",
            flags: [
                Flag("webhook", .string, value: "ID", "of one webhook"),
                Flag("state", .choice(["waiting", "delivered", "dead"]), "in one state"),
                .int("limit", in: 1...1_000, default: 20, "how many"),
            ]
        ) { values, console in
            let query = [
                ("webhook", values.optionalString("webhook")), ("state", values.optionalString("state")),
                ("limit", String(values.int("limit"))),
            ]
            console.show(try await context.api(values).get(["webhook-deliveries"], query), values) { found in
                tableText(
                    [
                        .left("delivery"), .left("event"), .left("state"), .right("attempts"), .right("status"), .left("made"),
                        .left("error"),
                    ],
                    (found.arrayValue ?? []).map { delivery in
                        [
                            delivery.string("id"), delivery.cell("event"), delivery.cell("state"), delivery.count("attempts"),
                            delivery.cell("response_status"), delivery.clock("created_at"), delivery.cell("error"),
                        ]
                    }, empty: "nothing was sent")
            }
            return .ok
        }
    }

    private static func redeliver(_ context: CommandContext) -> Command {
        Command("redeliver", "send a delivery again, under the same id", positionals: [Positional("delivery", "its id")]) {
            values, console in
            let again = try await context.api(values).post(["webhook-deliveries", values.argument("delivery"), "redeliver"])
            console.show(again, values) { "delivery \($0.string("id")) is sent again\n" }
            return .ok
        }
    }

    private static func delete(_ context: CommandContext) -> Command {
        Command("delete", "forget a webhook and its deliveries", positionals: [id]) { values, console in
            console.show(try await context.api(values).post(["webhooks", values.argument("id"), "delete"]), values) { _ in
                "webhook \(values.argument("id")) is forgotten\n"
            }
            return .ok
        }
    }

    private static func secret(_ values: Values, _ context: CommandContext) throws -> String? {
        guard let name = values.optionalString("secret-env") else { return nil }
        guard let secret = context.environment[name], !secret.isEmpty else {
            throw JidokaError.invalidArgument("the variable `\(name)` is not set", hint: "export it before")
        }
        return secret
    }

    private static func list(_ text: String) -> JSONValue {
        .array(text.split(separator: ",").map { .string(String($0.filter { !$0.isWhitespace })) })
    }

    private static func names(_ webhook: JSONValue) -> String { webhook.list("events").compactMap(\.stringValue).joined(separator: ", ") }

    private static func facts(_ webhook: JSONValue) -> String {
        factsText([
            ("webhook", webhook.string("id")), ("name", webhook.cell("name")), ("address", webhook.cell("url")), ("events", names(webhook)),
            ("status", webhook.cell("status")), ("signed", webhook.flag("signed") ? "yes" : "no"),
            ("description", webhook.cell("description")),
            ("made", webhook.clock("created_at")),
        ])
    }
}
