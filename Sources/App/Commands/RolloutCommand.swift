import Clockwork
import CommandLine
import Errors
import JSON

/// `jidoka rollout …`: a new version on its way to all traffic.
enum RolloutCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "rollout", "bring a version to traffic step by step, and back",
            subcommands: [
                start(context), list(context), show(context), verb("pause", "hold a rollout where it is", context),
                verb("resume", "let a paused rollout go on", context),
                verb("promote", "promote the candidate without waiting for the verdict", context),
                verb("rollback", "send the candidate back", context),
            ])
    }

    private static let id = Positional("id", "the rollout")
    private static let pause = Duration.milliseconds(500)

    private static func start(_ context: CommandContext) -> Command {
        Command(
            "start", "start a canary of a version",
            details: "A version that has not passed its gate gets traffic only with --override and a --reason.",
            flags: [
                Flag("steps", value: "10,50,100", "shares of the traffic in percent; by default those that the line declares"),
                .toggle("override", "although the version has not passed its gate; goes on record"),
                Flag("reason", .string, "why, for the record"),
            ], positionals: [Positional("endpoint", "the endpoint"), Positional("version", "the version of its model")]
        ) { values, console in
            var reason = values.optionalString("reason") ?? "started by hand"
            if values.isOn("override") {
                guard let said = requiredReason(values, console, "jidoka rollout start ENDPOINT VERSION --override --reason TEXT") else {
                    return .usage
                }
                reason = said
            }
            var fields: JSONObject = [
                "version": .string(values.argument("version")), "strategy": "canary", "override": .bool(values.isOn("override")),
                "reason": .string(reason),
            ]
            if let text = values.optionalString("steps") { fields["steps"] = try steps(text) }
            let rollout = try await context.api(values).post(["endpoints", values.argument("endpoint"), "rollouts"], fields)
            console.show(rollout, values) { "rollout \($0.string("id")) of version \($0.cell("version")): \($0.string("state"))\n" }
            return .ok
        }
    }

    private static func steps(_ text: String) throws -> JSONValue {
        let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int64($0) }
        guard !numbers.contains(nil) else {
            throw JidokaError.invalidArgument("`--steps \(text)` is no list of percents", hint: "write `--steps 10,50,100`")
        }
        return .array(numbers.compactMap { $0.map(JSONValue.int) })
    }

    private static func list(_ context: CommandContext) -> Command {
        Command(
            "list", "list rollouts, newest first",
            flags: [Flag("endpoint", .string, "only of this endpoint"), .int("limit", in: 1...1_000, default: 20, "how many")]
        ) { values, console in
            let rollouts = try await context.api(values).get(
                ["rollouts"], [("endpoint", values.optionalString("endpoint")), ("limit", String(values.int("limit")))])
            console.show(rollouts, values) { rollouts in
                tableText(
                    [
                        .left("rollout"), .left("endpoint"), .left("version"), .left("champion"), .left("state"), .right("percent"),
                        .left("started"), .left("by"), .left("reason"),
                    ],
                    (rollouts.arrayValue ?? []).map {
                        [
                            $0.string("id"), $0.cell("endpoint"), $0.cell("version"), $0.cell("champion"), $0.cell("state"),
                            $0.cell("percent"), $0.clock("started_at"), $0.cell("actor"), $0.cell("reason"),
                        ]
                    }, empty: "there are no rollouts: start one with `jidoka rollout start ENDPOINT VERSION`")
            }
            return .ok
        }
    }

    private static func show(_ context: CommandContext) -> Command {
        Command(
            "show", "show a rollout with its evidence and history",
            details: "With --wait the exit status is 3 when the candidate was rolled back.",
            flags: [.toggle("wait", "follow it to its end")], positionals: [id]
        ) { values, console in
            let api = context.api(values)
            let path = ["rollouts", values.argument("id")]
            var rollout = try await api.get(path)
            var written = 0
            while values.isOn("wait") {
                if !values.isOn("json") {
                    for entry in rollout.list("history").dropFirst(written) { console.line(RolloutText.entry(entry)) }
                    written = rollout.list("history").count
                }
                if isOver(rollout) { break }
                try await context.time.sleep(for: pause)
                rollout = try await api.get(path)
            }
            console.show(rollout, values) { RolloutText.described($0, console, withHistory: written == 0) }
            return values.isOn("wait") && rollout.string("state") == "rolled_back" ? .notPassed : .ok
        }
    }

    private static func isOver(_ rollout: JSONValue) -> Bool { ["done", "rolled_back"].contains(rollout.string("state")) }

    private static func verb(_ name: String, _ help: String, _ context: CommandContext) -> Command {
        Command(name, help, flags: [Flag("reason", .string, "why, for the record")], positionals: [id]) { values, console in
            guard let reason = requiredReason(values, console, "jidoka rollout \(name) ID --reason TEXT") else { return .usage }
            let rollout = try await context.api(values).post(["rollouts", values.argument("id"), name], ["reason": .string(reason)])
            console.show(rollout, values) { "rollout \($0.string("id")): \($0.string("state")) at \($0.cell("percent")) %\n" }
            return .ok
        }
    }
}

/// Rollouts as text.
enum RolloutText {
    static func entry(_ entry: JSONValue) -> String {
        "\(entry.clock("time"))  \(entry.string("state")) at \(entry.cell("percent")) %: \(entry.cell("reason"))"
    }

    static func described(_ rollout: JSONValue, _ console: any Console, withHistory: Bool) -> String {
        var facts = [
            ("rollout", rollout.string("id")), ("endpoint", rollout.cell("endpoint")),
            ("version", "\(rollout.cell("version")) against champion \(rollout.cell("champion"))"),
            ("state", "\(rollout.string("state")) at \(rollout.cell("percent")) %\(rollout.at("pause").map { " (\($0.cell))" } ?? "")"),
            ("started", "\(rollout.clock("started_at")) by \(rollout.cell("actor")): \(rollout.cell("reason"))"),
        ]
        if rollout.flag("override") { facts.append(("override", console.styled("it skipped its gate", .yellow))) }
        if let verdict = rollout.at("verdict") { facts.append(("verdict", sentence(verdict))) }
        let arms = [("champion", rollout.at("evidence", "champion")), ("candidate", rollout.at("evidence", "candidate"))]
        let rows = arms.map { name, arm in
            let arm = arm ?? .null
            return [name, arm.count("requests"), arm.count("errors"), arm.count("slow"), arm.count("labelled"), accuracy(arm)]
        }
        let titles: [Table.Column] = [
            .left("this step"), .right("answers"), .right("errors"), .right("slow"), .right("labelled"), .right("accuracy"),
        ]
        var text = factsText(facts) + "\n" + tableText(titles, rows, empty: "")
        if withHistory { text += "\n" + rollout.list("history").map { entry($0) + "\n" }.joined() }
        return text
    }

    /// `pass: why (difference 0.021, at least 0.004)`
    private static func sentence(_ verdict: JSONValue) -> String {
        var text = "\(verdict.cell("outcome")): \(verdict.cell("why"))"
        if let difference = verdict.at("difference") {
            text +=
                " (difference \(difference.cell), between \(verdict.cell("difference_at_least")) and \(verdict.cell("difference_at_most")))"
        }
        return text
    }

    private static func accuracy(_ arm: JSONValue) -> String {
        guard let labelled = arm["labelled"]?.doubleValue, labelled > 0, let correct = arm["correct"]?.doubleValue else {
            return JSONValue.absent
        }
        return HumanText.fixed(correct / labelled, 4)
    }
}
