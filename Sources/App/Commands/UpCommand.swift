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
                try await JidokaServer.run(settings, environment: context.environment) { addresses in
                    console.write(ready(addresses, settings, asJSON: asJSON))
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

    private static func ready(_ addresses: JidokaServer.Addresses, _ settings: ServerSettings, asJSON: Bool) -> String {
        let facts: JSONValue = [
            "version": .string(jidokaVersion), "url": .string(addresses.url), "grpc": JSONValue(addresses.grpc),
            "home": .string(settings.home),
        ]
        if asJSON { return facts.text + "\n" }
        let grpc = addresses.grpc.map { ", gRPC on \($0)" } ?? ""
        return "jidoka \(jidokaVersion) listening on \(addresses.url)\(grpc), home \(settings.home)\n"
    }
}

/// The flags that say which server: those of `up`, which `doctor` looks at too.
enum ServerFlags {
    /// Where the state of a server lies.
    static let place: [Flag] = [
        Flag("project", default: ".", value: "DIR", "the folder of jidoka.yaml and of the code that steps run"),
        Flag("home", env: "JIDOKA_HOME", value: "DIR", "where all state lies; by default .jidoka in the project folder"),
        Flag(
            "backend-store", env: "JIDOKA_BACKEND_STORE", value: "URL",
            "the database: sqlite:///PATH or postgresql://USER@HOST:PORT/DATABASE; by default jidoka.db in the home"),
        Flag(
            "artifact-store", env: "JIDOKA_ARTIFACT_STORE", value: "URL",
            "where artifacts, datasets and models are kept: file:///path or s3://bucket/prefix; by default the home folder"),
    ]

    static let all: [Flag] =
        place + [
            Flag("host", default: "127.0.0.1", env: "JIDOKA_HOST", value: "ADDRESS", "the address to listen on"),
            .int("port", in: 0...65_535, default: 5_000, env: "JIDOKA_PORT", "the port to listen on; 0 takes a free one"),
            .int(
                "grpc-port", in: 0...65_535, env: "JIDOKA_GRPC_PORT",
                "the port of gRPC; 0 turns it off; by default 8001 when that is free"),
            Flag(
                "log-level", .choice(["debug", "info", "notice", "warning", "error"]), default: "info", env: "JIDOKA_LOG_LEVEL",
                "what is logged to standard error"),
            Flag(
                "allowed-hosts", env: "JIDOKA_ALLOWED_HOSTS", value: "NAMES",
                "further host names of this server, by commas; other names in a request are refused; * allows any"),
            Flag(
                "static-prefix", default: "", env: "JIDOKA_STATIC_PREFIX", value: "PATH",
                "answer every path below this prefix too, for example /mlflow"),
            Flag(
                "python", env: "JIDOKA_PYTHON", value: "PATH",
                "the Python with mlflow for models that are no ONNX; by default .venv of the project, else python3"),
            .int(
                "python-processes", in: 1...256, default: 2, env: "JIDOKA_PYTHON_PROCESSES",
                "processes of each model version that runs in Python"),
            Flag(
                "webhook-allow", env: "JIDOKA_WEBHOOK_ALLOW", value: "PLACES",
                "where webhooks may go beside public addresses: hosts (hooks.example, *.example) and blocks (10.1.0.0/16), by commas"),
            Flag(
                "direct-transfers", .choice(["on", "off"]), default: "on", env: "JIDOKA_DIRECT_TRANSFERS",
                "whether clients send to and read from a bucket themselves, by signed addresses; off: all through this server"),
            .toggle("allow-unauthenticated", "listen on other addresses than loopback although everyone may then do everything"),
        ]

    static func place(_ values: Values, _ context: CommandContext) -> ServerSettings {
        let project = context.absolute(values.string("project"))
        return ServerSettings(
            project: project, home: values.optionalString("home").map(context.absolute) ?? (project == "/" ? "" : project) + "/.jidoka",
            backendStore: values.optionalString("backend-store"), artifactStore: values.optionalString("artifact-store"))
    }

    static func settings(_ values: Values, _ context: CommandContext) -> ServerSettings {
        var settings = place(values, context)
        settings.host = values.string("host")
        settings.port = values.int("port")
        settings.grpcPort = values.optionalInt("grpc-port")
        settings.python = values.optionalString("python").map { $0.contains("/") ? context.absolute($0) : $0 }
        settings.pythonProcesses = values.int("python-processes")
        settings.webhookAllow = (values.optionalString("webhook-allow") ?? "").split(separator: ",").map {
            String($0.filter { !$0.isWhitespace })
        }
        settings.logLevel = values.string("log-level")
        settings.allowUnauthenticated = values.isOn("allow-unauthenticated")
        settings.allowedHosts = (values.optionalString("allowed-hosts") ?? "").split(separator: ",").map {
            String($0.filter { !$0.isWhitespace })
        }
        settings.hasDirectTransfers = values.string("direct-transfers") == "on"
        settings.staticPrefix = values.string("static-prefix")
        return settings
    }
}
