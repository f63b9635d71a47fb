internal import CSQLite
import Errors

/// One SQLite connection; it belongs to one thread at a time.
final class SQLiteConnection {
    private let handle: OpaquePointer
    private var statements: [String: SQLiteStatement] = [:]
    /// Statements kept prepared; the least work to bound it is to forget all when it is full.
    private static let statementsMax = 256

    /// 32 MB of log before its pages are written to their places: a batch of many metrics touches the same pages as the one before it.
    static let writerPragmas = """
        PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16000; \
        PRAGMA case_sensitive_like=ON; PRAGMA wal_autocheckpoint=8000;
        """
    static let readerPragmas = """
        PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8000; PRAGMA case_sensitive_like=ON; PRAGMA mmap_size=268435456;
        """

    /// Before the first connection of the process; refused (and then without effect) when SQLite runs already.
    private static let configured = jidoka_sqlite_without_statistics()

    init(path: String, readOnly: Bool) throws {
        _ = SQLiteConnection.configured
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_NOMUTEX | (readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        let status = sqlite3_open_v2(path, &opened, flags, nil)
        guard status == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(opened)
            throw sqliteError(status, "\(message): \(path)")
        }
        handle = opened
        sqlite3_busy_timeout(handle, 5_000)
        sqlite3_extended_result_codes(handle, 1)
        let patterns = SQLiteConnection.addPatterns(to: handle)
        guard patterns == SQLITE_OK else { throw failure(patterns) }
    }

    deinit {
        statements.removeAll()
        sqlite3_close_v2(handle)
    }

    func failure(_ status: Int32, sql: String? = nil) -> JidokaError {
        sqliteError(status, String(cString: sqlite3_errmsg(handle)), sql: sql)
    }

    /// Several statements without bindings.
    func script(_ sql: String) throws {
        let status = sqlite3_exec(handle, sql, nil, nil, nil)
        guard status == SQLITE_OK else { throw failure(status, sql: sql) }
    }

    /// A statement, kept prepared for the next call with the same text.
    func prepare(_ sql: String) throws -> SQLiteStatement {
        if let found = statements[sql] { return found }
        var prepared: OpaquePointer?
        let text = Dialect.sqlite.translate(sql)
        let status = sqlite3_prepare_v3(handle, text, Int32(text.utf8.count), UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard status == SQLITE_OK, let prepared else { throw failure(status, sql: sql) }
        if statements.count >= SQLiteConnection.statementsMax { statements.removeAll() }
        let statement = SQLiteStatement(prepared, of: self, sql: sql)
        statements[sql] = statement
        return statement
    }

    /// Rows that the newest insert, update or delete changed.
    var changes: Int { Int(sqlite3_changes64(handle)) }
}

extension SQLiteConnection: SQLEngine {
    func run(_ sql: String, _ bindings: [SQLValue]) throws { try prepare(sql).run(bindings) }

    func runEach(_ sql: String, _ rows: [[SQLValue]]) throws {
        try prepare(sql).runEach(rows)
    }

    func forEach(_ sql: String, _ bindings: [SQLValue], _ take: (Row) throws -> Void) throws { try prepare(sql).forEach(bindings, take) }

    func first<T>(_ sql: String, _ bindings: [SQLValue], _ make: (Row) throws -> T) throws -> T? { try prepare(sql).first(bindings, make) }

    func begin(writing: Bool) throws { try run(writing ? "BEGIN IMMEDIATE" : "BEGIN", []) }
    func end(keeping: Bool) throws { try run(keeping ? "COMMIT" : "ROLLBACK", []) }
    func setSavepoint() throws { try run("SAVEPOINT job", []) }
    func releaseSavepoint() throws { try run("RELEASE job", []) }

    func rollBackToSavepoint() throws {
        try run("ROLLBACK TO job", [])
        try run("RELEASE job", [])
    }

    var isLost: Bool { false }
}
