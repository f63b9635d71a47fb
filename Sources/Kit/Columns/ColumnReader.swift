internal import CDuckDB
import Errors

/// Collects one column of an answer from its chunks. Vectors die with their chunk, so everything is copied here, once.
struct ColumnReader {
    /// What a DuckDB type becomes. `scale` belongs to DECIMAL.
    enum Kind: Equatable {
        case double, float, decimal, hugeint, uhugeint
        case int8, int16, int32, int64, uint8, uint16, uint32, uint64
        case boolean, text
        /// The factor that makes microseconds, negative where it divides.
        case timestamp(Int64)

        init?(type: duckdb_type) {
            switch Int(type) {
            case Int(DUCKDB_TYPE_BOOLEAN): self = .boolean
            case Int(DUCKDB_TYPE_TINYINT): self = .int8
            case Int(DUCKDB_TYPE_SMALLINT): self = .int16
            case Int(DUCKDB_TYPE_INTEGER): self = .int32
            case Int(DUCKDB_TYPE_BIGINT): self = .int64
            case Int(DUCKDB_TYPE_UTINYINT): self = .uint8
            case Int(DUCKDB_TYPE_USMALLINT): self = .uint16
            case Int(DUCKDB_TYPE_UINTEGER): self = .uint32
            case Int(DUCKDB_TYPE_UBIGINT): self = .uint64
            case Int(DUCKDB_TYPE_FLOAT): self = .float
            case Int(DUCKDB_TYPE_DOUBLE): self = .double
            case Int(DUCKDB_TYPE_DECIMAL): self = .decimal
            case Int(DUCKDB_TYPE_HUGEINT): self = .hugeint
            case Int(DUCKDB_TYPE_UHUGEINT): self = .uhugeint
            case Int(DUCKDB_TYPE_VARCHAR): self = .text
            case Int(DUCKDB_TYPE_TIMESTAMP), Int(DUCKDB_TYPE_TIMESTAMP_TZ): self = .timestamp(1)
            case Int(DUCKDB_TYPE_TIMESTAMP_S): self = .timestamp(1_000_000)
            case Int(DUCKDB_TYPE_TIMESTAMP_MS): self = .timestamp(1_000)
            case Int(DUCKDB_TYPE_TIMESTAMP_NS): self = .timestamp(-1_000)
            default: return nil
            }
        }
    }

    private let name: String
    private let kind: Kind
    /// Of DECIMAL: 10 to the power of its scale, and the kind of integer it is kept in.
    private var divisor = 1.0
    private var decimalStorage = Kind.int64
    private var values: Column.Values
    private var validity: [Bool]?
    private var count = 0

    init(_ result: inout duckdb_result, column: idx_t) throws {
        name = duckdb_column_name(&result, column).map { String(cString: $0) } ?? ""
        var type = duckdb_column_logical_type(&result, column)
        defer { duckdb_destroy_logical_type(&type) }
        guard let kind = Kind(type: duckdb_get_type_id(type)) else {
            throw JidokaError.invalidArgument("column `\(name)` has a type that cannot be read directly", hint: "cast it to VARCHAR")
        }
        self.kind = kind
        switch kind {
        case .double, .float, .hugeint, .uhugeint: values = .doubles([])
        case .decimal:
            values = .doubles([])
            for _ in 0..<duckdb_decimal_scale(type) { divisor *= 10 }
            decimalStorage = Kind(type: duckdb_decimal_internal_type(type)) ?? .hugeint
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: values = .integers([])
        case .boolean: values = .booleans([])
        case .text: values = .strings([])
        case .timestamp: values = .timestamps([])
        }
    }

    func finish() -> Column { Column(name, values, validity: validity) }

    mutating func append(_ chunk: duckdb_data_chunk, column: Int) throws {
        let rows = Int(duckdb_data_chunk_get_size(chunk))
        guard rows > 0 else { return }
        let vector = duckdb_data_chunk_get_vector(chunk, idx_t(column))
        guard let data = duckdb_vector_get_data(vector) else { throw JidokaError.internal("column `\(name)` came without data") }
        let valid = readValidity(duckdb_vector_get_validity(vector), rows)
        switch values {
        case .doubles(var all):
            values = .doubles([])  // so that `all` is the only owner and grows in place
            appendDoubles(to: &all, data, rows)
            mask(&all, valid, .nan)
            values = .doubles(all)
        case .integers(var all):
            values = .integers([])
            try appendIntegers(to: &all, data, rows, valid)
            mask(&all, valid, 0)
            values = .integers(all)
        case .timestamps(var all):
            values = .timestamps([])
            appendTimestamps(to: &all, data, rows)
            mask(&all, valid, 0)
            values = .timestamps(all)
        case .booleans(var all):
            values = .booleans([])
            all.append(contentsOf: view(data, UInt8.self, rows).lazy.map { $0 != 0 })
            mask(&all, valid, false)
            values = .booleans(all)
        case .strings(var all):
            values = .strings([])
            appendStrings(to: &all, data, rows, valid)
            values = .strings(all)
        }
        count += rows
    }

