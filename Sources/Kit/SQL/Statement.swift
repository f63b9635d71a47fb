internal import CSQLite
import Errors

/// A prepared statement of one connection.
package final class Statement {
    private let handle: OpaquePointer
    private unowned let connection: Connection
    private let sql: String

    init(_ handle: OpaquePointer, of connection: Connection, sql: String) {
        self.handle = handle
        self.connection = connection
        self.sql = sql
    }

    deinit { sqlite3_finalize(handle) }

    /// Runs to the end and drops any rows.
    package func run(_ bindings: [SQLValue] = []) throws { try forEach(bindings) { _ in } }

    package func forEach(_ bindings: [SQLValue] = [], _ take: (Row) throws -> Void) throws {
        try bind(bindings)
        defer { reset() }
        while try step() { try take(Row(handle)) }
    }

    package func first<T>(_ bindings: [SQLValue] = [], _ make: (Row) throws -> T) throws -> T? {
        try bind(bindings)
        defer { reset() }
        return try step() ? try make(Row(handle)) : nil
    }

    private func step() throws -> Bool {
        let status = sqlite3_step(handle)
        switch status {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw connection.failure(status, sql: sql)
        }
    }

    private func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    private func bind(_ values: [SQLValue]) throws {
        precondition(Int(sqlite3_bind_parameter_count(handle)) == values.count, "wrong number of bindings for: \(sql)")
        for (index, value) in values.enumerated() {
            let at = Int32(index + 1)
            let status =
                switch value {
                case .null: sqlite3_bind_null(handle, at)
                case .int(let number): sqlite3_bind_int64(handle, at, number)
                case .double(let number): sqlite3_bind_double(handle, at, number)
                case .text(let text): bind(text, at)
                case .blob(let bytes): jidoka_bind_blob(handle, at, bytes, Int32(bytes.count))
                }
            guard status == SQLITE_OK else { throw connection.failure(status, sql: sql) }
        }
    }

    private func bind(_ text: String, _ at: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { jidoka_bind_text(handle, at, $0.baseAddress, Int32($0.count)) }
        }
    }
}

/// The current row: valid only inside the closure that gets it. A column of another type is read by SQLite's conversions.
package struct Row {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) { self.handle = handle }

    package func isNull(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }
    package func int(_ column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(column)) }
    package func double(_ column: Int) -> Double { sqlite3_column_double(handle, Int32(column)) }
    package func bool(_ column: Int) -> Bool { int(column) != 0 }

    package func text(_ column: Int) -> String {
        guard let start = sqlite3_column_text(handle, Int32(column)) else { return "" }
        return String(decoding: UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, Int32(column)))), as: UTF8.self)
    }

    package func blob(_ column: Int) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, Int32(column)) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, Int32(column)))))
    }

    package func optionalInt(_ column: Int) -> Int64? { isNull(column) ? nil : int(column) }
    package func optionalDouble(_ column: Int) -> Double? { isNull(column) ? nil : double(column) }
    package func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
}

extension Row {
    var count: Int { Int(sqlite3_column_count(handle)) }

    func value(_ column: Int) -> SQLValue {
        switch sqlite3_column_type(handle, Int32(column)) {
        case SQLITE_INTEGER: .int(int(column))
        case SQLITE_FLOAT: .double(double(column))
        case SQLITE_TEXT: .text(text(column))
        case SQLITE_BLOB: .blob(blob(column))
        default: .null
        }
    }
}
