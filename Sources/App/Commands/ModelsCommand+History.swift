import Clockwork
import CommandLine
import Errors
import JSON

/// The past of aliases and stages, and moves of them.
extension ModelsCommand {
    static func history(_ context: CommandContext) -> Command {
        Command(
            "history", "who moved which alias and stage, when and why",
            flags: [
                Flag("alias", .string, "only the moves of one alias"), Flag("stage", .string, "only the moves into and out of one stage"),
                .int("limit", in: 1...1_000, default: 100, "at most so many moves, the newest first"),
            ], positionals: [name]
        ) { values, console in
            let query: [(String, String?)] = [
                ("alias", values.optionalString("alias")), ("stage", values.optionalString("stage")),
                ("limit", String(values.int("limit"))),
            ]
            console.show(try await context.api(values).get(["models", values.argument("name"), "history"], query), values, as: moves)
            return .ok
        }
    }

    static func resolve(_ context: CommandContext) -> Command {
        Command(
            "resolve", "show the version that an address names, now or at a time in the past",
            details: "Example: jidoka models resolve models:/churn@champion --at 2026-03-01T12:00Z",
            flags: [Flag("at", value: "TIME", "the moment that is asked about, as 2026-03-01T12:00Z; without it, now")],
            positionals: [Positional("uri", "models:/NAME@ALIAS, models:/NAME/STAGE, models:/NAME/VERSION or models:/NAME/latest")]
        ) { values, console in
            let query: [(String, String?)] = [("uri", values.argument("uri")), ("at", values.optionalString("at"))]
            let version = try await context.api(values).get(["models", "resolve"], query)
            console.show(version, values) { described($0, console) }
            return .ok
        }
    }

    static func alias(_ context: CommandContext) -> Command {
        Command(
            "alias", "point an alias to a version, or remove it", flags: [reason, .toggle("remove", "remove the alias")],
            positionals: [
                name, Positional("alias", "the alias, for example challenger"),
                Positional("version", "the number of the version; not with --remove", .optional),
            ]
        ) { values, console in
            let usage = "jidoka models alias NAME ALIAS VERSION --reason TEXT"
            guard let reason = requiredReason(values, console, usage) else { return .usage }
            let version = values.optionalArgument("version")
            guard (version == nil) == values.isOn("remove") else {
                console.errorLine("jidoka: give a version, or --remove")
                console.errorLine("  usage: \(usage)")
                return .usage
            }
            let (model, alias) = (values.argument("name"), values.argument("alias"))
            let answer = try await context.api(values).post(
                ["models", model, "alias"], ["alias": .string(alias), "version": JSONValue(version), "reason": .string(reason)])
            console.show(answer, values) { _ in
                version.map { "\(model)@\(alias) is version \($0)\n" } ?? "\(model)@\(alias) is removed\n"
            }
            return .ok
        }
    }

    static func stage(_ context: CommandContext) -> Command {
        Command(
            "stage", "move a version to a stage",
            flags: [reason, .toggle("archive-existing", "move the other versions of the stage to Archived")],
            positionals: [name, version, Positional("stage", "None, Staging, Production or Archived")]
        ) { values, console in
            guard let reason = requiredReason(values, console, "jidoka models stage NAME VERSION STAGE --reason TEXT") else {
                return .usage
            }
            let answer = try await context.api(values).post(
                path(values) + ["stage"],
                [
                    "stage": .string(values.argument("stage")), "archive_existing": .bool(values.isOn("archive-existing")),
                    "reason": .string(reason),
                ])
            console.show(answer, values) { "\($0.string("name"))/\($0.cell("version")) is in stage \($0.cell("stage"))\n" }
            return .ok
        }
    }

    private static func moves(_ moves: JSONValue) -> String {
        tableText(
            [.left("time"), .left("label"), .left("before"), .left("after"), .left("by"), .left("reason")],
            (moves.arrayValue ?? []).map { move in
                let isAlias = move.at("alias") != nil
                let label = isAlias ? "@\(move.cell("alias"))" : "stage of \(move.cell("version"))"
                return [
                    move.clock("time"), label, move.cell(isAlias ? "version_before" : "stage_before"),
                    move.cell(isAlias ? "version" : "stage"), move.cell("actor"), move.cell("reason"),
                ]
            }, empty: "no alias and no stage was ever moved")
    }
}
