package import Columns
package import Datasets
import Errors
import JSON

/// Profiles in two passes: one query for every column's figures, then the most frequent values and the histograms.
package struct DuckDBProfiler: DatasetProfiler {
    private let engine: ColumnEngine
    private static let shares = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
    /// Up to here quantiles are exact; above they are t-digest estimates, in bounded memory.
    private static let exactRowsMax: Int64 = 2_000_000
    private static let bins = 20
    private static let topMax = 10
    private static let textMax = 200
    /// Columns in one statement.
    private static let batch = 64

    package init(engine: ColumnEngine) { self.engine = engine }

    package func profile(_ file: DatasetFile) async throws -> DatasetProfile {
        try await engine.session { session in
            try SourceTable.with(file, session: session) { source in
                guard case .integer(let rows) = try session.query("SELECT count(*) FROM \(source.relation)").scalar() else {
                    throw JidokaError.internal("count(*) did not answer an integer")
                }
                var columns: [ColumnProfile] = []
                var start = 0
                while start < source.fields.count {
                    let fields = Array(source.fields[start..<min(start + DuckDBProfiler.batch, source.fields.count)])
                    var found = try DuckDBProfiler.figures(fields, rows: rows, source, session)
                    try DuckDBProfiler.addDistributions(to: &found, fields, source, session)
                    columns += found
                    start += fields.count
                }
                return DatasetProfile(rows: rows, columns: columns)
            }
        }
    }

    /// Figures that one query for each column gives, eight in a row.
    private static func figures(_ fields: [ColumnSchema], rows: Int64, _ source: SourceTable, _ session: ColumnSession) throws
        -> [ColumnProfile]
    {
        let quantile = rows <= exactRowsMax ? "quantile_cont" : "approx_quantile"
        let list = "[" + shares.map { "\($0)" }.joined(separator: ", ") + "]"
        let items = fields.map { field -> String in
            let column = field.sql
            let bounds =
                field.kind == .other
                ? "NULL::VARCHAR, NULL::VARCHAR"
                : "left(CAST(min(\(column)) FILTER (\(field.presentSQL)) AS VARCHAR), \(textMax)), "
                    + "left(CAST(max(\(column)) FILTER (\(field.presentSQL)) AS VARCHAR), \(textMax))"
            let number = field.finiteSQL
            let moments =
                field.kind.isNumeric
                ? "avg(\(number)), stddev_samp(\(number)), CAST(to_json(\(quantile)(\(number), \(list))) AS VARCHAR)"
                : "NULL::DOUBLE, NULL::DOUBLE, NULL::VARCHAR"
            return "count(*) FILTER (\(field.presentSQL)), approx_count_distinct(\(column)), \(bounds), \(moments)"
        }
        let table = try session.query("SELECT \(items.joined(separator: ",\n")) FROM \(source.relation)")
        return try fields.enumerated().map { index, field in
            let cells = (0..<7).map { table.columns[index * 7 + $0][0] }
            let count = cells[0].integer ?? 0
            return ColumnProfile(
                name: field.name, type: field.type, count: count, missing: rows - count, distinct: count == 0 ? 0 : cells[1].integer ?? 0,
                minimum: cells[2].text, maximum: cells[3].text, mean: cells[4].finite, deviation: cells[5].finite,
                quantiles: try quantiles(cells[6].text))
        }
    }

    private static func quantiles(_ text: String?) throws -> [ColumnProfile.Quantile] {
        guard let text, let values = try JSONValue.parse(text).arrayValue else { return [] }
        return zip(shares, values).compactMap { share, value in value.doubleValue.map { ColumnProfile.Quantile(share: share, value: $0) } }
    }

    /// One query for the most frequent values of columns that repeat, and the histograms of the numeric ones.
    private static func addDistributions(
        to profiles: inout [ColumnProfile], _ fields: [ColumnSchema], _ source: SourceTable, _ session: ColumnSession
    ) throws {
        var parts: [String] = []
        for (index, (field, profile)) in zip(fields, profiles).enumerated() {
            if field.kind != .other, profile.count > 0, profile.distinct <= max(50, profile.count / 2) {
                parts.append(
                    "(SELECT \(index), 0, left(\(field.textSQL), \(textMax)) AS v, 0, count(*) AS n FROM \(source.relation)"
                        + " WHERE \(field.presentSQL) GROUP BY v ORDER BY n DESC, v LIMIT \(topMax))")
            }
            if let (low, width) = binning(field, profile) {
                parts.append(
                    "(SELECT \(index), 1, '', least(\(bins - 1), CAST(floor((x - (\(low))) / \(width)) AS INTEGER)) AS b, count(*) FROM"
                        + " (SELECT \(field.finiteSQL) AS x FROM \(source.relation)) WHERE x IS NOT NULL GROUP BY b)")
            }
        }
        if parts.isEmpty { return }
        let table = try session.query(
            "SELECT c, k, v, b, n FROM (\(parts.joined(separator: "\nUNION ALL\n"))) AS found(c, k, v, b, n) ORDER BY c, k, b, n DESC, v")
        for row in 0..<table.rowCount {
            let cells = table.row(row)
            guard let index = cells[0].integer.map({ Int($0) }), let count = cells[4].integer, let bin = cells[3].integer else { continue }
            if cells[1].integer == 0 {
                profiles[index].top.append(ColumnProfile.TopValue(value: cells[2].text ?? "", count: count))
            } else if let (low, width) = binning(fields[index], profiles[index]) {
                if profiles[index].histogram.isEmpty {
                    profiles[index].histogram = (0..<bins).map { step in
                        ColumnProfile.Bin(low: low + Double(step) * width, high: low + Double(step + 1) * width, count: 0)
                    }
                }
                profiles[index].histogram[max(0, Int(bin))].count += count
            }
        }
    }

    /// The lowest number and the width of a bin; nil where there is nothing to spread.
    private static func binning(_ field: ColumnSchema, _ profile: ColumnProfile) -> (low: Double, width: Double)? {
        guard field.kind.isNumeric, let low = profile.minimum.flatMap(Double.init), let high = profile.maximum.flatMap(Double.init) else {
            return nil
        }
        let width = (high - low) / Double(bins)
        return width > 0 && width.isFinite && low.isFinite ? (low, width) : nil
    }
}

extension ColumnValue {
    var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .double(let value): Int64(exactly: value)
        default: nil
        }
    }
    var text: String? { if case .string(let value) = self { value } else { nil } }
    var finite: Double? {
        switch self {
        case .double(let value): value.isFinite ? value : nil
        case .integer(let value): Double(value)
        default: nil
        }
    }
}
