import Clockwork
import CommandLine
import Errors
import Glibc
import JSON
import Server

/// `jidoka up`: the server, until it is asked to stop.
enum UpCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "up", "start the server of a project folder",
            details: """
                    jidoka up                  serve this folder on port 5000
                    jidoka up --port 0         take any free port

                Ctrl-C and SIGTERM stop it cleanly; a second one stops it at once.
                """, flags: ServerFlags.all
        ) { values, console in
            let settings = ServerFlags.settings(values, context)
            guard LocalFile.isFolder(settings.project) else {
                throw JidokaError.notFound("there is no folder `\(settings.project)`", hint: "give the project folder with --project")
            }
            // A client that went away is an error of its connection, not the end of the server.
            signal(SIGPIPE, SIG_IGN)
            let asJSON = values.isOn("json")
            let server = Task {
                try await JidokaServer.run(settings, environment: context.environment) { address in
                    console.write(ready(address, settings, asJSON: asJSON))
                }
            }
            context.interruptions.whenAsked {
                if console.errorIsTerminal { console.errorLine("stopping; once more to stop at once") }
                server.cancel()
            }
            do { try await server.value } catch is CancellationError where context.interruptions.isAsked { return .ok }
            return .ok
        }
    }

    private static func ready(_ address: String, _ settings: ServerSettings, asJSON: Bool) -> String {
        let facts: JSONValue = ["version": .string(jidokaVersion), "url": .string(address), "home": .string(settings.home)]
        return (asJSON ? facts.text : "jidoka \(jidokaVersion) listening on \(address), home \(settings.home)") + "\n"
    }
}

/// The flags that say which server: those of `up`, which `doctor` looks at too.
enum ServerFlags {
    static let all: [Flag] = [
        Flag("project", default: ".", value: "DIR", "the folder of jidoka.yaml and of the code that steps run"),
        Flag("home", env: "JIDOKA_HOME", value: "DIR", "where all state lies; by default .jidoka in the project folder"),
        Flag("host", default: "127.0.0.1", env: "JIDOKA_HOST", value: "ADDRESS", "the address to listen on"),
        .int("port", in: 0...65_535, default: 5_000, env: "JIDOKA_PORT", "the port to listen on; 0 takes a free one"),
        Flag(
            "log-level", .choice(["debug", "info", "notice", "warning", "error"]), default: "info", env: "JIDOKA_LOG_LEVEL",
            "what is logged to standard error"),
        Flag(
            "artifact-store", env: "JIDOKA_ARTIFACT_STORE", value: "URL",
            "where artifacts, datasets and models are kept: file:///path or s3://bucket/prefix; by default the home folder"),
        .toggle("allow-unauthenticated", "listen on other addresses than loopback although everyone may then do everything"),
    ]

    static func settings(_ values: Values, _ context: CommandContext) -> ServerSettings {
        let project = context.absolute(values.string("project"))
        return ServerSettings(
            project: project, home: values.optionalString("home").map(context.absolute) ?? (project == "/" ? "" : project) + "/.jidoka",
            host: values.string("host"), port: values.int("port"), logLevel: values.string("log-level"),
            allowUnauthenticated: values.isOn("allow-unauthenticated"), artifactStore: values.optionalString("artifact-store"))
    }
}