    /// Notes which of the next rows are NULL. Answers nil where none is.
    private mutating func readValidity(_ mask: UnsafeMutablePointer<UInt64>?, _ rows: Int) -> [Bool]? {
        guard let mask else {
            validity?.append(contentsOf: repeatElement(true, count: rows))
            return nil
        }
        let valid = (0..<rows).map { mask[$0 >> 6] >> UInt64($0 & 63) & 1 == 1 }
        let all = valid.allSatisfy { $0 }
        if validity == nil, !all { validity = Array(repeating: true, count: count) }
        validity?.append(contentsOf: valid)
        return all ? nil : valid
    }

    private func mask<T>(_ all: inout [T], _ valid: [Bool]?, _ null: T) {
        guard let valid else { return }
        for (offset, isValid) in valid.enumerated() where !isValid { all[count + offset] = null }
    }

    private func appendDoubles(to all: inout [Double], _ data: UnsafeMutableRawPointer, _ rows: Int) {
        switch kind {
        case .double: all.append(contentsOf: view(data, Double.self, rows))
        case .float: all.append(contentsOf: view(data, Float.self, rows).lazy.map(Double.init))
        case .decimal: appendDecimals(to: &all, data, rows)
        case .uhugeint: all.append(contentsOf: view(data, duckdb_hugeint.self, rows).lazy.map { unsignedDouble($0) })
        default: all.append(contentsOf: view(data, duckdb_hugeint.self, rows).lazy.map { signedDouble($0) })
        }
    }

    private func appendDecimals(to all: inout [Double], _ data: UnsafeMutableRawPointer, _ rows: Int) {
        let divisor = divisor
        switch decimalStorage {
        case .int16: all.append(contentsOf: view(data, Int16.self, rows).lazy.map { Double($0) / divisor })
        case .int32: all.append(contentsOf: view(data, Int32.self, rows).lazy.map { Double($0) / divisor })
        case .int64: all.append(contentsOf: view(data, Int64.self, rows).lazy.map { Double($0) / divisor })
        default: all.append(contentsOf: view(data, duckdb_hugeint.self, rows).lazy.map { signedDouble($0) / divisor })
        }
    }

    private func appendIntegers(to all: inout [Int64], _ data: UnsafeMutableRawPointer, _ rows: Int, _ valid: [Bool]?) throws {
        switch kind {
        case .int8: all.append(contentsOf: view(data, Int8.self, rows).lazy.map(Int64.init))
        case .int16: all.append(contentsOf: view(data, Int16.self, rows).lazy.map(Int64.init))
        case .int32: all.append(contentsOf: view(data, Int32.self, rows).lazy.map(Int64.init))
        case .uint8: all.append(contentsOf: view(data, UInt8.self, rows).lazy.map(Int64.init))
        case .uint16: all.append(contentsOf: view(data, UInt16.self, rows).lazy.map(Int64.init))
        case .uint32: all.append(contentsOf: view(data, UInt32.self, rows).lazy.map(Int64.init))
        case .uint64:
            for (row, value) in view(data, UInt64.self, rows).enumerated() {
                let isValid = valid?[row] ?? true
                guard let exact = Int64(exactly: isValid ? value : 0) else {
                    throw JidokaError.invalidArgument(
                        "column `\(name)` holds \(value), beyond 64-bit signed integers", hint: "cast it to DOUBLE or VARCHAR")
                }
                all.append(exact)
            }
        default: all.append(contentsOf: view(data, Int64.self, rows))
        }
    }

    private func appendTimestamps(to all: inout [Int64], _ data: UnsafeMutableRawPointer, _ rows: Int) {
        guard case .timestamp(let factor) = kind else { return }
        let raw = view(data, Int64.self, rows)
        switch factor {
        case 1: all.append(contentsOf: raw)
        case ..<0: all.append(contentsOf: raw.lazy.map { $0 / -factor - ($0 % -factor < 0 ? 1 : 0) })
        default: all.append(contentsOf: raw.lazy.map { $0.multipliedReportingOverflow(by: factor).partialValue })
        }
    }

    private func appendStrings(to all: inout [String], _ data: UnsafeMutableRawPointer, _ rows: Int, _ valid: [Bool]?) {
        for row in 0..<rows {
            guard valid?[row] ?? true else {
                all.append("")
                continue
            }
            let cell = data + row * MemoryLayout<duckdb_string_t>.stride
            let length = Int(cell.load(as: UInt32.self))
            let start = length <= 12 ? UnsafeRawPointer(cell + 4) : (cell + 8).load(as: UnsafeRawPointer.self)
            all.append(String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self))
        }
    }
}

private func view<T>(_ data: UnsafeMutableRawPointer, _ type: T.Type, _ rows: Int) -> UnsafeBufferPointer<T> {
    UnsafeBufferPointer(start: data.assumingMemoryBound(to: type), count: rows)
}

private func signedDouble(_ value: duckdb_hugeint) -> Double { Double(Int128(value.upper) << 64 | Int128(value.lower)) }

private func unsignedDouble(_ value: duckdb_hugeint) -> Double { Double(UInt64(bitPattern: value.upper)) * 0x1p64 + Double(value.lower) }
