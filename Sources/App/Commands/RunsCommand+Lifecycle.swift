import CommandLine
import Errors
import JSON

/// `jidoka runs move|delete|restore|set-param`.
enum RunLifecycle {
    private static let runs = Positional("runs", "the runs' ids", .rest)
    private static let reason = Flag("reason", .string, "why, for the record")

    static func commands(_ context: CommandContext) -> [Command] { [move(context), delete(context), restore(context), setParam(context)] }

    private static func ids(_ values: Values, _ console: any Console) -> JSONValue? {
        let ids = values.arguments("runs")
        if ids.isEmpty { console.errorLine("jidoka: name at least one run") }
        return ids.isEmpty ? nil : .array(ids.map(JSONValue.string))
    }

    private static func move(_ context: CommandContext) -> Command {
        Command(
            "move", "move runs to another experiment; their artifacts stay readable where they are",
            flags: [
                Flag("to", .string, value: "EXPERIMENT", "the experiment's id or name"),
                .toggle("children", "with all runs nested below them"), reason,
            ], positionals: [runs]
        ) { values, console in
            guard let ids = ids(values, console) else { return .usage }
            guard let target = values.optionalString("to") else {
                console.errorLine("jidoka: `--to` is missing")
                return .usage
            }
            let answer = try await context.api(values).post(
                ["runs", "move"],
                [
                    "runs": ids, "experiment": .string(target), "children": .bool(values.isOn("children")),
                    "reason": .string(values.optionalString("reason") ?? ""),
                ])
            console.show(answer, values) { "\(counted($0.list("moved").count, "run")) moved to \(target)\n" }
            return .ok
        }
    }

    private static func delete(_ context: CommandContext) -> Command {
        Command(
            "delete", "delete runs, or remove deleted ones for good",
            details: """
                jidoka runs delete RUN                                               can be restored
                jidoka runs delete --permanent --older-than 30d                      shows what would be removed
                jidoka runs delete --permanent --older-than 30d --yes --reason TEXT  removes it
                """,
            flags: purgeFlags + [
                Flag("experiment", .string, "only what is in this experiment"),
                .toggle("logged-models", "deleted logged models too; only with --permanent"),
            ], positionals: [runs]
        ) { values, console in
            if values.isOn("permanent") {
                let kinds: [JSONValue] = values.isOn("logged-models") ? ["run", "logged_model"] : ["run"]
                return try await purge(context, values, console, kinds, values.arguments("runs"), values.optionalString("experiment"))
            }
            guard let ids = ids(values, console) else { return .usage }
            let answer = try await context.api(values).post(["runs", "delete"], ["runs": ids])
            console.show(answer, values) { "\(counted($0.list("runs").count, "run")) deleted; `jidoka runs restore` brings them back\n" }
            return .ok
        }
    }

    private static func restore(_ context: CommandContext) -> Command {
        Command("restore", "bring deleted runs back", positionals: [runs]) { values, console in
            guard let ids = ids(values, console) else { return .usage }
            let answer = try await context.api(values).post(["runs", "restore"], ["runs": ids])
            console.show(answer, values) { "\(counted($0.list("runs").count, "run")) restored\n" }
            return .ok
        }
    }

    private static func setParam(_ context: CommandContext) -> Command {
        Command(
            "set-param", "correct a param that was logged with a wrong value",
            flags: [.toggle("override", "needed: params are written once, and this is the exception that goes on record"), reason],
            positionals: [Positional("run", "the run's id"), Positional("key", "the param"), Positional("value", "its right value")]
        ) { values, console in
            let usage = "jidoka runs set-param RUN KEY VALUE --override --reason TEXT"
            guard let reason = requiredReason(values, console, usage) else { return .usage }
            guard values.isOn("override") else {
                console.errorLine("jidoka: a param is written once; `--override` corrects it all the same, on record")
                console.errorLine("  usage: \(usage)")
                return .usage
            }
            let (run, key, value) = (values.argument("run"), values.argument("key"), values.argument("value"))
            let answer = try await context.api(values).post(
                ["runs", run, "params"], ["key": .string(key), "value": .string(value), "reason": .string(reason)])
            console.show(answer, values) { "\(key) is \(value); it was \($0.cell("before"))\n" }
            return .ok
        }
    }

    // MARK: Purging

    static let purgeFlags: [Flag] = [
        .toggle("permanent", "remove what was deleted before, for good; shows what would go, unless --yes"),
        Flag("older-than", .duration, "only with --permanent: what was deleted at least so long ago, as 30d"),
        .toggle("dry-run", "only show what --permanent would remove"), .toggle("yes", "remove it"), reason,
    ]

    static func purge(
        _ context: CommandContext, _ values: Values, _ console: any Console, _ kinds: [JSONValue], _ ids: [String], _ experiment: String?
    ) async throws -> ExitStatus {
        let confirmed = values.isOn("yes") && !values.isOn("dry-run")
        if confirmed, requiredReason(values, console, "… --permanent --yes --reason TEXT") == nil { return .usage }
        var fields: JSONObject = [
            "kinds": .array(kinds), "ids": .array(ids.map(JSONValue.string)), "confirm": .bool(confirmed),
            "reason": .string(values.optionalString("reason") ?? ""),
        ]
        fields["experiment"] = experiment.map(JSONValue.string)
        fields["older_than"] = values.optionalDuration("older-than").map { .string("\($0.components.seconds)s") }
        let answer = try await context.api(values).post(["archive", "purge"], fields)
        console.show(answer, values, as: text)
        return .ok
    }

    private static func text(_ answer: JSONValue) -> String {
        let done = answer.flag("purged")
        let items = answer.list("items")
        let rows = items.map { [$0.cell("kind"), $0.cell("id"), $0.cell("name"), $0.cell("experiment_id"), $0.clock("deleted_at")] }
        var out = tableText(
            [.left("kind"), .left("id"), .left("name"), .left("experiment"), .left("deleted")], rows, empty: "there is nothing to remove")
        for item in answer.list("kept") { out += "kept: \(item.cell("kind")) \(item.cell("id")): \(item.cell("because"))\n" }
        if !items.isEmpty {
            out +=
                done
                ? "\(counted(answer["count"]?.intValue.map { Int($0) } ?? items.count, "item")) removed for good\n"
                : "nothing was removed yet: --yes --reason TEXT removes this\(answer.flag("more") ? ", and what comes after it" : "")\n"
        }
        return out
    }
}
