internal import CSQLite
import Errors

/// A prepared statement of one connection.
final class SQLiteStatement {
    private let handle: OpaquePointer
    private unowned let connection: SQLiteConnection
    private let sql: String

    init(_ handle: OpaquePointer, of connection: SQLiteConnection, sql: String) {
        self.handle = handle
        self.connection = connection
        self.sql = sql
    }

    deinit { sqlite3_finalize(handle) }

    /// Runs to the end and drops any rows.
    func run(_ bindings: [SQLValue] = []) throws { try forEach(bindings) { _ in } }

    /// Runs once for each of `rows`.
    func runEach(_ rows: [[SQLValue]]) throws {
        defer { reset() }
        for bindings in rows {
            try bind(bindings)
            while try step() {}
            sqlite3_reset(handle)
        }
    }

    func forEach(_ bindings: [SQLValue] = [], _ take: (Row) throws -> Void) throws {
        try bind(bindings)
        defer { reset() }
        while try step() { try take(Row(.sqlite(handle))) }
    }

    func first<T>(_ bindings: [SQLValue] = [], _ make: (Row) throws -> T) throws -> T? {
        try bind(bindings)
        defer { reset() }
        return try step() ? try make(Row(.sqlite(handle))) : nil
    }

    /// All rows as the values that SQLite stores.
    func values(_ bindings: [SQLValue]) throws -> [[SQLValue]] {
        try bind(bindings)
        defer { reset() }
        var rows: [[SQLValue]] = []
        while try step() { rows.append(SQLiteRow.values(handle)) }
        return rows
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
                case .ints(let numbers): bind("[" + numbers.map { String($0) }.joined(separator: ",") + "]", at)
                case .texts(let texts): bind(SQLiteStatement.list(texts), at)
                case .blob(let bytes): jidoka_bind_blob(handle, at, bytes, Int32(bytes.count))
                }
            guard status == SQLITE_OK else { throw connection.failure(status, sql: sql) }
        }
    }

    /// A JSON list.
    private static func list(_ texts: [String]) -> String {
        var list: [UInt8] = []
        list.reserveCapacity(texts.reduce(2) { $0 + $1.utf8.count + 3 })
        list.append(UInt8(ascii: "["))
        for text in texts {
            if list.count > 1 { list.append(UInt8(ascii: ",")) }
            list.append(UInt8(ascii: "\""))
            for byte in text.utf8 {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): list += [UInt8(ascii: "\\"), byte]
                case 0..<16: list += "\\u000\(String(byte, radix: 16))".utf8
                case 16..<32: list += "\\u00\(String(byte, radix: 16))".utf8
                default: list.append(byte)
                }
            }
            list.append(UInt8(ascii: "\""))
        }
        list.append(UInt8(ascii: "]"))
        return String(decoding: list, as: UTF8.self)
    }

    private func bind(_ text: String, _ at: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { jidoka_bind_text(handle, at, $0.baseAddress, Int32($0.count)) }
        }
    }
}
