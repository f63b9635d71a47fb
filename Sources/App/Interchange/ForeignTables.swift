package import Clockwork
import Errors
package import SQL

/// Runs one query: all rows, each as the values of its columns.
package typealias ForeignRows = ForeignFile.Rows

/// Somebody else's database, only read. SQL is the common part of SQLite and PostgreSQL, with `?` for bindings.
package protocol ForeignTables: Sendable {
    var pool: BlockingPool { get }
    /// One consistent look at everything that `body` asks for.
    func read<T: Sendable>(_ body: @escaping @Sendable (ForeignRows) throws -> T) async throws -> T
    func has(_ table: String) async throws -> Bool
    func has(_ table: String, column: String) async throws -> Bool
}

/// A SQLite file of another program.
package struct SQLiteTables: ForeignTables {
    package let pool: BlockingPool
    private let path: String

    package init(path: String, pool: BlockingPool) {
        self.path = path
        self.pool = pool
    }

    package func read<T: Sendable>(_ body: @escaping @Sendable (ForeignRows) throws -> T) async throws -> T {
        let path = path
        return try await pool.run { try ForeignFile.read(path, body) }
    }

    package func has(_ table: String) async throws -> Bool {
        try await read { rows in !(try rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", [.text(table)])).isEmpty }
    }

    package func has(_ table: String, column: String) async throws -> Bool {
        try await read { rows in
            !(try rows("SELECT 1 FROM pragma_table_info(?) WHERE name = ?", [.text(table), .text(column)])).isEmpty
        }
    }
}

/// A PostgreSQL database of another program.
package struct PostgresTables: ForeignTables {
    package let pool: BlockingPool
    private let server: ForeignServer

    /// - Parameter url: as `DatabaseLocation.postgres` holds it.
    package init(url: String, pool: BlockingPool) {
        self.pool = pool
        server = ForeignServer(url: url)
    }

    package func read<T: Sendable>(_ body: @escaping @Sendable (ForeignRows) throws -> T) async throws -> T { try await server.read(body) }

    package func has(_ table: String) async throws -> Bool {
        try await read { rows in !(try rows("SELECT 1 WHERE to_regclass(?) IS NOT NULL", [.text(table)])).isEmpty }
    }

    package func has(_ table: String, column: String) async throws -> Bool {
        try await read { rows in
            let found = "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass(?) AND attname = ? AND NOT attisdropped"
            return !(try rows(found, [.text(table), .text(column)])).isEmpty
        }
    }
}

extension SQLValue {
    /// Text of any column; numbers as they are written.
    var text: String { optionalText ?? "" }
    var optionalText: String? {
        switch self {
        case .text(let value): value
        case .int(let value): String(value)
        case .double(let value): String(value)
        default: nil
        }
    }
    var optionalInt: Int64? {
        switch self {
        case .int(let value): value
        case .double(let value): Int64(exactly: value.rounded())
        case .text(let value): Int64(value)
        default: nil
        }
    }
    var int: Int64 { optionalInt ?? 0 }
    var bool: Bool { if case .text(let value) = self { value == "t" || value == "1" || value == "true" } else { int != 0 } }
    var double: Double {
        switch self {
        case .double(let value): value
        case .int(let value): Double(value)
        case .text(let value): Double(value) ?? .nan
        default: .nan
        }
    }
    var time: Timestamp { Timestamp(milliseconds: min(max(int, 0), 253_402_300_799_999)) }
}
