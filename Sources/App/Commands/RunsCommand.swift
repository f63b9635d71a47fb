import Clockwork
import CommandLine
import JSON

/// `jidoka runs …`: training runs, searched, shown, as trees. What ends or corrects a run is in `RunsCommand+Lifecycle.swift`.
enum RunsCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "runs", "training runs: search them, show one, see them nested, move, correct, delete and restore them",
            subcommands: [list(context), search(context), show(context), tree(context)] + RunLifecycle.commands(context))
    }

    private static let experiments = Flag("experiment", short: "e", .strings, "only runs of this experiment, by name or id")

    private static let choice: [Flag] = [
        experiments, Flag("order-by", .strings, "a sort key, for example \"metrics.loss ASC\""),
        Flag("field", .strings, "a column to show: metrics.NAME, params.NAME or tags.NAME"),
        .int("limit", short: "n", in: 1...50_000, default: 20, "how many at most"),
        .int("offset", in: 0...Int.max, default: 0, "how many to pass over"),
        Flag("view", .choice(["active", "deleted", "all"]), "which runs (active without it)"),
        .toggle("count", "print how many there are, and no run"),
    ]

    private static func list(_ context: CommandContext) -> Command {
        Command(
            "list", "list runs, the newest first",
            details: "    jidoka runs list --order-by \"metrics.accuracy DESC\" --field metrics.accuracy --field params.depth\n",
            flags: [Flag("filter", .string, "which runs, as `jidoka runs search` takes it")] + choice
        ) { values, console in try await find(values.optionalString("filter"), context, values, console) }
    }

    private static func search(_ context: CommandContext) -> Command {
        Command(
            "search", "list the runs that a filter finds",
            details: "    jidoka runs search \"metrics.accuracy > 0.9 AND (params.depth > 5 OR params.depth IS NULL)\"\n", flags: choice,
            positionals: [Positional("filter", "which runs; docs/guides/search.md has the language")]
        ) { values, console in try await find(values.argument("filter"), context, values, console) }
    }

    private static func find(
        _ filter: String?, _ context: CommandContext, _ values: Values, _ console: any Console
    ) async throws -> ExitStatus {
        var body: JSONObject = ["limit": .int(Int64(values.int("limit"))), "offset": .int(Int64(values.int("offset")))]
        let named = values.strings("experiment")
        if !named.isEmpty { body["experiments"] = .array(named.map(JSONValue.string)) }
        body["filter"] = filter.map(JSONValue.string)
        body["order_by"] = .array(values.strings("order-by").map(JSONValue.string))
        body["view"] = values.optionalString("view").map(JSONValue.string)
        let columns = values.strings("field")
        if !columns.isEmpty { body["fields"] = .array(columns.map(JSONValue.string)) }
        body[values.isOn("count") ? "count_only" : "with_count"] = true
        let answer = try await context.api(values).post(["runs", "search"], body: .object(body))
        console.show(answer, values) { values.isOn("count") ? "\($0.count("total"))\n" : table($0, columns) }
        return .ok
    }

    private static func show(_ context: CommandContext) -> Command {
        Command("show", "show one run", positionals: [Positional("run", "the id of the run")]) { values, console in
            let run = try await context.api(values).get(["runs", values.argument("run")])
            console.show(run, values, as: described)
            return .ok
        }
    }

    private static func tree(_ context: CommandContext) -> Command {
        Command(
            "tree", "show a run with the runs nested below it, or all of an experiment",
            flags: [Flag("experiment", short: "e", .string, "all runs of this experiment, by name or id")],
            positionals: [Positional("run", "the id of the run", .optional)]
        ) { values, console in
            let api = context.api(values)
            if let run = values.optionalArgument("run") {
                console.show(try await api.get(["runs", run, "tree"]), values) { drawn([$0]) }
            } else if let experiment = values.optionalString("experiment") {
                console.show(try await api.get(["experiments", experiment, "tree"]), values) { drawn($0.arrayValue ?? []) }
            } else {
                console.errorLine("jidoka: name a run or an experiment")
                console.errorLine("  usage: jidoka runs tree RUN | --experiment NAME")
                return .usage
            }
            return .ok
        }
    }

    // MARK: Text

    private static func table(_ answer: JSONValue, _ columns: [String]) -> String {
        let runs = answer.list("runs")
        let rows = runs.map { run in
            [run.string("run_id"), run.string("name"), run.string("status"), started(run)] + columns.map { cell($0, run) }
        }
        let text = tableText(
            [.left("run"), .left("name"), .left("status"), .left("started")] + columns.map { .right($0) }, rows, empty: "no run is found")
        guard let total = answer["total"]?.intValue, total > runs.count, !runs.isEmpty else { return text }
        return text + "\(HumanText.count(Int64(runs.count))) of \(HumanText.count(total)) runs\n"
    }

    private static func cell(_ column: String, _ run: JSONValue) -> String {
        let parts = column.split(separator: ".", maxSplits: 1).map(String.init)
        return parts.count == 2 ? run.at(parts[0], parts[1])?.cell ?? JSONValue.absent : JSONValue.absent
    }

    private static func described(_ run: JSONValue) -> String {
        var facts = [
            ("run", run.string("run_id")), ("name", run.string("name")), ("experiment", run.string("experiment_id")),
            ("status", run.string("status")), ("started", started(run)),
        ]
        for (group, word) in [("params", "param"), ("metrics", "metric"), ("tags", "tag")] {
            for (key, value) in run[group]?.objectValue ?? [:] { facts.append((word, "\(key) = \(value.cell)")) }
        }
        for dataset in run.list("datasets") { facts.append(("dataset", "\(dataset.string("name")) \(dataset.short("digest"))")) }
        return factsText(facts)
    }

    private static func started(_ run: JSONValue) -> String {
        guard let time = run["start_time"]?.intValue else { return JSONValue.absent }
        let text: JSONValue = ["at": .string(Timestamp(milliseconds: time).rfc3339)]
        return text.clock("at")
    }

    /// Each run below the one that it belongs to.
    private static func drawn(_ trees: [JSONValue]) -> String {
        if trees.isEmpty { return "it has no runs\n" }
        var text = ""
        func draw(_ tree: JSONValue, _ lead: String, _ rest: String) {
            text += "\(lead)\(tree.string("name"))  \(tree.string("run_id"))  \(tree.string("status"))\n"
            let children = tree.list("children")
            for (index, child) in children.enumerated() {
                let isLast = index == children.count - 1
                draw(child, rest + (isLast ? "└─ " : "├─ "), rest + (isLast ? "   " : "│  "))
            }
        }
        for tree in trees { draw(tree, "", "") }
        return text
    }
}
