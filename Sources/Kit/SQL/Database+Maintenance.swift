import Clockwork
import Errors

/// What `jidoka db` asks of a database.
extension Database {
    package struct SchemaState: Sendable, Hashable {
        package var applied: [String]
        /// Known to the program, not applied yet.
        package var missing: [String]
        /// Applied by a newer program.
        package var unknown: [String]
    }

    /// Which migrations the database holds; none when it is empty.
    package func schemaState(_ migrations: [Migration]) async throws -> SchemaState {
        let isSQLite = if case .sqlite = location { true } else { false }
        let known = migrations.map(\.name)
        return try await read { connection in
            let exists = try Database.tables(on: connection, isSQLite).contains("migrations")
            let applied = exists ? try connection.map("SELECT name FROM migrations ORDER BY position, name") { $0.text(0) } : []
            return SchemaState(
                applied: applied, missing: known.filter { !applied.contains($0) }, unknown: applied.filter { !known.contains($0) })
        }
    }

    /// The tables, by name.
    package func tables() async throws -> [String] {
        let isSQLite = if case .sqlite = location { true } else { false }
        return try await read { try Database.tables(on: $0, isSQLite) }
    }

    private static func tables(on connection: Connection, _ isSQLite: Bool) throws -> [String] {
        let sql =
            isSQLite
            ? "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            : "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY table_name"
        return try connection.map(sql) { $0.text(0) }
    }

    /// What the engine finds wrong with its own pages and references; empty when all is well. PostgreSQL keeps both by itself.
    package func damage() async throws -> [String] {
        guard case .sqlite = location else { return [] }
        return try await read { connection in
            let pages = try connection.map("PRAGMA integrity_check(20)") { $0.text(0) }.filter { $0 != "ok" }
            let references = try connection.map("PRAGMA foreign_key_check") {
                "`\($0.text(0))` refers to a row of `\($0.text(2))` that is not there"
            }
            return pages + references.prefix(20)
        }
    }

    /// Rows of a table.
    package func count(_ table: String) async throws -> Int64 {
        try await read { try $0.first("SELECT count(*) FROM \(table)") { $0.int(0) } ?? 0 }
    }

    /// Bytes that the database takes.
    package func bytes() async throws -> Int64 {
        let sql =
            switch location {
            case .sqlite: "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            case .postgres: "SELECT pg_database_size(current_database())"
            }
        return try await read { try $0.first(sql) { $0.int(0) } ?? 0 }
    }
}

extension DatabaseLocation {
    /// A whole copy of a SQLite file, as of now, while servers write to it (https://sqlite.org/lang_vacuum.html#vacuuminto). It blocks.
    /// - Parameter path: of a file that does not exist.
    package func copy(to path: String) throws {
        guard case .sqlite(let source) = self else { throw JidokaError.invalidArgument("only a SQLite file can be copied") }
        try Connection(try SQLiteConnection(path: source, readOnly: true)).execute("VACUUM INTO ?", [.text(path)])
    }
}
