import Clockwork
import CommandLine
import Errors
import JSON
import Line

/// `jidoka data …`: dataset versions and their checks.
enum DataCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "data", "dataset versions and their checks",
            subcommands: [add(context), check(context), list(context), show(context), versions(context), get(context)])
    }

    private static let name = Positional("name", "the dataset")

    private static func add(_ context: CommandContext) -> Command {
        Command(
            "add", "add a Parquet or CSV file as a version", details: "The same bytes again are the same version.",
            flags: [Flag("reason", .string, "why it is added, for the record")],
            positionals: [name, Positional("file", "the file; by default the `path` that jidoka.yaml of this folder declares", .optional)]
        ) { values, console in
            let dataset = values.argument("name")
            let file = try await source(dataset, values.optionalArgument("file"), context)
            let version = try await upload(
                ["datasets", dataset, "versions"], [("reason", values.optionalString("reason"))], file, values, console, context)
            console.show(version, values, as: added)
            return .ok
        }
    }

    private static func check(_ context: CommandContext) -> Command {
        Command(
            "check", "check a version, or a file, against the expectations that the line declares",
            details: """
                    jidoka data check census                     the newest version
                    jidoka data check census new-rows.parquet    a file, which is not kept

                Exit status 3 when an expectation fails.
                """, flags: [Flag("version", value: "DIGEST", "the version, by the beginning of its digest")],
            positionals: [name, Positional("file", "a candidate file", .optional)]
        ) { values, console in
            let path = ["datasets", values.argument("name"), "check"]
            let result: JSONValue
            if let file = values.optionalArgument("file") {
                guard values.optionalString("version") == nil else {
                    throw JidokaError.invalidArgument("a file and a version were given", hint: "name one of them")
                }
                result = try await upload(path, [], file, values, console, context)
            } else {
                result = try await context.api(values).upload(path, [("version", values.optionalString("version"))], file: nil)
            }
            console.show(result, values) { ValidationText.report($0, console) }
            return result.flag("success") ? .ok : .notPassed
        }
    }

    private static func list(_ context: CommandContext) -> Command {
        Command("list", "list datasets") { values, console in
            console.show(try await context.api(values).get(["datasets"], [("limit", "1000")]), values) { datasets in
                tableText(
                    [.left("dataset"), .right("versions"), .left("newest"), .right("rows"), .left("added")],
                    (datasets.arrayValue ?? []).map { dataset in
                        let newest = dataset["newest"] ?? .null
                        return [
                            dataset.string("name"), dataset.count("versions"), newest.string("version"), newest.count("rows"),
                            newest.clock("created_at"),
                        ]
                    }, empty: "there are no datasets: add one with `jidoka data add NAME FILE`")
            }
            return .ok
        }
    }

    private static func show(_ context: CommandContext) -> Command {
        Command(
            "show", "show a version with its columns",
            positionals: [name, Positional("version", "by the beginning of its digest; by default the newest", .optional)]
        ) { values, console in
            let api = context.api(values)
            let path = ["datasets", values.argument("name"), "versions"]
            var version = values.optionalArgument("version")
            if version == nil { version = try await api.get(path, [("limit", "1")])[0]?["version"]?.stringValue }
            guard let version else { throw JidokaError.notFound("dataset `\(values.argument("name"))` has no version") }
            console.show(try await api.get(path + [version]), values, as: described)
            return .ok
        }
    }

    private static func versions(_ context: CommandContext) -> Command {
        Command("versions", "list the versions of a dataset, newest first", positionals: [name]) { values, console in
            let versions = try await context.api(values).get(["datasets", values.argument("name"), "versions"])
            console.show(versions, values) { versions in
                tableText(
                    [.left("version"), .right("rows"), .right("size"), .left("added"), .left("by"), .left("source")],
                    (versions.arrayValue ?? []).map {
                        [
                            $0.string("version"), $0.count("rows"), $0.bytes("bytes"), $0.clock("created_at"), $0.cell("actor"),
                            $0.cell("source"),
                        ]
                    }, empty: "there are no versions")
            }
            return .ok
        }
    }

    private static func get(_ context: CommandContext) -> Command {
        Command(
            "get", "write the bytes of a version to a file",
            flags: [Flag("part", .choice(["all", "train", "holdout"]), default: "all", "which rows")],
            positionals: [name, Positional("version", "by the beginning of its digest"), Positional("file", "where to write")]
        ) { values, console in
            let file = context.absolute(values.argument("file"))
            try await context.api(values).download(
                ["datasets", values.argument("name"), "versions", values.argument("version"), "content"], [("part", values.string("part"))],
                to: file)
            let size = try await context.pool.run { try LocalFile.size(file, shown: file) }
            console.show(["file": .string(file), "bytes": .int(Int64(size))], values) { "\($0.string("file")): \($0.bytes("bytes"))\n" }
            return .ok
        }
    }

    // MARK: Files

    /// The file as given, or as the line declares it.
    private static func source(_ dataset: String, _ given: String?, _ context: CommandContext) async throws -> String {
        if let given { return given }
        let line: Line
        do { line = try await context.line(in: ".") } catch let error as JidokaError where error.code == .notFound {
            throw JidokaError.invalidArgument(
                "no file was given, and there is no \(LineReader.fileName) here that would name one",
                hint: "`jidoka data add \(dataset) FILE`, or run it in the project folder")
        }
        guard let declared = line.data(named: dataset) else {
            let near = nearestName(to: dataset, among: line.data.map(\.name)).map { "did you mean `\($0)`?" }
            throw JidokaError.notFound(
                "\(LineReader.fileName) declares no dataset `\(dataset)`", hint: near ?? "`jidoka data add \(dataset) FILE`")
        }
        return declared.path
    }

    private static func upload(
        _ path: [String], _ query: [(String, String?)], _ file: String, _ values: Values, _ console: any Console, _ context: CommandContext
    ) async throws -> JSONValue {
        let absolute = context.absolute(file)
        let size = try await context.pool.run { try LocalFile.size(absolute, shown: file) }
        let filename = absolute.split(separator: "/").last.map(String.init) ?? file
        let bar = ProgressBar("sending \(filename)", total: size, unit: "bytes", console: console, time: context.time)
        defer { bar.finish() }
        do {
            return try await context.api(values).upload(path, [("filename", filename)] + query, file: absolute) { bar.advance(by: $0) }
        } catch var error as JidokaError {
            // What the server says of the content it says of this file.
            if error.code == .invalidArgument, !error.message.contains(filename) { error.message = "`\(file)`: \(error.message)" }
            throw error
        }
    }

    // MARK: Text

    private static func added(_ version: JSONValue) -> String {
        let verb = version["added"]?.boolValue == false ? "is there already" : "added"
        return "\(version.string("dataset")) \(version.string("version")) \(verb): \(version.count("rows")) rows, "
            + "\(counted(version.list("schema").count, "column")), \(version.bytes("bytes")) of \(version.string("format"))\n"
    }

    private static func described(_ version: JSONValue) -> String {
        let facts = factsText([
            ("dataset", version.string("dataset")), ("version", version.string("version")), ("digest", version.string("digest")),
            ("rows", version.count("rows")), ("size", "\(version.bytes("bytes")) of \(version.string("format"))"),
            ("source", version.cell("source")), ("added", "\(version.clock("created_at")) by \(version.cell("actor"))"),
        ])
        let columns = version.at("profile", "columns")?.arrayValue ?? version.list("schema")
        let rows = columns.map { column in
            [
                column.string("name"), column.string("type"), column.count("missing"), column.count("distinct"), column.cell("min"),
                column.cell("max"), column.cell("mean"),
            ]
        }
        let titles: [Table.Column] = [
            .left("column"), .left("type"), .right("missing"), .right("distinct"), .right("min"), .right("max"), .right("mean"),
        ]
        return facts + "\n" + tableText(titles, rows, empty: "no columns")
    }
}
