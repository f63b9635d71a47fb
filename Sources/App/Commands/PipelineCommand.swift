import Clockwork
import CommandLine
import Errors
import JSON

/// `jidoka pipeline …`: runs of the pipeline.
enum PipelineCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "pipeline", "runs of the pipeline",
            subcommands: [run(context), list(context), show(context), log(context), cancel(context)])
    }

    private static let id = Positional("id", "the pipeline run")

    private static func run(_ context: CommandContext) -> Command {
        Command(
            "run", "start the pipeline",
            details: """
                    jidoka pipeline run --wait
                    jidoka pipeline run --param trees=300 --data census=1a2b3c4d5e6f --reason "more trees"

                With --wait the exit status is 3 when a check or the gate said no, 1 when a step failed or the run was cancelled.
                """,
            flags: [
                Flag("param", .strings, value: "NAME=VALUE", "a param in place of the one that the line declares"),
                Flag("data", .strings, value: "NAME=VERSION", "a dataset version in place of the newest"),
                Flag("reason", .string, "why it is started, for the record"), .toggle("wait", "follow the steps to the end of the run"),
            ]
        ) { values, console in
            let api = context.api(values)
            var fields: JSONObject = ["params": try pairs(values, "param"), "data": try pairs(values, "data")]
            fields["reason"] = values.optionalString("reason").map(JSONValue.string)
            let started = try await api.post(["pipeline", "runs"], fields)
            guard values.isOn("wait") else {
                console.show(started, values) { "pipeline run \($0.string("id")) is \($0.string("status"))\n" }
                return .ok
            }
            if !values.isOn("json") { console.line("pipeline run \(started.string("id"))") }
            let ended = try await PipelineWatch(api: api, time: context.time).follow(started, to: values.isOn("json") ? nil : console)
            console.show(ended, values) { PipelineText.outcome($0, console) }
            if !values.isOn("json") { try await showFailure(ended, api, console) }
            return exitStatus(ended)
        }
    }

    /// `{name: value}` of `--param name=value`.
    private static func pairs(_ values: Values, _ flag: String) throws -> JSONValue {
        var pairs = JSONObject()
        for text in values.strings(flag) {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw JidokaError.invalidArgument("`--\(flag) \(text)` has no name or no value", hint: "write `--\(flag) NAME=VALUE`")
            }
            pairs[String(parts[0])] = .string(String(parts[1]))
        }
        return .object(pairs)
    }

    static func exitStatus(_ run: JSONValue) -> ExitStatus {
        if run.string("status") == "succeeded" { return .ok }
        return run.flag("refused") ? .notPassed : .failed
    }

    /// The last lines of the steps that failed.
    private static func showFailure(_ run: JSONValue, _ api: APIClient, _ console: any Console) async throws {
        for step in run.list("steps") where step.string("status") == "failed" {
            let name = step.string("name")
            let lines = try await api.text(["pipeline", "runs", run.string("id"), "steps", name, "log"]).split(separator: "\n")
            if lines.isEmpty { continue }
            console.errorLine("\nthe last lines of step `\(name)` (all: `jidoka pipeline log \(run.string("id")) \(name)`):")
            for line in lines.suffix(20) { console.errorLine("  \(line)") }
        }
    }

    private static func list(_ context: CommandContext) -> Command {
        Command(
            "list", "list pipeline runs, newest first", flags: [.int("limit", in: 1...1_000, default: 20, "how many")]
        ) { values, console in
            let runs = try await context.api(values).get(["pipeline", "runs"], [("limit", String(values.int("limit")))])
            console.show(runs, values) { runs in
                tableText(
                    [.left("run"), .left("status"), .left("started"), .left("by"), .left("version"), .left("gate"), .left("reason")],
                    (runs.arrayValue ?? []).map {
                        [
                            $0.string("id"), $0.string("status"), $0.clock("created_at"), $0.cell("actor"), $0.cell("model_version"),
                            $0.at("gate", "verdict")?.cell ?? JSONValue.absent, $0.cell("reason"),
                        ]
                    }, empty: "there are no pipeline runs: start one with `jidoka pipeline run`")
            }
            return .ok
        }
    }

    private static func show(_ context: CommandContext) -> Command {
        Command(
            "show", "show a pipeline run with its steps", flags: [.toggle("wait", "follow it to its end")], positionals: [id]
        ) { values, console in
            let api = context.api(values)
            var run = try await api.get(["pipeline", "runs", values.argument("id")])
            if values.isOn("wait") {
                run = try await PipelineWatch(api: api, time: context.time).follow(run, to: values.isOn("json") ? nil : console)
            }
            console.show(run, values) { PipelineText.described($0, console) }
            return values.isOn("wait") ? exitStatus(run) : .ok
        }
    }

    private static func log(_ context: CommandContext) -> Command {
        Command("log", "print what a step wrote", positionals: [id, Positional("step", "the step")]) { values, console in
            let text = try await context.api(values).text(
                ["pipeline", "runs", values.argument("id"), "steps", values.argument("step"), "log"])
            console.show(["log": .string(text)], values) { _ in text.isEmpty || text.hasSuffix("\n") ? text : text + "\n" }
            return .ok
        }
    }

    private static func cancel(_ context: CommandContext) -> Command {
        Command("cancel", "cancel a pipeline run", flags: [Flag("reason", .string, "why, for the record")], positionals: [id]) {
            values, console in
            var fields: JSONObject = [:]
            fields["reason"] = values.optionalString("reason").map(JSONValue.string)
            let run = try await context.api(values).post(["pipeline", "runs", values.argument("id"), "cancel"], fields)
            console.show(run, values) { "pipeline run \($0.string("id")) is \($0.string("status"))\n" }
            return .ok
        }
    }
}
