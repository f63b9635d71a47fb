import Errors

/// A value that goes into a statement as a parameter, or comes out of one cell.
package enum ColumnValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    /// Microseconds since 1970-01-01T00:00:00Z.
    case timestamp(Int64)
}

/// One column: a name, its values in typed storage, and which rows hold one.
package struct Column: Sendable, Hashable {
    /// Values by type. Rows without a value hold NaN, 0, "", false and 0.
    package enum Values: Sendable, Hashable {
        /// FLOAT, DOUBLE, DECIMAL, HUGEINT and UHUGEINT (the last three lose digits beyond 2^53).
        case doubles([Double])
        /// Integers of up to 64 bits.
        case integers([Int64])
        /// VARCHAR, and every type that has no case of its own, in DuckDB's text form.
        case strings([String])
        case booleans([Bool])
        /// TIMESTAMP of any precision, as microseconds since 1970-01-01T00:00:00Z.
        case timestamps([Int64])
    }

    package var name: String
    package var values: Values
    /// False where the row is NULL; nil where no row is.
    package var validity: [Bool]?

    package init(_ name: String, _ values: Values, validity: [Bool]? = nil) {
        self.name = name
        self.values = values
        self.validity = validity
    }

    package var count: Int {
        switch values {
        case .doubles(let all): all.count
        case .integers(let all), .timestamps(let all): all.count
        case .strings(let all): all.count
        case .booleans(let all): all.count
        }
    }

    package var nullCount: Int { validity?.count { !$0 } ?? 0 }

    package func isNull(_ row: Int) -> Bool { validity.map { !$0[row] } ?? false }

    package subscript(row: Int) -> ColumnValue {
        if isNull(row) { return .null }
        switch values {
        case .doubles(let all): return .double(all[row])
        case .integers(let all): return .integer(all[row])
        case .strings(let all): return .string(all[row])
        case .booleans(let all): return .boolean(all[row])
        case .timestamps(let all): return .timestamp(all[row])
        }
    }

    /// The column as numbers, NaN where NULL; booleans become 0 and 1. Throws `invalid_argument` for text.
    package func doubles() throws -> [Double] {
        switch values {
        case .doubles(let all): return all
        case .integers(let all), .timestamps(let all): return masked(all.map(Double.init), null: .nan)
        case .booleans(let all): return masked(all.map { $0 ? 1 : 0 }, null: .nan)
        case .strings: throw JidokaError.invalidArgument("column `\(name)` holds text, not numbers")
        }
    }

    /// The column as 64-bit integers, 0 where NULL. Throws `invalid_argument` for text and for fractions.
    package func integers() throws -> [Int64] {
        switch values {
        case .integers(let all), .timestamps(let all): return all
        case .booleans(let all): return all.map { $0 ? 1 : 0 }
        case .doubles(let all):
            return try all.enumerated().map { row, value in
                if isNull(row) { return 0 }
                guard let whole = Int64(exactly: value) else {
                    throw JidokaError.invalidArgument("column `\(name)` holds \(value), which is no 64-bit integer")
                }
                return whole
            }
        case .strings: throw JidokaError.invalidArgument("column `\(name)` holds text, not integers")
        }
    }

    /// The column as text, nil where NULL.
    package func strings() -> [String?] {
        (0..<count).map { row in
            switch self[row] {
            case .null: nil
            case .boolean(let value): String(value)
            case .integer(let value), .timestamp(let value): String(value)
            case .double(let value): String(value)
            case .string(let value): value
            }
        }
    }

    private func masked(_ values: [Double], null: Double) -> [Double] {
        guard let validity else { return values }
        return zip(values, validity).map { $1 ? $0 : null }
    }
}

/// Rows by column: the answer of a query, or one piece of it.
package struct ColumnTable: Sendable, Hashable {
    package var columns: [Column]
    package var rowCount: Int

    package init(columns: [Column], rowCount: Int? = nil) {
        self.columns = columns
        self.rowCount = rowCount ?? columns.first?.count ?? 0
    }

    package var names: [String] { columns.map(\.name) }

    /// The first column of that name. Throws `not_found`, with the nearest name as the hint.
    package func column(_ name: String) throws -> Column {
        if let found = columns.first(where: { $0.name == name }) { return found }
        let nearest = nearestName(to: name, among: names)
        throw JidokaError.notFound("there is no column `\(name)`", hint: nearest.map { "did you mean `\($0)`?" })
    }

    /// The cells of one row.
    package func row(_ index: Int) -> [ColumnValue] { columns.map { $0[index] } }

    /// The one cell of a one-row, one-column answer such as `SELECT count(*)`.
    package func scalar() throws -> ColumnValue {
        guard rowCount == 1, columns.count == 1 else {
            throw JidokaError.internal("a single value was expected, but \(rowCount) rows of \(columns.count) columns came")
        }
        return columns[0][0]
    }
}
