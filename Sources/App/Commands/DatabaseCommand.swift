import CommandLine
import JSON
import Server

/// `jidoka db`: looks after the database itself, whether a server runs or not.
enum DatabaseCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "db", "look after the database: its schema, its health, its backups",
            flags: ServerFlags.place,
            subcommands: [status(context), migrate(context), check(context), backup(context), restore(context)])
    }

    private static func desk(_ values: Values, _ context: CommandContext) throws -> DatabaseDesk {
        try DatabaseDesk(ServerFlags.place(values, context), environment: context.environment)
    }

    private static func status(_ context: CommandContext) -> Command {
        Command("status", "say where the database is, how large, and which migrations it holds") { values, console in
            console.show(try await desk(values, context).status(), values) { state in
                "\(state.cell("database")), \(state.cell("bytes")) bytes, \(counted(items(state, "applied").count, "migration"))\n"
                    + listed("missing, `jidoka db migrate` applies them", items(state, "missing"))
                    + listed("of a newer program", items(state, "unknown"))
            }
            return .ok
        }
    }

    private static func migrate(_ context: CommandContext) -> Command {
        Command("migrate", "bring the schema up to date, as the start of a server does") { values, console in
            console.show(try await desk(values, context).migrate(), values) { done in
                items(done, "applied").isEmpty ? "nothing to do\n" : listed("applied", items(done, "applied"))
            }
            return .ok
        }
    }

    private static func check(_ context: CommandContext) -> Command {
        Command(
            "check", "check pages, references, the chain of events, and count the rows",
            details: "Exit status 3 when something is wrong."
        ) { values, console in
            let found = try await desk(values, context).check()
            console.show(found, values) { found in
                if found.flag("valid") { return console.marked("the database is whole", true) + ": \(found.cell("database"))\n" }
                return listed(console.marked("the database is not whole", false), items(found, "problems"))
            }
            return found.flag("valid") ? .ok : .notPassed
        }
    }

    private static func backup(_ context: CommandContext) -> Command {
        Command(
            "backup", "write the whole database to one file while servers go on",
            details: """
                A SHA-256 is written beside it (FILE.sha256). Objects, predictions and labels are files of the home folder and not in it:
                copy them afterwards. PostgreSQL is written by pg_dump.
                """, positionals: [Positional("file", "a file that does not exist")]
        ) { values, console in
            let done = try await desk(values, context).backUp(to: context.absolute(values.argument("file")))
            console.show(done, values) { "\($0.cell("file")): \($0.cell("bytes")) bytes, SHA-256 \($0.cell("sha256"))\n" }
            return .ok
        }
    }

    private static func restore(_ context: CommandContext) -> Command {
        Command(
            "restore", "put a backup in the place of the database; stop the server first",
            details: """
                The backup is checked first: its digest, and of SQLite pages, references and events. The file that is replaced is
                kept beside it. PostgreSQL is restored by pg_restore and psql in one transaction; what was there is kept as a dump beside
                the backup.
                """,
            flags: [
                .toggle("force", "replace a database that is there"),
                .toggle("dry-run", "check the backup and say what would happen"),
            ], positionals: [Positional("file", "what `jidoka db backup` wrote")]
        ) { values, console in
            let done = try await desk(values, context).restore(
                context.absolute(values.argument("file")), force: values.isOn("force"), dryRun: values.isOn("dry-run"))
            console.show(done, values) { done in
                let kept = done.at("kept")?.stringValue.map { ", the old one is \($0)" } ?? ""
                return "\(done.flag("restored") ? "restored" : "would restore") \(done.cell("database"))\(kept)\n"
            }
            return .ok
        }
    }

    private static func items(_ document: JSONValue, _ key: String) -> [JSONValue] { document.at(key)?.arrayValue ?? [] }

    private static func listed(_ title: String, _ items: [JSONValue]) -> String {
        items.isEmpty ? "" : "\(title):\n" + items.map { "  \($0.cell)\n" }.joined()
    }
}
