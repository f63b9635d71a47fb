import Errors

/// One step of the schema. Never edited after release; `name` is unique, for example `tracking-0001-runs`.
package struct Migration: Sendable {
    package var name: String
    package var sql: String

    package init(name: String, sql: String) {
        self.name = name
        self.sql = sql
    }
}

extension Database {
    /// Brings the schema up to date: applies what is missing, in order, in one transaction. A database that holds a migration unknown to
    /// this program was made by a newer one and is refused.
    package func migrate(_ migrations: [Migration]) async throws {
        let known = Set(migrations.map(\.name))
        precondition(known.count == migrations.count, "two migrations share a name")
        try await write { connection in
            try connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT")
            let applied = Set(try connection.map("SELECT name FROM migrations") { $0.text(0) })
            if let newer = applied.subtracting(known).min() {
                throw JidokaError.failedPrecondition(
                    "the home folder was written by a newer version (it holds `\(newer)`)",
                    hint: "run the newer program, or choose another --home")
            }
            for (position, migration) in migrations.enumerated() where !applied.contains(migration.name) {
                try connection.script(migration.sql)
                try connection.execute("INSERT INTO migrations VALUES (?, ?)", [.text(migration.name), .int(Int64(position))])
            }
        }
    }
}
