import Errors

/// One step of the schema. Never edited after release; `name` is unique, for example `tracking-0001-runs`.
package struct Migration: Sendable {
    package var name: String
    /// In the words that `Dialect` names.
    package var sql: String
    /// Passages that PostgreSQL needs otherwise: an index whose entries would be too long for it, a reserved word.
    package var onPostgres: [(passage: String, instead: String)]

    package init(name: String, sql: String, onPostgres: [(passage: String, instead: String)] = []) {
        self.name = name
        self.sql = sql
        self.onPostgres = onPostgres
    }

    func text(for location: DatabaseLocation) -> String {
        guard case .postgres = location else { return sql }
        return onPostgres.reduce(sql) { $0.replacing($1.passage, with: $1.instead) }
    }
}

extension Database {
    /// Brings the schema up to date: applies what is missing, in order, in one transaction. A database that holds a migration unknown to
    /// this program was made by a newer one and is refused.
    package func migrate(_ migrations: [Migration]) async throws {
        let known = Set(migrations.map(\.name))
        precondition(known.count == migrations.count, "two migrations share a name")
        let location = location
        try await write { connection in
            try connection.script("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT")
            let applied = Set(try connection.map("SELECT name FROM migrations") { $0.text(0) })
            if let newer = applied.subtracting(known).min() {
                throw JidokaError.failedPrecondition(
                    "the database was written by a newer version (it holds `\(newer)`)",
                    hint: "run the newer program, or choose another --home or --backend-store")
            }
            for (position, migration) in migrations.enumerated() where !applied.contains(migration.name) {
                try connection.script(migration.text(for: location))
                try connection.execute("INSERT INTO migrations VALUES (?, ?)", [.text(migration.name), .int(Int64(position))])
            }
        }
    }
}
