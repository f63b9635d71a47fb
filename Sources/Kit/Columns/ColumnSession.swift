internal import CDuckDB
import Errors

/// One connection of a `ColumnEngine`: its calls block, and it is seen by one user at a time, inside `ColumnEngine.session`.
package final class ColumnSession: @unchecked Sendable {  // the engine hands it to one user at a time
    let database: DuckDBDatabase
    let connection: DuckDBConnection

    init(_ database: DuckDBDatabase) throws {
        self.database = database
        connection = try DuckDBConnection(database)
    }

    /// See `ColumnEngine.query`.
    package func query(_ sql: String, _ parameters: [ColumnValue] = [], maximumRows: Int = 1_000_000) throws -> ColumnTable {
        var readers: [ColumnReader] = []
        var rows = 0
        try stream(sql, parameters, begin: { readers = $0 }) { chunk in
            rows += Int(duckdb_data_chunk_get_size(chunk))
            guard rows <= maximumRows else {
                throw JidokaError(
                    .exhausted, "the answer has more than \(maximumRows) rows", hint: "narrow the query with WHERE or LIMIT")
            }
            for index in readers.indices { try readers[index].append(chunk, column: index) }
        }
        return ColumnTable(columns: readers.map { $0.finish() }, rowCount: rows)
    }

    /// See `ColumnEngine.forEachChunk`.
    package func forEachChunk(_ sql: String, _ parameters: [ColumnValue] = [], _ take: (ColumnTable) throws -> Void) throws {
        var empty: [ColumnReader] = []
        try stream(sql, parameters, begin: { empty = $0 }) { chunk in
            var readers = empty
            for index in readers.indices { try readers[index].append(chunk, column: index) }
            try take(ColumnTable(columns: readers.map { $0.finish() }, rowCount: Int(duckdb_data_chunk_get_size(chunk))))
        }
    }

    /// See `ColumnEngine.execute`.
    @discardableResult
    package func execute(_ sql: String, _ parameters: [ColumnValue] = []) throws -> Int {
        let statement = try connection.prepare(sql)
        try statement.bind(parameters)
        var result = duckdb_result()
        defer { duckdb_destroy_result(&result) }
        guard duckdb_execute_prepared(statement.handle, &result) == 0 else { throw resultError(&result, sql) }
        return Int(duckdb_rows_changed(&result))
    }

    private func stream(
        _ sql: String, _ parameters: [ColumnValue], begin: ([ColumnReader]) -> Void, _ take: (duckdb_data_chunk) throws -> Void
    ) throws {
        let statement = try textForOtherTypes(connection.prepare(sql), sql)
        try statement.bind(parameters)
        var result = duckdb_result()
        defer { duckdb_destroy_result(&result) }
        guard duckdb_execute_prepared_streaming(statement.handle, &result) == 0 else { throw resultError(&result, sql) }
        begin(try (0..<duckdb_column_count(&result)).map { try ColumnReader(&result, column: $0) })
        while let chunk = duckdb_fetch_chunk(result) {
            var owned: duckdb_data_chunk? = chunk
            defer { duckdb_destroy_data_chunk(&owned) }
            try take(chunk)
        }
        // The end and an error both come as no chunk.
        if duckdb_result_error(&result) != nil { throw resultError(&result, sql) }
    }

    /// The statement itself, or, where a column has a type that `Column` has no case for (dates, lists, structs, …), the same query with
    /// those columns cast to text by DuckDB.
    private func textForOtherTypes(_ statement: DuckDBStatement, _ sql: String) throws -> DuckDBStatement {
        guard duckdb_prepared_statement_type(statement.handle) == UInt32(DUCKDB_STATEMENT_TYPE_SELECT) else { return statement }
        let count = duckdb_prepared_statement_column_count(statement.handle)
        let types = (0..<count).map { duckdb_prepared_statement_column_type(statement.handle, $0) }
        let unresolved = UInt32(DUCKDB_TYPE_INVALID)
        guard types.contains(where: { $0 != unresolved && ColumnReader.Kind(type: $0) == nil }), !types.contains(unresolved) else {
            return statement
        }
        var selected: [String] = []
        var aliases: [String] = []
        for (index, type) in types.enumerated() {
            let name = duckdb_prepared_statement_column_name(statement.handle, idx_t(index))
            defer { duckdb_free(UnsafeMutableRawPointer(mutating: name)) }
            let alias = "column\(index)"
            aliases.append(alias)
            let value = ColumnReader.Kind(type: type) == nil ? "CAST(\(alias) AS VARCHAR)" : alias
            selected.append("\(value) AS \(SQLText.identifier(name.map { String(cString: $0) } ?? alias))")
        }
        let inner = sql.reversed().drop { $0 == ";" || $0.isWhitespace }.reversed()
        let wrapped = "SELECT \(selected.joined(separator: ", ")) FROM (\(String(inner))\n) AS answer(\(aliases.joined(separator: ", ")))"
        return try connection.prepare(wrapped)
    }

    private func resultError(_ result: inout duckdb_result, _ sql: String) -> JidokaError {
        duckDBError(duckdb_result_error(&result).map { String(cString: $0) } ?? "the statement failed", sql: sql)
    }
}

