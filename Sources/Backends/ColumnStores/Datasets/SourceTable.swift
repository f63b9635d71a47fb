import Columns
import Datasets
import Errors

/// A dataset file opened in a session: its columns, and SQL that reads it with row numbers.
struct SourceTable {
    var fields: [ColumnSchema]
    /// What stands after FROM.
    var relation: String
    /// The number of a row, from 0 in the order of the file.
    let rowNumber: String
    /// Every column of the file and nothing else.
    let allColumns: String
    private let temporary: Bool
    private static let columnsMax = 4_000

    func field(_ name: String) -> ColumnSchema? { fields.first { $0.name == name } }

    /// Opens `file` for as long as `body` runs. Parquet is read in place; CSV is parsed once, into a temporary table.
    /// - Throws: `invalid_argument` with the reason in plain words when the bytes cannot be read in this format.
    static func with<T>(_ file: DatasetFile, session: ColumnSession, _ body: (SourceTable) throws -> T) throws -> T {
        let opened: SourceTable
        do {
            opened = try open(file, session: session)
        } catch let error as JidokaError {
            throw unreadable(file, error)
        }
        guard !opened.fields.isEmpty, opened.fields.count <= columnsMax else {
            throw JidokaError.invalidArgument(
                "the file has \(opened.fields.count) columns", hint: "a dataset has 1 to \(columnsMax) columns")
        }
        let result: T
        do {
            result = try body(opened)
        } catch let error as JidokaError where error.message.hasPrefix("DuckDB: ") {
            throw unreadable(file, error)
        }
        if opened.temporary { try session.execute("DROP TABLE jidoka_source") }
        return result
    }

    private static func open(_ file: DatasetFile, session: ColumnSession) throws -> SourceTable {
        let columnFile = ColumnFile(path: file.path, format: file.format == .parquet ? .parquet : .csv)
        let table: SourceTable
        switch file.format {
        case .parquet:
            let withRows = columnFile.sql.dropLast() + ", file_row_number = true)"
            table = SourceTable(
                fields: try fields("SELECT * FROM \(columnFile.sql)", session), relation: String(withRows), rowNumber: "file_row_number",
                allColumns: "* EXCLUDE (file_row_number)", temporary: false)
        case .csv:
            try session.execute("CREATE OR REPLACE TEMP TABLE jidoka_source AS SELECT * FROM \(columnFile.sql)")
            table = SourceTable(
                fields: try fields("SELECT * FROM jidoka_source", session), relation: "jidoka_source", rowNumber: "rowid", allColumns: "*",
                temporary: true)
        }
        return table
    }

    private static func fields(_ query: String, _ session: ColumnSession) throws -> [ColumnSchema] {
        let table = try session.query("DESCRIBE \(query)")
        let names = try table.column("column_name").strings()
        let types = try table.column("column_type").strings()
        return zip(names, types).map { ColumnSchema(name: $0 ?? "", type: $1 ?? "") }
    }

    /// What the engine says about a file, in plain words and without the path that only the server knows.
    private static func unreadable(_ file: DatasetFile, _ error: JidokaError) -> JidokaError {
        guard error.code == .invalidArgument || error.code == .unavailable else { return error }
        let text = error.message.hasPrefix("DuckDB: ") ? String(error.message.dropFirst(8)) : error.message
        if ["Binder", "Parser", "Catalog"].contains(where: { text.hasPrefix("\($0) Error") }) {
            return .internal("a query on the file is malformed", cause: error)  // our SQL is wrong, not the file
        }
        let reason: String
        if text.contains("No magic bytes") || text.contains("too small to be a Parquet") {
            reason = "it is no Parquet file, or its end is missing"
        } else if text.contains("sniffing file") {
            reason = "its rows do not have the same number of columns, whichever delimiter is taken"
        } else {
            let short = text.split(separator: ":", maxSplits: 1).last.map { $0.drop { $0 == " " } } ?? text[...]
            reason = String(short).replacing("\"\(file.path)\"", with: "the file").replacing("'\(file.path)'", with: "the file")
                .replacing(file.path, with: "the file")
        }
        let name = file.format == .parquet ? "Parquet" : "CSV"
        return JidokaError(
            .invalidArgument, "the file cannot be read as \(name): \(reason)",
            hint: "check that the file is whole and its name ends in .parquet or .csv",
            cause: error)
    }
}

extension ColumnSchema {
    var sql: String { SQLText.identifier(name) }

    private var isFloating: Bool { ["DOUBLE", "FLOAT", "REAL"].contains(type.uppercased()) }

    /// True where the cell holds a value; NaN counts as missing, as most writers of Parquet mean it.
    var presentSQL: String { isFloating ? "(\(sql) IS NOT NULL AND NOT isnan(\(sql)))" : "(\(sql) IS NOT NULL)" }

    /// The cell as DOUBLE; NULL where it is no number.
    var numberSQL: String {
        switch kind {
        case .integer, .number: "CAST(\(sql) AS DOUBLE)"
        case .boolean: "CAST(CAST(\(sql) AS INTEGER) AS DOUBLE)"
        default: "TRY_CAST(CAST(\(sql) AS VARCHAR) AS DOUBLE)"
        }
    }

    /// The cell as a finite DOUBLE, else NULL.
    var finiteSQL: String { "CASE WHEN isfinite(\(numberSQL)) THEN \(numberSQL) END" }

    var textSQL: String { "CAST(\(sql) AS VARCHAR)" }
}
