internal import CSQLite

/// Reads columns of the row that a statement stands on. SQLite converts where the type is another.
enum SQLiteRow {
    static func isNull(_ handle: OpaquePointer, _ column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }
    static func int(_ handle: OpaquePointer, _ column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(column)) }
    static func double(_ handle: OpaquePointer, _ column: Int) -> Double { sqlite3_column_double(handle, Int32(column)) }

    static func text(_ handle: OpaquePointer, _ column: Int) -> String {
        guard let start = sqlite3_column_text(handle, Int32(column)) else { return "" }
        return String(decoding: UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, Int32(column)))), as: UTF8.self)
    }

    static func blob(_ handle: OpaquePointer, _ column: Int) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, Int32(column)) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, Int32(column)))))
    }

    /// All cells as they are stored.
    static func values(_ handle: OpaquePointer) -> [SQLValue] { (0..<Int(sqlite3_column_count(handle))).map { value(handle, $0) } }

    /// The cell as it is stored.
    static func value(_ handle: OpaquePointer, _ column: Int) -> SQLValue {
        switch sqlite3_column_type(handle, Int32(column)) {
        case SQLITE_INTEGER: .int(int(handle, column))
        case SQLITE_FLOAT: .double(double(handle, column))
        case SQLITE_TEXT: .text(text(handle, column))
        case SQLITE_BLOB: .blob(blob(handle, column))
        default: .null
        }
    }
}
