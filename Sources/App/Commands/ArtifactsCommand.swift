import CommandLine
import JSON

/// `jidoka artifacts …`: the store of contents.
enum ArtifactsCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "artifacts", "the store of contents: artifacts, datasets, models",
            subcommands: [
                Command("stats", "how much is kept, and how much room equal contents save") { values, console in
                    console.show(try await context.api(values).get(["artifacts", "stats"]), values) { stats in
                        factsText([
                            ("store", stats.cell("store")), ("contents", "\(stats.count("objects")) (\(stats.count("bytes")) bytes)"),
                            ("artifacts", "\(stats.count("artifacts")) (\(stats.count("artifact_bytes")) bytes)"),
                            ("named by nothing", "\(stats.count("unreachable")) (\(stats.count("unreachable_bytes")) bytes)"),
                            ("trash", "\(stats.count("trash")) (\(stats.count("trash_bytes")) bytes)"),
                        ])
                    }
                    return .ok
                },
                collection(context),
            ])
    }

    private static func collection(_ context: CommandContext) -> Command {
        Command(
            "gc", "show the contents that nothing names, and remove them when told",
            details: """
                    jidoka artifacts gc                  what would go, and why; changes nothing
                    jidoka artifacts gc --apply          move it to the trash
                    jidoka artifacts gc --undo           take all of the trash back
                    jidoka artifacts gc --empty-trash    destroy what has been in the trash for --days

                Contents put within the last hour are never touched. It is safe while the server works.
                """,
            flags: [
                .toggle("apply", "move them to the trash"), .toggle("undo", "take everything out of the trash again"),
                .toggle("empty-trash", "destroy what has been in the trash for long"),
                .int("days", in: 0...36_500, default: 7, "how long contents must have been in the trash to be destroyed"),
            ]
        ) { values, console in
            let api = context.api(values)
            if values.isOn("undo") {
                console.show(try await api.post(["artifacts", "undo"]), values) { "restored \($0.count("objects")) contents\n" }
            } else if values.isOn("empty-trash") {
                let done = try await api.post(["artifacts", "empty-trash"], ["days": .string(String(values.int("days")))])
                console.show(done, values) { "destroyed \($0.count("destroyed")) contents, \($0.count("bytes")) bytes\n" }
            } else {
                let report = try await api.post(["artifacts", "collect"], ["apply": .bool(values.isOn("apply"))])
                console.show(report, values, as: described)
            }
            return .ok
        }
    }

    private static func described(_ report: JSONValue) -> String {
        let table = tableText(
            [.left("content"), .right("bytes"), .left("put at")],
            report.list("listed").map { [$0.short("digest"), $0.count("bytes"), $0.clock("put_at")] }, empty: "nothing to remove")
        let found = "\(report.count("unreachable")) of \(report.count("objects")) contents, \(report.count("unreachable_bytes")) bytes"
        let end =
            report.flag("applied")
            ? "moved \(report.count("discarded")) to the trash; `jidoka artifacts gc --undo` takes them back"
            : "\(found): \(report.cell("why")). Nothing was changed; --apply moves them to the trash"
        return table + end + "\n"
    }
}
