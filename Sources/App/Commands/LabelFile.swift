import Clockwork
import Columns
import Errors
import JSON

/// Labels from a file, as the API takes them.
enum LabelFile {
    private static let jsonBytesMax = 512 << 20
    private static let rowsMax = 20_000_000

    static func read(_ file: String, _ context: CommandContext) async throws -> [JSONValue] {
        let path = context.absolute(file)
        _ = try await context.pool.run { try LocalFile.size(path, shown: file) }
        let columns = try ColumnFile(path: path)
        if columns.format != .json { return try await table(columns, shown: file, context.pool) }
        let bytes = try await context.pool.run { try LocalFile.read(path, shown: file, bytesMax: jsonBytesMax) }
        do { return try json(bytes) } catch var error as JidokaError {
            error.message = "`\(file)`: \(error.message)"
            throw error
        }
    }

    /// A list, an object with `labels`, or an object a line.
    static func json(_ bytes: [UInt8]) throws -> [JSONValue] {
        let whole: JSONValue
        do { whole = try JSONValue.parse(bytes) } catch {
            return try bytes.split(whereSeparator: { $0 == 0x0A }).filter { $0.contains { $0 > 0x20 } }.enumerated().map { index, line in
                do { return try JSONValue.parse(line) } catch let error as JidokaError {
                    throw JidokaError(
                        error.code, "line \(index + 1): \(error.message)", hint: "write a list of objects, or one object a line")
                }
            }
        }
        if let labels = whole.arrayValue ?? whole["labels"]?.arrayValue { return labels }
        guard whole["prediction_id"] != nil else {
            throw JidokaError.invalidArgument(
                "it holds no labels", hint: "write a list of objects with `prediction_id` and `label`")
        }
        return [whole]
    }

    private static func table(_ file: ColumnFile, shown: String, _ pool: BlockingPool) async throws -> [JSONValue] {
        let engine = ColumnEngine(pool: pool)
        let names = try await engine.describe(file).fields.map(\.name)
        for needed in ["prediction_id", "label"] where !names.contains(needed) {
            throw JidokaError.invalidArgument(
                "`\(shown)` has no column `\(needed)`",
                hint: nearestName(to: needed, among: names).map { "is it `\($0)`? Rename it to `\(needed)`" }
                    ?? "its columns: \(names.joined(separator: ", "))")
        }
        let time = names.contains("time") ? ", \"time\"" : ""
        // An id is text even when all of its digits happen to be decimal.
        let source = file.format == .csv ? String(file.sql.dropLast()) + ", all_varchar = true)" : file.sql
        let answer = try await engine.query("SELECT prediction_id, label\(time) FROM \(source)", maximumRows: rowsMax)
        let (ids, labels) = (answer.columns[0].strings(), answer.columns[1])
        let times = answer.columns.count > 2 ? answer.columns[2] : nil
        return try ids.indices.map { row in
            guard let id = ids[row], !labels.isNull(row) else {
                throw JidokaError.invalidArgument(
                    "`\(shown)`: row \(row + 1) has no id or no label", hint: "leave out rows without a label")
            }
            var label: JSONObject = ["prediction_id": .string(id), "label": value(labels[row])]
            if let times, !times.isNull(row) { label["time"] = try moment(times[row], row, shown) }
            return .object(label)
        }
    }

    /// Text that reads as a number is one: CSV knows no types.
    static func value(_ cell: ColumnValue) -> JSONValue {
        switch cell {
        case .null: .null
        case .boolean(let flag): .bool(flag)
        case .integer(let number), .timestamp(let number): .int(number)
        case .double(let number): .double(number)
        case .string("true"), .string("True"): true
        case .string("false"), .string("False"): false
        case .string(let text): Int64(text).map(JSONValue.int) ?? Double(text).flatMap { $0.isFinite ? .double($0) : nil } ?? .string(text)
        }
    }

    private static func moment(_ cell: ColumnValue, _ row: Int, _ shown: String) throws -> JSONValue {
        guard let microseconds = value(cell).intValue else {
            throw JidokaError.invalidArgument(
                "`\(shown)`: `time` of row \(row + 1) is no moment", hint: "write microseconds since 1970 as a whole number")
        }
        return .int(microseconds)
    }
}
