import Clockwork
import Columns
import Errors
import Serving
import Synchronization

extension PredictionLog {
    /// The most rows of one export.
    package static let exportMax = 1_000_000

    /// Writes the newest `rows` labelled rows of an endpoint, oldest first, as a Parquet file: the features, the label under `labelColumn`,
    /// `prediction_id` and `predicted_at`. Labels that are all whole numbers become BIGINT. `types` gives the column types of the data
    /// that the
    /// model was trained on, by name, so that the file can take its place; cells that do not fit become NULL.
    /// - Returns: the number of rows; 0 when none has a label, and then there is no file.
    package func exportLabelled(
        endpoint: String, newest rows: Int, labelColumn: String, types: [String: String] = [:], to path: String
    ) async throws -> Int {
        guard rows > 0, rows <= PredictionLog.exportMax else {
            throw JidokaError.invalidArgument("\(rows) rows cannot be exported", hint: "ask for 1 to \(PredictionLog.exportMax) rows")
        }
        guard let log = log(endpoint, .counted) else { return 0 }
        let chosen = log.rows.withLock { resident in
            resident.newestLabelled(rows).map { (position: $0, label: resident.labelValue($0)) }
        }
        guard let first = chosen.first, let last = chosen.last else { return 0 }
        let range = first.position..<last.position + 1
        let (segments, tail, sealed) = log.rows.withLock { ($0.segments(overlapping: range), $0.tail(in: range), $0.sealed) }
        try await engine.session { session in
            var table = ExportTable(rows: chosen.count)
            var wanted = chosen[...]
            for segment in segments {
                let part = segment.rows.clamped(to: Int64(range.lowerBound)..<Int64(range.upperBound))
                let records = try segment.records(part, endpoint: endpoint, session: session)
                while let next = wanted.first, Int64(next.position) < part.upperBound {
                    table.add(records[next.position - Int(part.lowerBound)], label: next.label)
                    wanted = wanted.dropFirst()
                }
            }
            let tailStart = max(sealed, range.lowerBound)
            for (position, label) in wanted { table.add(tail[position - tailStart], label: label) }
            try session.writeParquet(try table.columns(labelColumn: labelColumn), to: path, types: types)
            try Folder.synchronize(path)
        }
        return chosen.count
    }
}

/// The rows of an export, column by column.
private struct ExportTable {
    private let rows: Int
    private var features = FeatureColumns()
    private var labels: [FeatureValue] = []
    private var ids: [String] = []
    private var times: [Int64] = []

    init(rows: Int) { self.rows = rows }

    mutating func add(_ record: PredictionRecord, label: FeatureValue) {
        features.set(record.features, names: record.featureNames, row: ids.count, of: rows)
        labels.append(label)
        ids.append(record.id)
        times.append(record.time.microseconds)
    }

    func columns(labelColumn: String) throws -> [Column] {
        let reserved = ["prediction_id", "predicted_at"]
        if let clash = (features.columns.map(\.name) + [labelColumn]).first(where: { reserved.contains($0) }) {
            throw JidokaError.invalidArgument(
                "the column `\(clash)` has the name of one that the export adds", hint: "rename it in the training data")
        }
        var columns = features.columns.filter { $0.name != labelColumn }.map { ExportTable.column($0.name, $0.cells) }
        columns.append(ExportTable.label(labelColumn, labels))
        columns.append(Column("prediction_id", .strings(ids)))
        columns.append(Column("predicted_at", .timestamps(times)))
        return columns
    }

    private static func column(_ name: String, _ cells: [FeatureValue]) -> Column {
        if cells.contains(where: { if case .text = $0 { true } else { false } }) {
            return Column(name, texts: cells.map { $0.plainText.map(FeatureValue.text) ?? .missing })
        }
        return Column(name, numbers: cells)
    }

    private static func label(_ name: String, _ cells: [FeatureValue]) -> Column {
        let whole = cells.compactMap { cell in if case .number(let number) = cell { Int64(exactly: number) } else { nil } }
        return whole.count == cells.count ? Column(name, .integers(whole)) : column(name, cells)
    }
}
