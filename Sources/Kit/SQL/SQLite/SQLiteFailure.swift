internal import CSQLite
import Errors

/// Maps SQLite's result codes (primary codes, https://sqlite.org/rescode.html) to the one error value.
func sqliteError(_ code: Int32, _ message: String, sql: String? = nil) -> JidokaError {
    let cause = SQLiteFailure(code: code, message: message, sql: sql)
    return switch code & 0xFF {
    case SQLITE_CONSTRAINT:
        JidokaError(.conflict, "the change conflicts with what is stored", cause: cause)
    case SQLITE_BUSY, SQLITE_LOCKED:
        JidokaError(
            .unavailable, "the database is locked by another program", hint: "stop the other program that has this folder open",
            cause: cause)
    case SQLITE_FULL:
        .diskFull("the disk is full: nothing was written", cause: cause)
    case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM:
        JidokaError(.unavailable, "the database cannot be written", hint: "check the permissions of the home folder", cause: cause)
    case SQLITE_IOERR:
        JidokaError(.unavailable, "the disk refused a write or read", hint: "check the disk; nothing unacknowledged was kept", cause: cause)
    case SQLITE_CORRUPT, SQLITE_NOTADB:
        JidokaError(.internal, "the database file is damaged", hint: "restore it from a backup", cause: cause)
    default: JidokaError(.internal, "internal error", cause: cause)
    }
}

/// The cause kept for the log.
package struct SQLiteFailure: Error, CustomStringConvertible {
    package var code: Int32
    package var message: String
    package var sql: String?
    package var description: String { "SQLite \(code): \(message)\(sql.map { " in `\($0.prefix(200))`" } ?? "")" }
}
