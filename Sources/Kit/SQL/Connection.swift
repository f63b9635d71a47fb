import Errors

/// One connection to the database; it belongs to one thread at a time and is only seen inside the bodies of `Database.read` and
/// `Database.write`. The same SQL runs on both engines, see `Dialect`.
package final class Connection {
    let engine: any SQLEngine

    init(_ engine: any SQLEngine) { self.engine = engine }

    /// Several statements without bindings, for example a schema.
    package func script(_ sql: String) throws { try engine.script(sql) }

    /// Runs to the end and drops any rows. The statement is kept prepared for the next call with the same text.
    package func execute(_ sql: String, _ bindings: [SQLValue] = []) throws { try engine.run(sql, bindings) }

    /// The same statement for each of `rows`, in order; over a network all of them travel together. `changes` is then not known.
    package func executeEach(_ sql: String, _ rows: [[SQLValue]]) throws { try engine.runEach(sql, rows) }

    /// Inserts many rows with few statements.
    /// - Parameters:
    ///   - head: up to VALUES; `tail`: what follows the rows, for example ON CONFLICT and RETURNING.
    ///   - values: the rows one behind the other, `width` values each.
    ///   - take: gets each returned row; in no order.
    package func insertRows(
        _ head: String, width: Int, _ values: [SQLValue], tail: String = "", _ take: (Row) throws -> Void = { _ in }
    ) throws {
        var rest = values[...]
        // Few sizes, so that few statements are kept prepared.
        for count in [256, 64, 16, 4, 1] {
            let row = "(" + Array(repeating: "?", count: width).joined(separator: ", ") + ")"
            let sql = "\(head) VALUES \(Array(repeating: row, count: count).joined(separator: ", ")) \(tail)"
            while rest.count >= count * width {
                try engine.forEach(sql, Array(rest.prefix(count * width)), take)
                rest = rest.dropFirst(count * width)
            }
        }
    }

    package func forEach(_ sql: String, _ bindings: [SQLValue] = [], _ take: (Row) throws -> Void) throws {
        try engine.forEach(sql, bindings, take)
    }

    /// All rows, each copied by `make` while it is current.
    package func map<T>(_ sql: String, _ bindings: [SQLValue] = [], _ make: (Row) throws -> T) throws -> [T] {
        var all: [T] = []
        try forEach(sql, bindings) { all.append(try make($0)) }
        return all
    }

    /// The first row, copied by `make`; nil when there is none.
    package func first<T>(_ sql: String, _ bindings: [SQLValue] = [], _ make: (Row) throws -> T) throws -> T? {
        try engine.first(sql, bindings, make)
    }

    /// The number that an `INSERT ... RETURNING number` gave.
    package func insert(_ sql: String, _ bindings: [SQLValue] = []) throws -> Int64 {
        guard let made = try first(sql, bindings, { $0.int(0) }) else { throw JidokaError.internal("an insert returned no number") }
        return made
    }

    /// Rows that the newest insert, update or delete changed.
    package var changes: Int { engine.changes }
}

/// What each engine does in its own way. One value serves one thread at a time.
protocol SQLEngine: AnyObject {
    func script(_ sql: String) throws
    func run(_ sql: String, _ bindings: [SQLValue]) throws
    func runEach(_ sql: String, _ rows: [[SQLValue]]) throws
    func forEach(_ sql: String, _ bindings: [SQLValue], _ take: (Row) throws -> Void) throws
    func first<T>(_ sql: String, _ bindings: [SQLValue], _ make: (Row) throws -> T) throws -> T?
    var changes: Int { get }

    /// Begins a transaction; one that writes has the database's only turn to write until it ends.
    func begin(writing: Bool) throws
    func end(keeping: Bool) throws
    func setSavepoint() throws
    func releaseSavepoint() throws
    func rollBackToSavepoint() throws

    /// The connection broke and must be opened anew.
    var isLost: Bool { get }
}

extension SQLEngine {
    func commit() throws { try end(keeping: true) }
    func rollBack() throws { try end(keeping: false) }
}

/// The current row: valid only inside the closure that gets it. A column of another type is read by conversion.
package struct Row {
    enum Source {
        case sqlite(OpaquePointer)
        case postgres(PostgresRow)
    }
    private let source: Source

    init(_ source: Source) { self.source = source }

    package func isNull(_ column: Int) -> Bool {
        switch source {
        case .sqlite(let handle): SQLiteRow.isNull(handle, column)
        case .postgres(let row): row.isNull(column)
        }
    }

    package func int(_ column: Int) -> Int64 {
        switch source {
        case .sqlite(let handle): SQLiteRow.int(handle, column)
        case .postgres(let row): row.int(column)
        }
    }

    package func double(_ column: Int) -> Double {
        switch source {
        case .sqlite(let handle): SQLiteRow.double(handle, column)
        case .postgres(let row): row.double(column)
        }
    }

    package func text(_ column: Int) -> String {
        switch source {
        case .sqlite(let handle): SQLiteRow.text(handle, column)
        case .postgres(let row): row.text(column)
        }
    }

    package func blob(_ column: Int) -> [UInt8] {
        switch source {
        case .sqlite(let handle): SQLiteRow.blob(handle, column)
        case .postgres(let row): row.blob(column)
        }
    }

    /// Every column as the engine gives it, for tables whose columns are not ours.
    var values: [SQLValue] {
        switch source {
        case .sqlite(let handle): SQLiteRow.values(handle)
        case .postgres(let row): row.values
        }
    }

    package func bool(_ column: Int) -> Bool { int(column) != 0 }
    package func optionalInt(_ column: Int) -> Int64? { isNull(column) ? nil : int(column) }
    package func optionalDouble(_ column: Int) -> Double? { isNull(column) ? nil : double(column) }
    package func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
}
