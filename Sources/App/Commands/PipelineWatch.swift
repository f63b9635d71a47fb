import Clockwork
import CommandLine
import Errors
import JSON

/// Follows a pipeline run to its end by asking five times a second.
struct PipelineWatch {
    let api: APIClient
    let time: any TimeSource
    private static let pause = Duration.milliseconds(200)
    /// A server that is being restarted is away for a while: so many questions without an answer are borne.
    private static let silenceMax = 50

    /// The run at its end; changes of steps are written to the console as they are seen.
    func follow(_ run: JSONValue, to console: (any Console)?) async throws -> JSONValue {
        var run = run
        var seen: [String: String] = [:]
        var silence = 0
        while true {
            if let console { for line in PipelineWatch.changes(run, &seen) { console.line("  " + line) } }
            if ["succeeded", "failed", "cancelled"].contains(run.string("status")) { return run }
            try await time.sleep(for: PipelineWatch.pause)
            do {
                run = try await api.get(["pipeline", "runs", run.string("id")])
                silence = 0
            } catch let error as JidokaError where error.code == .unavailable && silence < PipelineWatch.silenceMax {
                silence += 1
            }
        }
    }

    /// One line for each step whose state is another than in `seen`.
    static func changes(_ run: JSONValue, _ seen: inout [String: String]) -> [String] {
        var lines: [String] = []
        let width = run.list("steps").map { $0.string("name").count }.max() ?? 0
        for step in run.list("steps") {
            let name = step.string("name")
            let state = "\(step.string("status")) \(step["attempt"]?.intValue ?? 0)"
            if seen[name] == state || (seen[name] == nil && step.string("status") == "waiting") { continue }
            seen[name] = state
            lines.append(name + String(repeating: " ", count: width - name.count + 2) + PipelineText.state(step))
        }
        if run.string("status") == "concluding", seen["\u{0}"] == nil {
            seen["\u{0}"] = "concluding"  // no step has such a name
            lines.append("registering, verifying and judging the model")
        }
        return lines
    }
}
