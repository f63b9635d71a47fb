import CommandLine
import Errors
import JSON

/// `jidoka experiments …`
enum ExperimentsCommand {
    private static let experiment = Positional("experiment", "the experiment's id or name")

    static func command(_ context: CommandContext) -> Command {
        Command(
            "experiments", "experiments: list, rename, delete, restore",
            subcommands: [
                list(context), show(context), rename(context), delete(context),
                Command("restore", "bring a deleted experiment back, with all its runs", positionals: [experiment]) { values, console in
                    let answer = try await context.api(values).post(["experiments", values.argument("experiment"), "restore"])
                    console.show(answer, values) { "\($0.cell("name")) is restored with its runs\n" }
                    return .ok
                },
            ])
    }

    private static func list(_ context: CommandContext) -> Command {
        Command(
            "list", "list the experiments, the newest first",
            flags: [.toggle("deleted", "the deleted ones"), .int("limit", in: 1...1_000, default: 100, "at most so many")]
        ) { values, console in
            let query: [(String, String?)] = [
                ("deleted", values.isOn("deleted") ? "true" : nil), ("limit", String(values.int("limit"))),
            ]
            console.show(try await context.api(values).get(["experiments"], query), values) { found in
                tableText(
                    [.right("id"), .left("name"), .left("created"), .left("changed")],
                    (found.arrayValue ?? []).map { [$0.cell("id"), $0.cell("name"), $0.clock("created_at"), $0.clock("updated_at")] },
                    empty: "there are none")
            }
            return .ok
        }
    }

    private static func show(_ context: CommandContext) -> Command {
        Command("show", "show one experiment", positionals: [experiment]) { values, console in
            console.show(try await context.api(values).get(["experiments", values.argument("experiment")]), values) { found in
                let tags = (found["tags"]?.objectValue ?? [:]).map { ("tag \($0.key)", $0.value.cell) }
                return factsText(
                    [
                        ("id", found.cell("id")), ("name", found.cell("name")), ("lifecycle", found.cell("lifecycle")),
                        ("artifacts", found.cell("artifact_location")), ("created", found.clock("created_at")),
                        ("changed", found.clock("updated_at")),
                    ] + tags)
            }
            return .ok
        }
    }

    private static func rename(_ context: CommandContext) -> Command {
        Command(
            "rename", "give an experiment another name", positionals: [experiment, Positional("name", "its new name")]
        ) { values, console in
            let answer = try await context.api(values).post(
                ["experiments", values.argument("experiment"), "rename"], ["name": .string(values.argument("name"))])
            console.show(answer, values) { "\(values.argument("experiment")) is \($0.cell("name")) now\n" }
            return .ok
        }
    }

    private static func delete(_ context: CommandContext) -> Command {
        Command(
            "delete", "delete an experiment with all its runs, or remove deleted ones for good", flags: RunLifecycle.purgeFlags,
            positionals: [Positional("experiment", "the experiment's id or name; with --permanent, all deleted ones without it", .optional)]
        ) { values, console in
            let named = values.optionalArgument("experiment")
            if values.isOn("permanent") {
                return try await RunLifecycle.purge(context, values, console, ["experiment"], named.map { [$0] } ?? [], nil)
            }
            guard let named else {
                console.errorLine("jidoka: name the experiment")
                return .usage
            }
            let answer = try await context.api(values).post(["experiments", named, "delete"])
            console.show(answer, values) { "\($0.cell("name")) is deleted with its runs; `jidoka experiments restore` brings them back\n" }
            return .ok
        }
    }
}
