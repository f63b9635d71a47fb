import CommandLine
import Datasets
import Errors
import JSON
import Line
import Pipelines

/// `jidoka line …`: the line file.
enum LineCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "line", "check and apply jidoka.yaml",
            subcommands: [
                Command(
                    "check", "read a line file and the suites that it names, and say what is wrong; needs no server",
                    positionals: [Positional("file", "the line file; by default jidoka.yaml of this folder", .optional)]
                ) { values, console in
                    let path = values.optionalArgument("file") ?? LineReader.fileName
                    let line = try await read(path, context)
                    console.show(summary(line), values) { text($0, path) }
                    return .ok
                },
                Command("show", "print the line that is in force on the server, as JSON") { values, console in
                    console.show(try await context.api(values).get(["line"]), values) { $0.text + "\n" }
                    return .ok
                },
                Command("reload", "let the server read jidoka.yaml again; a broken file changes nothing") { values, console in
                    let applied = try await context.api(values).post(["line", "reload"])
                    console.show(applied, values) { document in
                        document.isNull ? "the project has no line file\n" : "the line `\(document.string("line"))` is in force\n"
                    }
                    return .ok
                },
            ])
    }

    private static func read(_ path: String, _ context: CommandContext) async throws -> Line {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let line = try await context.line(in: folder, file: slash.map { String(path[path.index(after: $0)...]) } ?? path)
        for data in line.data {
            for declared in data.expectations {
                do { _ = try Expectation(name: declared.name, arguments: declared.arguments) } catch let error as JidokaError {
                    throw JidokaError(error.code, "\(declared.place): \(error.message)", hint: error.hint)
                }
            }
        }
        return line
    }

    private static func summary(_ line: Line) -> JSONValue {
        [
            "valid": true, "line": .string(line.name),
            "data": .array(line.data.map { ["name": .string($0.name), "expectations": .int(Int64($0.expectations.count))] }),
            "steps": .array((line.pipeline?.steps ?? []).map { .string($0.name) }), "model": JSONValue(line.model),
            "checks": .int(Int64(line.gate?.checks.count ?? 0)), "endpoint": JSONValue(line.endpoint?.name),
            "monitored": .bool(line.monitor != nil), "alerts": .int(Int64(line.alerts.count)), "policies": .int(Int64(line.policies.count)),
        ]
    }

    private static func text(_ summary: JSONValue, _ path: String) -> String {
        var facts: [(String, String)] = summary.list("data").map { data in
            ("data", "\(data.string("name")), \(counted(Int(data["expectations"]?.intValue ?? 0), "expectation"))")
        }
        let steps = summary.list("steps").map(\.cell)
        if !steps.isEmpty { facts.append(("pipeline", steps.joined(separator: " → "))) }
        if let model = summary.at("model") { facts.append(("model", model.cell)) }
        if let checks = summary["checks"]?.intValue, checks > 0 { facts.append(("gate", counted(Int(checks), "check"))) }
        if let endpoint = summary.at("endpoint") { facts.append(("endpoint", endpoint.cell)) }
        facts.append(("monitor", summary.flag("monitored") ? "on" : "off"))
        facts.append(("alerts", summary.cell("alerts")))
        facts.append(("policies", summary.cell("policies")))
        return "\(path): the line `\(summary.string("line"))` is in order\n" + factsText(facts.map { ("  \($0.0)", $0.1) })
    }
}
