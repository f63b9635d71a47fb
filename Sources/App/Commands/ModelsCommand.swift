import CommandLine
import Errors
import JSON

/// `jidoka models …`: registered versions on their way to traffic.
enum ModelsCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "models", "registered model versions: verification, gate, promotion",
            subcommands: [
                show(context), register(context), verify(context), gate(context), promote(context),
                alias(context), stage(context), history(context), resolve(context),
            ])
    }

    static let name = Positional("name", "the registered model")
    static let version = Positional("version", "the number of the version")
    static let reason = Flag("reason", .string, "why, for the record")

    static func path(_ values: Values) -> [String] { ["models", values.argument("name"), "versions", values.argument("version")] }

    private static func show(_ context: CommandContext) -> Command {
        Command(
            "show", "list the versions of a model, or show one",
            positionals: [name, Positional("version", "the number of the version; without it all are listed", .optional)]
        ) { values, console in
            let api = context.api(values)
            let all = ["models", values.argument("name"), "versions"]
            if let version = values.optionalArgument("version") {
                console.show(try await api.get(all + [version]), values) { described($0, console) }
            } else {
                console.show(try await api.get(all), values, as: list)
            }
            return .ok
        }
    }

    private static func register(_ context: CommandContext) -> Command {
        Command(
            "register", "register the newest logged model of a run as a version", flags: [reason],
            positionals: [name, Positional("run", "the MLflow run")]
        ) { values, console in
            var fields: JSONObject = ["run_id": .string(values.argument("run"))]
            fields["reason"] = values.optionalString("reason").map(JSONValue.string)
            let version = try await context.api(values).post(["models", values.argument("name"), "versions"], fields)
            console.show(version, values) { "\($0.string("name"))/\($0.cell("version")) is registered: \($0.cell("status"))\n" }
            return .ok
        }
    }

    private static func verify(_ context: CommandContext) -> Command {
        Command(
            "verify", "check the bytes and digest of a version, load it and predict once", positionals: [name, version]
        ) { values, console in
            let answer = try await context.api(values).post(path(values) + ["verify"])
            console.show(answer, values) { described($0, console) }
            return .ok
        }
    }

    private static func gate(_ context: CommandContext) -> Command {
        Command(
            "gate", "judge a version by the declared gate", details: "Exit status 3 when it does not pass.", positionals: [name, version]
        ) { values, console in
            let report = try await context.api(values).post(path(values) + ["gate"])
            console.show(report, values) { PipelineText.gate($0, console) }
            return report.string("verdict") == "passed" ? .ok : .notPassed
        }
    }

    private static func promote(_ context: CommandContext) -> Command {
        Command(
            "promote", "make a version champion at once, without a rollout",
            flags: [reason, .toggle("override", "although it has not passed its gate; goes on record")], positionals: [name, version]
        ) { values, console in
            guard let reason = requiredReason(values, console, "jidoka models promote NAME VERSION --reason TEXT") else { return .usage }
            let answer = try await context.api(values).post(
                path(values) + ["promote"], ["reason": .string(reason), "override": .bool(values.isOn("override"))])
            console.show(answer, values) { _ in "\(values.argument("name"))/\(values.argument("version")) is champion\n" }
            return .ok
        }
    }

    // MARK: Text

    private static func list(_ versions: JSONValue) -> String {
        tableText(
            [.right("version"), .left("status"), .left("aliases"), .left("gate"), .left("run"), .left("registered")],
            (versions.arrayValue ?? []).map {
                [
                    $0.cell("version"), $0.cell("status"), aliases($0), $0.at("gate", "verdict")?.cell ?? JSONValue.absent,
                    $0.cell("run_id"),
                    $0.clock("created_at"),
                ]
            }, empty: "there are no versions: a pipeline run registers one, or `jidoka models register NAME RUN`")
    }

    static func described(_ version: JSONValue, _ console: any Console) -> String {
        let left = ["verification", "gate", "name", "version"]
        var facts = [("version", "\(version.string("name"))/\(version.cell("version"))")]
        for (name, value) in version.objectValue ?? [:] where !left.contains(name) && !value.isNull && value.objectValue == nil {
            let text = name == "aliases" ? aliases(version) : name.hasSuffix("_at") ? version.clock(name) : value.cell
            if !text.isEmpty { facts.append((name.map { $0 == "_" ? " " : String($0) }.joined(), text)) }
        }
        if let report = version.at("verification") {
            let problem = report.at("problem")?.cell
            facts.append(("verification", problem.map { console.marked($0, false) } ?? report.at("detail")?.cell ?? "done"))
        }
        return factsText(facts) + (version.at("gate").map { "\n" + PipelineText.gate($0, console) } ?? "")
    }

    private static func aliases(_ version: JSONValue) -> String { version.list("aliases").map(\.cell).joined(separator: ", ") }
}

/// The `--reason` of what goes on record; nil, with the complaint written, when it is missing.
func requiredReason(_ values: Values, _ console: any Console, _ usage: String) -> String? {
    if let reason = values.optionalString("reason"), !reason.isEmpty { return reason }
    console.errorLine("jidoka: `--reason` is missing")
    console.errorLine("  hint: say why; it goes on record")
    console.errorLine("  usage: \(usage)")
    return nil
}
