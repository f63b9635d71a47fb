/// A SQLite file that another program owns: opened for reading only, for the time of one look.
package enum ForeignFile {
    /// Runs `body` on one consistent snapshot; blocks. - Throws: `unavailable` when the file cannot be opened or is locked.
    package static func read<T>(_ path: String, _ body: (Connection) throws -> T) throws -> T {
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
