internal import CSQLite
import Errors

/// A SQLite file that another program owns: opened for reading only, for the time of one look.
package enum ForeignFile {
    /// Runs `body` on one consistent snapshot; blocks. - Throws: `unavailable` when the file cannot be opened or is locked.
    ///
    /// A writer that was killed leaves a journal that must be rolled back before anybody can read: what SQLite does for the next program
    /// that opens the file for writing is then done here, and nothing else is ever written.
    package static func read<T>(_ path: String, _ body: (Connection) throws -> T) throws -> T {
        do { return try look(path, body) } catch let error as JidokaError {
            guard let failure = error.cause as? SQLiteFailure, failure.code == SQLITE_READONLY | (3 << 8) else { throw error }
            try Connection(path: path, readOnly: false).execute("SELECT 1 FROM sqlite_master")
            return try look(path, body)
        }
    }

    private static func look<T>(_ path: String, _ body: (Connection) throws -> T) throws -> T {
        let connection = try Connection(path: path, readOnly: true)
        try connection.execute("BEGIN")
        let value = try body(connection)
        try connection.execute("COMMIT")
        return value
    }
}

extension Connection {
    /// All rows as the values that SQLite stores, for tables whose columns are not ours.
    package func rows(_ sql: String, _ bindings: [SQLValue] = []) throws -> [[SQLValue]] {
        try map(sql, bindings) { row in (0..<row.count).map { row.value($0) } }
    }
}
