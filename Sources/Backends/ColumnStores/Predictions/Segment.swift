import Clockwork
import Columns
import Errors
import Serving

/// Consecutive sealed rows of one log: the Parquet file `segment-<first>-<count>.parquet`, never changed again. See
/// docs/format/predictions.md.
struct Segment: Sendable, Hashable {
    /// A feature as the file holds it: numbers, texts, or both where the rows disagree.
    struct Feature: Sendable, Hashable {
        var name: String
        var isText: Bool
        /// A second column holds the texts of a feature that is mostly numbers.
        var hasTexts: Bool
    }

    /// What stays in memory of a sealed row.
    struct LightRow: Sendable {
        var id: String
        var time: Timestamp
        var version: String
        var prediction: FeatureValue
    }

    var path: String
    var first: Int64
    var count: Int
    var features: [Feature]

    var rows: Range<Int64> { first..<first + Int64(count) }
    var sql: String { ColumnFile(path: path, format: .parquet).sql }

    static let featurePrefix = "feature."
    static let textPrefix = "feature_text."

    /// The folder's segments by first row. Files that were not finished when the program ended are removed.
    static func all(in folder: Folder, session: ColumnSession?) throws -> [Segment] {
        var found: [Segment] = []
        for name in try folder.names() {
            if name.hasSuffix(".tmp") { try folder.remove(name) }
            guard let (first, count) = numbers(of: name) else { continue }
            guard let session else { throw JidokaError.internal("a folder with segments was opened without the column engine") }
            let path = folder.file(name)
            found.append(Segment(path: path, first: first, count: count, features: try features(path: path, session: session)))
        }
        return found.sorted { $0.first < $1.first }
    }

    static func exist(in folder: Folder) throws -> Bool { try folder.names().contains { numbers(of: $0) != nil } }

    static func numbers(of name: String) -> (first: Int64, count: Int)? {
        guard name.hasPrefix("segment-"), name.hasSuffix(".parquet") else { return nil }
        let parts = name.dropFirst(8).dropLast(8).split(separator: "-")
        guard parts.count == 2, let first = Int64(parts[0]), let count = Int(parts[1]) else { return nil }
        return (first, count)
    }

    private static func features(path: String, session: ColumnSession) throws -> [Feature] {
        let file = ColumnFile(path: path, format: .parquet).sql
        let table: ColumnTable
        do {
            table = try session.query("DESCRIBE SELECT * FROM \(file)")
        } catch {
            throw JidokaError(
                .failedPrecondition, "the segment `\(path)` cannot be read", hint: "restore it from a backup, or move its folder away",
                cause: error)
        }
        let names = try table.column("column_name").strings().map { $0 ?? "" }
        let types = try table.column("column_type").strings()
        let texts = Set(names.filter { $0.hasPrefix(textPrefix) }.map { $0.dropFirst(textPrefix.count) })
        return zip(names, types).compactMap { name, type in
            guard name.hasPrefix(featurePrefix) else { return nil }
            let feature = name.dropFirst(featurePrefix.count)
            return Feature(name: String(feature), isText: type == "VARCHAR", hasTexts: texts.contains(feature))
        }
    }

    /// Ids, times, versions and predictions, in order.
    func lightRows(session: ColumnSession?) throws -> [LightRow] {
        guard let session else { throw JidokaError.internal("a segment was read without the column engine") }
        let sql = "SELECT id, time, version, prediction_number, prediction_text FROM \(sql) ORDER BY position"
        let table = try session.query(sql, maximumRows: count + 1)
        guard table.rowCount == count else {
            throw JidokaError.failedPrecondition(
                "the segment `\(path)` holds \(table.rowCount) rows where its name says \(count)", hint: "restore it from a backup")
        }
        let ids = table.columns[0].strings()
        let times = try table.columns[1].integers()
        let versions = table.columns[2].strings()
        let predictions = FeatureCells(numbers: table.columns[3], texts: table.columns[4])
        return (0..<count).map { row in
            LightRow(
                id: ids[row] ?? "", time: Timestamp(microseconds: times[row]), version: versions[row] ?? "", prediction: predictions[row])
        }
    }
}

/// Cells that are numbers in one column and texts in another.
struct FeatureCells {
    private let numbers: Column?
    private let texts: Column?

    init(numbers: Column?, texts: Column?) {
        self.numbers = numbers
        self.texts = texts
    }

    subscript(row: Int) -> FeatureValue {
        if let numbers, !numbers.isNull(row), case .doubles(let all) = numbers.values {
            return all[row].isNaN ? .missing : .number(all[row])
        }
        if let texts, !texts.isNull(row), case .strings(let all) = texts.values { return .text(all[row]) }
        return .missing
    }
}
