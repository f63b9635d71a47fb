import Clockwork
import CommandLine
import Errors
import Interchange
import JSON
import Outbound

/// `jidoka export`: everything out, in open formats.
enum ExportCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "export", "write experiments, runs and models to a folder, in open formats",
            details: """
                    jidoka export backup                          an MLflow folder (file store), with every artifact
                    jidoka export tables --format jsonl           tables of JSON lines
                    jidoka export one --experiment churn,prices   of these experiments, and all registered models

                MLflow opens such a folder (MLFLOW_TRACKING_URI=file:backup), and `jidoka import` reads it back. Nothing appears under the
                given name before all of it is there. It reads any server of MLflow's protocol: --server http://mlflow.example:5000.
                """,
            flags: [
                Flag("experiment", value: "NAMES", "only these, by commas; all without it"),
                Flag("format", .choice(["mlflow", "jsonl"]), default: "mlflow", "an MLflow folder, or tables of JSON lines"),
                .toggle("no-artifacts", "leave the artifacts where they are"),
                .toggle("force", "when the place is not empty: keep the old one beside it, as NAME.before-…"),
            ], positionals: [Positional("folder", "where to write")]
        ) { values, console in
            let api = context.api(values)
            let client = OutboundClient(pool: BlockingPool(threads: 2))
            let server = TargetServer(url: api.server, actor: api.actor) { try await client.send($0) }
            let source = ServerSource(
                server, experiments: values.optionalString("experiment").map { $0.split(separator: ",").map(String.init) })
            let target = context.absolute(values.argument("folder"))
            let bar = ProgressBar("runs", total: nil, console: console, time: context.time)
            defer { bar.finish() }
            let (force, id) = (values.isOn("force"), SystemIDs().next())
            let done: (counts: DeliveryCounts, kept: String?)
            if values.string("format") == "jsonl" {
                done = try await TableExport(
                    source, to: target, replacing: force, id: id, more: RawTables(server), told: { bar.advance(by: $0) }
                ).run()
            } else {
                done = try await MLflowExport(
                    source, to: target, replacing: force, withArtifacts: !values.isOn("no-artifacts"), id: id, more: RawTables(server),
                    told: { bar.advance(by: $0) }
                ).run()
            }
            bar.finish()
            var facts = done.counts.json
            facts["unchanged_runs"] = nil
            facts["folder"] = .string(target)
            facts["kept"] = JSONValue(done.kept)
            console.show(.object(facts), values, as: text)
            return .ok
        }
    }

    private static func text(_ facts: JSONValue) -> String {
        var text = "written to \(facts.cell("folder")): \(facts.count("experiments")) experiments, \(facts.count("runs")) runs,"
        text += " \(facts.count("points")) points, \(facts.count("files")) artifact files, \(facts.count("logged_models")) logged models,"
        text += " \(facts.count("models")) registered models, \(facts.count("versions")) versions\n"
        if let kept = facts.at("kept")?.stringValue { text += "the old one is \(kept)\n" }
        for remark in facts.list("remarks") { text += "  note: \(remark.cell)\n" }
        return text
    }
}
