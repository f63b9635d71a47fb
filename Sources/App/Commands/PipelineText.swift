import Clockwork
import CommandLine
import JSON

/// Pipeline runs and gate reports as text.
enum PipelineText {
    /// `succeeded in 3.2 s`, `running, attempt 2`, `failed with exit status 1 after 3.2 s: message`.
    static func state(_ step: JSONValue) -> String {
        let status = step.string("status")
        var text = status
        if status == "failed", let code = step["exit_status"]?.intValue { text += " with exit status \(code)" }
        if let taken = duration(step), status != "cached" { text += status == "succeeded" ? " in \(taken)" : " after \(taken)" }
        if let attempt = step["attempt"]?.intValue, attempt > 1 { text += ", attempt \(attempt)" }
        if let source = step.at("cached_from") { text += " from run \(source.cell)" }
        if let message = step.at("message") { text += ": \(message.cell)" }
        return text
    }

    private static func duration(_ step: JSONValue) -> String? {
        guard let start = step["started_us"]?.intValue, let end = step["ended_us"]?.intValue else { return nil }
        return HumanText.duration(.microseconds(end - start))
    }

    /// The last lines of a run that was followed.
    static func outcome(_ run: JSONValue, _ console: any Console) -> String {
        var text = ""
        if let report = run.at("gate") { text += "\n" + gate(report, console) + "\n" }
        let status = run.string("status")
        let word = run.flag("refused") ? "refused" : status
        text += "pipeline run \(run.string("id")) \(console.marked(word, status == "succeeded"))"
        if let version = run.at("model_version") { text += ", model version \(version.cell)" }
        if let error = run.at("error") { text += ": \(error.cell)" }
        return text + "\n"
    }

    static func described(_ run: JSONValue, _ console: any Console) -> String {
        var facts = [
            ("pipeline run", run.string("id")),
            ("status", run.flag("refused") ? "\(run.string("status")) (a check or the gate said no)" : run.string("status")),
            ("started", "\(run.clock("created_at")) by \(run.cell("actor")) (\(run.cell("trigger")))"), ("reason", run.cell("reason")),
        ]
        if run.at("ended_at") != nil { facts.append(("ended", run.clock("ended_at"))) }
        for (name, value) in run["data"]?.objectValue ?? [:] { facts.append(("data", "\(name) \(value.cell.prefix(12))")) }
        for (name, value) in run["params"]?.objectValue ?? [:] { facts.append(("param", "\(name) = \(value.cell)")) }
        if let version = run.at("model_version") { facts.append(("model version", version.cell)) }
        if let error = run.at("error") { facts.append(("error", error.cell)) }
        let steps = tableText(
            [.left("step"), .left("state")], run.list("steps").map { [$0.string("name"), state($0)] }, empty: "it has no steps")
        return factsText(facts) + "\n" + steps + (run.at("gate").map { "\n" + gate($0, console) } ?? "")
    }

    /// The verdict of a gate, check by check.
    static func gate(_ report: JSONValue, _ console: any Console) -> String {
        let rows = report.list("checks").map { check in
            [
                check.string("check"), console.marked(check.string("verdict"), check.string("verdict") == "passed"), check.cell("value"),
                check.cell("limit"), check.cell("champion_value"), check.cell("detail"),
            ]
        }
        var head = "gate"
        if let model = report.at("model") { head += " of \(model.cell)/\(report.cell("version"))" }
        head += ": \(console.marked(report.string("verdict"), report.string("verdict") == "passed"))"
        if let data = report.at("data") {
            head +=
                " on \(report.count("rows")) \(data.string("part")) rows of \(data.string("dataset")) \(data.string("version").prefix(12))"
        }
        let titles: [Table.Column] = [
            .left("check"), .left("verdict"), .right("value"), .right("limit"), .right("champion"), .left("detail"),
        ]
        return head + "\n" + tableText(titles, rows, empty: "it has no checks")
    }
}