/// The handle of one connection.
final class DuckDBConnection {
    private(set) var handle: duckdb_connection?

    /// Kept so that the database outlives its connections.
    private let database: DuckDBDatabase

    init(_ database: DuckDBDatabase) throws {
        self.database = database
        handle = try database.connect()
    }

    deinit { duckdb_disconnect(&handle) }

    func prepare(_ sql: String) throws -> DuckDBStatement { try DuckDBStatement(self, sql) }

    /// Runs a statement that has no answer.
    func run(_ sql: String) throws {
        let statement = try prepare(sql)
        var result = duckdb_result()
        defer { duckdb_destroy_result(&result) }
        guard duckdb_execute_prepared(statement.handle, &result) == 0 else {
            throw duckDBError(duckdb_result_error(&result).map { String(cString: $0) } ?? "the statement failed", sql: sql)
        }
    }
}

/// One prepared statement.
final class DuckDBStatement {
    private(set) var handle: duckdb_prepared_statement?
    private let connection: DuckDBConnection
    private let sql: String

    init(_ connection: DuckDBConnection, _ sql: String) throws {
        self.connection = connection
        self.sql = sql
        guard duckdb_prepare(connection.handle, sql, &handle) == 0 else {
            let error = duckDBError(duckdb_prepare_error(handle).map { String(cString: $0) } ?? "the statement is not valid", sql: sql)
            duckdb_destroy_prepare(&handle)
            throw error
        }
    }

    deinit { duckdb_destroy_prepare(&handle) }

    func bind(_ parameters: [ColumnValue]) throws {
        let wanted = Int(duckdb_nparams(handle))
        guard wanted == parameters.count else {
            throw JidokaError(
                .invalidArgument, "the statement has \(wanted) parameters, and \(parameters.count) were given",
                fields: ["sql": String(sql.prefix(2_000))])
        }
        for (offset, parameter) in parameters.enumerated() {
            let index = idx_t(offset + 1)
            let status =
                switch parameter {
                case .null: duckdb_bind_null(handle, index)
                case .boolean(let value): duckdb_bind_boolean(handle, index, value)
                case .integer(let value): duckdb_bind_int64(handle, index, value)
                case .double(let value): duckdb_bind_double(handle, index, value)
                case .timestamp(let value): duckdb_bind_timestamp(handle, index, duckdb_timestamp(micros: value))
                case .string(var value):
                    value.withUTF8 { bytes in
                        bytes.withMemoryRebound(to: CChar.self) {
                            duckdb_bind_varchar_length(handle, index, $0.baseAddress, idx_t($0.count))
                        }
                    }
                }
            guard status == 0 else { throw JidokaError.invalidArgument("parameter \(index) cannot be bound: it is not valid text") }
        }
    }
}
