import Clockwork
package import CommandLine
import Errors
import Glibc
import JSON
import Server

/// The program: its table of commands, and how it starts and ends.
package enum JidokaProgram {
    /// Runs the command that the process was started with. Called on the main thread before any other thread is started.
    package static func main() -> Never {
        Interruptions.block()
        let environment = processEnvironment()
        let context = CommandContext(environment: environment, folder: workingFolder())
        let words = Array(Swift.CommandLine.arguments.dropFirst())
        Task {
            let console = ProcessConsole(environment: environment)
            let status = await program(context).run(words, environment: environment, console: console)
            // Nothing is buffered. `exit` would run the destructors of the native libraries while their threads still work.
            _exit(status.rawValue)
        }
        context.interruptions.watch()
    }

    package static func program(_ context: CommandContext) -> Program { Program(root(context), version: jidokaVersion) }

    /// The table of all commands.
    package static func root(_ context: CommandContext) -> Command {
        Command(
            "jidoka", "the production line of a machine-learning team: data, training, registry, serving, monitoring, rollout",
            details: """
                    jidoka up                                start the server of this folder
                    jidoka data add census census.parquet    add a dataset version
                    jidoka pipeline run --wait               train, judge and register a model
                    jidoka monitor show employment           see drift and performance

                exit status: 0 ok, 1 failed, 2 wrong usage, 3 a gate or a check did not pass
                """,
            flags: [
                Flag("server", default: "http://127.0.0.1:5000", env: "JIDOKA_URL", value: "URL", "the server that is asked"),
                .toggle("json", "print one JSON document instead of text"),
                Flag(
                    "actor", default: "user:\(userName(context.environment))",
                    env: "JIDOKA_ACTOR", value: "NAME", "who is named as the cause of what is done"),
            ],
            subcommands: [
                UpCommand.command(context), DoctorCommand.command(context), StatusCommand.command(context),
                DatabaseCommand.command(context), versionCommand,
                DataCommand.command(context), LineCommand.command(context), PipelineCommand.command(context), RunsCommand.command(context),
                ModelsCommand.command(context), EndpointCommand.command(context), RolloutCommand.command(context),
                MonitorCommand.command(context), LabelsCommand.command(context), PredictionsCommand.command(context),
                AlertsCommand.command(context), ArtifactsCommand.command(context), EventsCommand.command(context),
                WebhooksCommand.command(context), ExportCommand.command(context),
                AuditCommand.command(context), TraceCommand.command(context), ExperimentsCommand.command(context),
                ImportCommand.command(context), ImportCommand.sync(context),
            ])
    }

    private static var versionCommand: Command {
        Command("version", "print the version of this program") { values, console in
            console.show(["version": .string(jidokaVersion)], values) { _ in "jidoka \(jidokaVersion)\n" }
            return .ok
        }
    }

    /// Who is logged in: by the environment, else by the system's table of users.
    private static func userName(_ environment: [String: String]) -> String {
        if let name = environment["USER"] ?? environment["LOGNAME"], !name.isEmpty { return name }
        guard let entry = getpwuid(getuid()), let name = entry.pointee.pw_name else { return String(getuid()) }
        return String(cString: name)
    }

    private static func workingFolder() -> String {
        guard let path = getcwd(nil, 0) else { return "." }
        defer { free(path) }
        return String(cString: path)
    }
}
