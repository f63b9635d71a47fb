import Errors
import JSON

/// Reads the rows of a table of runs from CSV, JSON and JSON lines.
enum RunRows {
    /// - Throws: `invalid_argument` with the place; `exhausted` beyond `RunTable.runsMax` rows.
    static func read(_ bytes: [UInt8], ending: String, shown: String, remarks: Remarks) throws -> [RunRow] {
        let rows =
            switch ending {
            case "csv": try csv(bytes, shown)
            case "json": try json(bytes, shown)
            default: try lines(bytes, shown)
            }
        var strangers: Set<String> = []
        for row in rows { for cell in row.cells where !RunRow.isKnown(cell.key) { strangers.insert(cell.key) } }
        for key in strangers.sorted() {
            let near = nearest(to: key)
            remarks.add("the column \(key) is not known and was left" + (near.map { ": is it \($0)?" } ?? ""))
        }
        guard !rows.isEmpty, rows.contains(where: { row in row.cells.contains { RunRow.isKnown($0.key) } }) else {
            throw JidokaError.invalidArgument(
                "`\(shown)` holds no runs",
                hint: "its columns are run_id, run_name, experiment, status, start_time, end_time, params.X, metrics.X, tags.X")
        }
        return rows
    }

    /// `param.x` and `metric_x` mean the family whose name they nearly have.
    private static func nearest(to key: String) -> String? {
        for family in ["param", "metric", "tag"] where key.hasPrefix(family) && key.count > family.count + 1 {
            return "\(family)s.\(key.dropFirst(family.count).drop { $0 == "s" }.drop { "._".contains($0) })"
        }
        return nil
    }

    private static func checkCount(_ count: Int, _ shown: String) throws {
        guard count < RunTable.runsMax else {
            throw JidokaError(.exhausted, "`\(shown)` holds more than \(RunTable.runsMax) runs", hint: "cut it into several files")
        }
    }

    // MARK: CSV

    private static func csv(_ bytes: [UInt8], _ shown: String) throws -> [RunRow] {
        var text = CSVText(bytes, shown: shown)
        guard let head = try text.next() else { return [] }
        for (index, name) in head.fields.enumerated() where !name.isEmpty && head.fields[..<index].contains(name) {
            throw JidokaError.invalidArgument(
                "`\(shown)` line \(head.line): there are two columns `\(name)`", hint: "give each column one name")
        }
        var rows: [RunRow] = []
        while let record = try text.next() {
            try checkCount(rows.count, shown)
            guard record.fields.count == head.fields.count else {
                throw JidokaError.invalidArgument(
                    "`\(shown)` line \(record.line): there are \(record.fields.count) fields under \(head.fields.count) columns",
                    hint: "put a value that holds a comma in quotes")
            }
            // pandas writes its index under no name.
            let cells = zip(head.fields, record.fields).filter { !$0.0.isEmpty }.map { (key: $0.0, value: JSONValue.string($0.1)) }
            rows.append(RunRow(place: "line \(record.line)", shown: shown, cells: cells))
        }
        return rows
    }

    // MARK: JSON

    private static func lines(_ bytes: [UInt8], _ shown: String) throws -> [RunRow] {
        var rows: [RunRow] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            guard line.contains(where: { $0 > 0x20 }) else { continue }
            try checkCount(rows.count, shown)
            rows.append(try row(try parse(line, "`\(shown)` line \(index + 1)"), "line \(index + 1)", shown))
        }
        return rows
    }

    private static func parse(_ bytes: some Collection<UInt8>, _ place: String) throws -> JSONValue {
        do { return try JSONValue.parse(Array(bytes)) } catch let error as JidokaError {
            throw JidokaError(
                error.code, "\(place): \(error.message)", hint: "write a list of objects, or one object a line in a .jsonl file")
        }
    }

    /// A list of objects, one object, or the columns that pandas writes by default.
    private static func json(_ bytes: [UInt8], _ shown: String) throws -> [RunRow] {
        let whole = try parse(bytes, "`\(shown)`")
        if let items = whole.arrayValue {
            try checkCount(items.count - 1, shown)
            return try items.enumerated().map { try row($1, "record \($0 + 1)", shown) }
        }
        guard let object = whole.objectValue else {
            throw JidokaError.invalidArgument("`\(shown)` is no list of runs", hint: "write a list of objects")
        }
        let families = ["params", "metrics", "tags"]
        guard object.members.allSatisfy({ $0.value.objectValue != nil && !families.contains($0.key) }) else {
            return [try row(whole, "record 1", shown)]
        }
        let keys = object.members.first?.value.objectValue?.members.map(\.key) ?? []
        try checkCount(keys.count - 1, shown)
        let columns = object.members.map { column in
            (key: column.key, cells: Dictionary((column.value.objectValue?.members ?? []).map { ($0.key, $0.value) }) { first, _ in first })
        }
        return keys.map { key in
            RunRow(place: "record \(key)", shown: shown, cells: columns.map { (key: $0.key, value: $0.cells[key] ?? .null) })
        }
    }

    /// `params`, `metrics` and `tags` may be objects, as our own export writes them.
    private static func row(_ value: JSONValue, _ place: String, _ shown: String) throws -> RunRow {
        guard let object = value.objectValue else {
            throw JidokaError.invalidArgument("`\(shown)` \(place) is no object", hint: "write an object for each run")
        }
        var cells: [(key: String, value: JSONValue)] = []
        for member in object.members {
            if ["params", "metrics", "tags"].contains(member.key), let inner = member.value.objectValue {
                cells += inner.members.map { (key: "\(member.key).\($0.key)", value: $0.value) }
            } else {
                cells.append((key: member.key, value: member.value))
            }
        }
        return RunRow(place: place, shown: shown, cells: cells)
    }
}
