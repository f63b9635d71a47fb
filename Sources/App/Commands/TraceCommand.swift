import CommandLine
import JSON

/// `jidoka trace ID`: from a prediction back to the data.
enum TraceCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "trace", "follow a prediction back to its model, run, code and data",
            positionals: [Positional("id", "the prediction; answers name it in `x-jidoka-prediction-id`")]
        ) { values, console in
            console.show(try await context.api(values).get(["trace", values.argument("id")]), values) { text($0, console) }
            return .ok
        }
    }

    static func text(_ trace: JSONValue, _ console: any Console) -> String {
        var out = ""
        var depth = 0
        func link(_ name: String, _ what: String) {
            out += (depth == 0 ? "" : String(repeating: "   ", count: depth - 1) + "└─ ") + console.styled(name, .bold) + " " + what + "\n"
        }
        let prediction = trace["prediction"] ?? .null
        link("prediction", "\(prediction.string("id"))  \(prediction.clock("time"))\(answer(prediction["details"] ?? .null))")
        depth = 1
        link("endpoint", "\(trace.cell("endpoint")), route \(trace.cell("route"))")
        if let version = trace.at("model_version") {
            depth = 2
            let identity = version.short(version.at("identity") == nil ? "digest" : "identity")
            link("model version", "\(version.cell("name"))/\(version.cell("version"))  sha256 \(identity)")
        }
        if let run = trace.at("run") {
            depth = 3
            link("run", "\(run.cell("id"))  \(run.cell("name")), experiment \(run.cell("experiment")), \(run.cell("status"))")
        }
        depth = 4
        if let pipeline = trace.at("pipeline_run") { link("pipeline run", pipeline.cell) }
        if let code = trace.at("code"), let commit = code.at("commit") { link("code", "commit \(commit.cell)\(state(code))\(place(code))") }
        for dataset in trace.list("datasets") {
            let rows = dataset.at("rows") == nil ? "" : ", \(dataset.count("rows")) rows"
            let source = dataset.at("source").map { ", \($0.cell)" } ?? ""
            link("dataset", "\(dataset.cell("name")) \(dataset.short("digest"))\(rows)\(source)")
        }
        for gap in trace.list("gaps") { out += console.styled("gap: \(gap.cell)", .yellow) + "\n" }
        return out
    }

    /// ` (dirty)` when files differed from the commit, nothing when none did.
    private static func state(_ code: JSONValue) -> String {
        switch code["dirty"]?.boolValue {
        case true?: " (dirty)"
        case false?: ""
        case nil: " (not known whether dirty)"
        }
    }

    private static func place(_ code: JSONValue) -> String {
        (code.at("branch").map { " on \($0.cell)" } ?? "") + (code.at("source").map { ", \($0.cell)" } ?? "")
    }

    /// What was answered and, once it is known, what was true.
    private static func answer(_ details: JSONValue) -> String {
        let said = details.at("prediction").map { "  answered \($0.cell)" } ?? ""
        let label = details.at("label").map { $0.at("value")?.cell ?? $0.cell }
        return said + (label.map { ", truth \($0)" } ?? "")
    }
}
