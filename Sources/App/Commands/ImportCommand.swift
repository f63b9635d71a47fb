import Clockwork
import CommandLine
import Digests
import Errors
import Glibc
import Interchange
import JSON
import Outbound

/// `jidoka import` and `jidoka sync`: one way in, from what was made elsewhere.
enum ImportCommand {
    private static let flags: [Flag] = [
        Flag("artifacts", value: "DIR", "where the MLflow server kept its artifacts, when the store does not hold them"),
        Flag("state", env: "JIDOKA_STATE", value: "DIR", "where it is noted what was delivered; by default ~/.local/state/jidoka"),
    ]
    private static let source = Positional(
        "source", "an MLflow folder (mlruns), SQLite file or PostgreSQL address, a W&B folder (wandb), or a table of runs")

    static func command(_ context: CommandContext) -> Command {
        Command(
            "import", "bring experiments, runs and models of MLflow and W&B into the server",
            details: """
                    jidoka import ./mlruns --dry-run     count what is there
                    jidoka import ./mlruns
                    jidoka import mlflow.db --artifacts ./mlartifacts
                    jidoka import ./wandb                what W&B's client logged with WANDB_MODE=offline
                    jidoka import postgresql://reader@db.example/mlflow     the password from PGPASSWORD
                    jidoka import runs.csv               of mlflow.search_runs().to_csv(); .json and .jsonl too

                Ids, times and version numbers are kept. It may be repeated, and cut off and repeated: nothing is doubled.
                """, flags: flags + [.toggle("dry-run", "count what there is, change nothing")], positionals: [source]
        ) { values, console in try await deliver(values, console, context, dry: values.isOn("dry-run")) }
    }

    static func sync(_ context: CommandContext) -> Command {
        Command(
            "sync", "send what was logged offline since the last time",
            details: """
                    MLFLOW_TRACKING_URI=sqlite:///offline.db python train.py     without any network
                    jidoka sync offline.db                                       when there is one again, also while it grows

                Each point, param, artifact and model version arrives exactly once, whatever was killed when.
                """, flags: flags, positionals: [source]
        ) { values, console in try await deliver(values, console, context, dry: false) }
    }

    private static func deliver(_ values: Values, _ console: any Console, _ context: CommandContext, dry: Bool) async throws -> ExitStatus {
        let source = try await open(values, context)
        if dry {
            console.show(.object(try await Delivery.preview(source).json), values) { text($0, "there are", console) }
            return .ok
        }
        let api = context.api(values)
        let client = OutboundClient(pool: BlockingPool(threads: 2))
        let server = TargetServer(url: api.server, actor: api.actor) { request in
            do { return try await client.send(request) } catch let error as JidokaError where error.fields["reason"] == "refused" {
                throw JidokaError(
                    .unavailable, "no server answers at \(api.server)", hint: "start one with `jidoka up`, then do this again")
            }
        }
        let journal = try await journal(source, server, values, context)
        let bar = ProgressBar("runs", total: nil, console: console, time: context.time)
        defer { bar.finish() }
        let counts = try await Delivery(source, to: server, journal: journal, told: { bar.advance(by: $0) }).run()
        bar.finish()
        console.show(.object(counts.json), values) { text($0, "delivered", console) }
        return .ok
    }

    private static func open(_ values: Values, _ context: CommandContext) async throws -> any InterchangeSource {
        let artifacts = values.optionalString("artifacts").map(context.absolute)
        let database = try await MLflowDatabase.atAddress(
            values.argument("source"), artifactFolder: artifacts, folder: context.folder)
        if let database { return database }
        let path = context.absolute(values.argument("source"))
        let pool = BlockingPool(threads: 1)
        if LocalFile.isFolder(path) {
            for folder in [path, "\(path)/mlruns"] where MLflowFolder.isOne(folder) {
                return MLflowFolder(root: folder, artifactFolder: artifacts, pool: pool)
            }
            for folder in [path, "\(path)/wandb"] where WandbFolder.isOne(folder) { return WandbFolder(root: folder, pool: pool) }
            throw JidokaError.invalidArgument(
                "`\(values.argument("source"))` is no folder of MLflow or W&B",
                hint: "give the folder that holds the experiments, usually `mlruns`, or the offline runs, usually `wandb`")
        }
        if let ending = path.split(separator: ".").last, RunTable.endings.contains(ending.lowercased()) {
            return try await RunTable(path: path, shown: values.argument("source"), artifactFolder: artifacts, pool: pool)
        }
        let head = Array(try LocalFile.read(path, shown: values.argument("source"), bytesMax: 1 << 40).prefix(15))
        guard head == Array("SQLite format 3".utf8) else {
            throw JidokaError.invalidArgument(
                "`\(values.argument("source"))` is neither a folder nor a SQLite file", hint: "see `jidoka import --help`")
        }
        return MLflowDatabase(SQLiteTables(path: path, pool: pool), title: "MLflow database \(path)", artifactFolder: artifacts)
    }

    private static func journal(
        _ source: any InterchangeSource, _ server: TargetServer, _ values: Values, _ context: CommandContext
    ) async throws -> DeliveryJournal {
        let home = context.environment["HOME"] ?? context.folder
        let folder = values.optionalString("state").map(context.absolute) ?? "\(home)/.local/state/jidoka"
        var made = ""
        for part in folder.split(separator: "/") {
            made += "/\(part)"
            mkdir(made, 0o700)
        }
        var hash = SHA256()
        hash.update(Array("\(try await server.identity()) \(source.title)".utf8))
        return try DeliveryJournal(path: "\(folder)/\(hash.finish().prefix(32)).jsonl")
    }

    private static func text(_ counts: JSONValue, _ verb: String, _ console: any Console) -> String {
        var text =
            "\(verb): \(counts.count("experiments")) experiments, \(counts.count("runs")) runs, \(counts.count("points")) points,"
            + " \(counts.count("files")) artifact files, \(counts.count("logged_models")) logged models,"
            + " \(counts.count("models")) registered models, \(counts.count("versions")) versions;"
            + " \(counts.count("unchanged_runs")) runs unchanged\n"
        for remark in counts.list("remarks") { text += "  note: \(remark.cell)\n" }
        return text
    }
}
