internal import CSQLite
import Errors

/// A SQLite file that another program owns: opened for reading only, for the time of one look.
package enum ForeignFile {
    /// Runs one query: all rows, each as the values that SQLite stores, for tables whose columns are not ours.
    package typealias Rows = (_ sql: String, _ bindings: [SQLValue]) throws -> [[SQLValue]]

    /// Runs `body` on one consistent snapshot; blocks. - Throws: `unavailable` when the file cannot be opened or is locked.
    ///
    /// A writer that was killed leaves a journal that must be rolled back before anybody can read: what SQLite does for the next program
    /// that opens the file for writing is then done here, and nothing else is ever written.
    package static func read<T>(_ path: String, _ body: (Rows) throws -> T) throws -> T {
        do { return try look(path, body) } catch let error as JidokaError {
            guard let failure = error.cause as? SQLiteFailure, failure.code == SQLITE_READONLY | (3 << 8) else { throw error }
            try SQLiteConnection(path: path, readOnly: false).run("SELECT 1 FROM sqlite_master", [])
            return try look(path, body)
        }
    }

    private static func look<T>(_ path: String, _ body: (Rows) throws -> T) throws -> T {
        let connection = try SQLiteConnection(path: path, readOnly: true)
        try connection.begin(writing: false)
        let value = try body { try connection.prepare($0).values($1) }
        try connection.end(keeping: true)
        return value
    }
}
