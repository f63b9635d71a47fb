internal import CSQLite
import Errors

/// One SQLite connection; it belongs to one thread at a time and is only seen inside the bodies of `Database.read` and `Database.write`.
package final class Connection {
    private let handle: OpaquePointer
    private var statements: [String: Statement] = [:]
    /// Statements kept prepared; the least work to bound it is to forget all when it is full.
    private static let statementsMax = 256

    init(path: String, readOnly: Bool) throws {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_NOMUTEX | (readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        let status = sqlite3_open_v2(path, &opened, flags, nil)
        guard status == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(opened)
            throw sqlError(status, "\(message): \(path)")
        }
        handle = opened
        sqlite3_busy_timeout(handle, 5_000)
        sqlite3_extended_result_codes(handle, 1)
        let known = Connection.addPatterns(to: handle)
        guard known == SQLITE_OK else { throw sqlError(known, "functions cannot be added") }
    }

    deinit {
        statements.removeAll()
        sqlite3_close_v2(handle)
    }

    func failure(_ status: Int32, sql: String? = nil) -> JidokaError { sqlError(status, String(cString: sqlite3_errmsg(handle)), sql: sql) }

    /// Several statements without bindings.
    package func script(_ sql: String) throws {
        let status = sqlite3_exec(handle, sql, nil, nil, nil)
        guard status == SQLITE_OK else { throw failure(status, sql: sql) }
    }

    /// A statement, kept prepared for the next call with the same text.
    package func prepare(_ sql: String) throws -> Statement {
        if let found = statements[sql] { return found }
        var prepared: OpaquePointer?
        let status = sqlite3_prepare_v3(handle, sql, Int32(sql.utf8.count), UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard status == SQLITE_OK, let prepared else { throw failure(status, sql: sql) }
        if statements.count >= Connection.statementsMax { statements.removeAll() }
        let statement = Statement(prepared, of: self, sql: sql)
        statements[sql] = statement
        return statement
    }

    package func execute(_ sql: String, _ bindings: [SQLValue] = []) throws { try prepare(sql).run(bindings) }

    package func forEach(_ sql: String, _ bindings: [SQLValue] = [], _ take: (Row) throws -> Void) throws {
        try prepare(sql).forEach(bindings, take)
    }

    /// All rows, each copied by `make` while it is current.
    package func map<T>(_ sql: String, _ bindings: [SQLValue] = [], _ make: (Row) throws -> T) throws -> [T] {
        var all: [T] = []
        try forEach(sql, bindings) { all.append(try make($0)) }
        return all
    }

    /// The first row, copied by `make`; nil when there is none.
    package func first<T>(_ sql: String, _ bindings: [SQLValue] = [], _ make: (Row) throws -> T) throws -> T? {
        try prepare(sql).first(bindings, make)
    }

    /// Rows that the newest insert, update or delete changed.
    package var changes: Int { Int(sqlite3_changes64(handle)) }
    package var lastInsertID: Int64 { sqlite3_last_insert_rowid(handle) }
}
