internal import CDuckDB
import Errors

extension ColumnSession {
    /// See `ColumnEngine.append`. Rows go in as chunks of 2,048, without SQL text, in a transaction of their own.
    package func append(table: String, columns: [Column]) throws {
        guard let rows = columns.first?.count, rows > 0 else { return }
        if let odd = columns.first(where: { $0.count != rows || ($0.validity?.count ?? rows) != rows }) {
            throw JidokaError.invalidArgument("column `\(odd.name)` does not have \(rows) rows, as `\(columns[0].name)` has")
        }
        var appender: duckdb_appender?
        defer { _ = duckdb_appender_destroy(&appender) }
        func check(_ status: duckdb_state) throws {
            if status != 0 {
                throw duckDBError(duckdb_appender_error(appender).map { String(cString: $0) } ?? "rows could not be appended to `\(table)`")
            }
        }
        try connection.run("BEGIN TRANSACTION")
        do {
            try check(duckdb_appender_create(connection.handle, nil, table, &appender))
            for column in columns { try check(duckdb_appender_add_column(appender, column.name)) }
            try fill(columns, rows) { try check(duckdb_append_data_chunk(appender, $0)) }
            try check(duckdb_appender_close(appender))
            try connection.run("COMMIT")
        } catch {
            _ = duckdb_appender_destroy(&appender)
            appender = nil
            try? connection.run("ROLLBACK")  // after a failed COMMIT there is nothing left to roll back
            throw error
        }
    }

    private func fill(_ columns: [Column], _ rows: Int, _ append: (duckdb_data_chunk) throws -> Void) throws {
        var types: [duckdb_logical_type?] = columns.map { duckdb_create_logical_type($0.values.duckDBType) }
        defer { for index in types.indices { duckdb_destroy_logical_type(&types[index]) } }
        var chunk = duckdb_create_data_chunk(&types, idx_t(types.count))
        defer { duckdb_destroy_data_chunk(&chunk) }
        guard let chunk else { throw JidokaError(.exhausted, "DuckDB could not make a chunk: out of memory") }
        let size = Int(duckdb_vector_size())
        for start in stride(from: 0, to: rows, by: size) {
            let range = start..<min(rows, start + size)
            duckdb_data_chunk_reset(chunk)
            for (index, column) in columns.enumerated() {
                try column.write(range, to: duckdb_data_chunk_get_vector(chunk, idx_t(index)))
            }
            duckdb_data_chunk_set_size(chunk, idx_t(range.count))
            try append(chunk)
        }
    }
}

extension Column.Values {
    fileprivate var duckDBType: duckdb_type {
        switch self {
        case .doubles: duckdb_type(DUCKDB_TYPE_DOUBLE)
        case .integers: duckdb_type(DUCKDB_TYPE_BIGINT)
        case .strings: duckdb_type(DUCKDB_TYPE_VARCHAR)
        case .booleans: duckdb_type(DUCKDB_TYPE_BOOLEAN)
        case .timestamps: duckdb_type(DUCKDB_TYPE_TIMESTAMP)
        }
    }
}

extension Column {
    fileprivate func write(_ range: Range<Int>, to vector: duckdb_vector?) throws {
        guard let data = duckdb_vector_get_data(vector) else { throw JidokaError.internal("a chunk came without room for `\(name)`") }
        switch values {
        case .doubles(let all): copy(all, range, data)
        case .integers(let all), .timestamps(let all): copy(all, range, data)
        case .booleans(let all): copy(all, range, data)
        case .strings(let all):
            for (offset, row) in range.enumerated() where !isNull(row) {
                var text = all[row]
                text.withUTF8 { bytes in
                    bytes.withMemoryRebound(to: CChar.self) {
                        duckdb_vector_assign_string_element_len(vector, idx_t(offset), $0.baseAddress, idx_t($0.count))
                    }
                }
            }
        }
        guard let validity, validity[range].contains(false) else { return }
        duckdb_vector_ensure_validity_writable(vector)
        guard let mask = duckdb_vector_get_validity(vector) else { throw JidokaError.internal("a chunk came without a validity mask") }
        for (offset, row) in range.enumerated() where !validity[row] { mask[offset >> 6] &= ~(1 << UInt64(offset & 63)) }
    }

    private func copy<T>(_ all: [T], _ range: Range<Int>, _ data: UnsafeMutableRawPointer) {
        all.withUnsafeBufferPointer { source in
            let part = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: source[range]))
            if let start = part.baseAddress { data.copyMemory(from: start, byteCount: part.count) }
        }
    }
}
