import Clockwork
import Columns
import Serving

extension Segment {
    /// Rows of one group in the Parquet file: what a read of a short window has to touch.
    private static let rowGroup = 8_192

    /// Writes rows as a segment that is there whole, durable and under its final name on return.
    static func write(_ rows: [PredictionRecord], first: Int64, in folder: Folder, session: ColumnSession) throws -> Segment {
        let name = "segment-\(first)-\(rows.count).parquet"
        var columns = fixedColumns(rows, first: first)
        var features: [Feature] = []
        for (feature, cells) in featureCells(rows) {
            let hasNumbers = cells.contains { if case .number = $0 { true } else { false } }
            let hasTexts = cells.contains { if case .text = $0 { true } else { false } }
            let isText = hasTexts && !hasNumbers
            features.append(Feature(name: feature, isText: isText, hasTexts: hasTexts && hasNumbers))
            columns.append(isText ? Column(featurePrefix + feature, texts: cells) : Column(featurePrefix + feature, numbers: cells))
            if hasTexts, hasNumbers { columns.append(Column(textPrefix + feature, texts: cells)) }
        }
        try session.writeParquet(columns, to: folder.file(name + ".tmp"), rowGroup: rowGroup)
        try folder.publish(name + ".tmp", as: name)
        return Segment(path: folder.file(name), first: first, count: rows.count, features: features)
    }

    private static func fixedColumns(_ rows: [PredictionRecord], first: Int64) -> [Column] {
        let predictions = rows.map(\.prediction)
        return [
            Column("position", .integers(rows.indices.map { first + Int64($0) })), Column("id", .strings(rows.map(\.id))),
            Column("time", .timestamps(rows.map(\.time.microseconds))), Column("route", .strings(rows.map(\.route.rawValue))),
            Column("model", .strings(rows.map(\.model))), Column("version", .strings(rows.map(\.version))),
            Column("unit", .strings(rows.map(\.unit))),
            Column("latency_us", .integers(rows.map(\.latencyMicroseconds))), Column("prediction_number", numbers: predictions),
            Column("prediction_text", texts: predictions),
            Column("score", numbers: rows.map { $0.score.map(FeatureValue.number) ?? .missing }),
            Column("error", texts: rows.map { $0.error.map(FeatureValue.text) ?? .missing }),
        ]
    }

    /// Every feature that a row has, in the order of appearance; rows without it have missing cells.
    private static func featureCells(_ rows: [PredictionRecord]) -> [(name: String, cells: [FeatureValue])] {
        var columns = FeatureColumns()
        for (index, row) in rows.enumerated() { columns.set(row.features, names: row.featureNames, row: index, of: rows.count) }
        return columns.columns
    }
}

/// Features by name, gathered from rows that may name different ones.
struct FeatureColumns {
    private(set) var columns: [(name: String, cells: [FeatureValue])] = []
    private var places: [String: Int] = [:]
    /// The places of the newest list of names: rows of one endpoint mostly share it.
    private var lastNames: [String] = []
    private var lastPlaces: [Int] = []

    mutating func place(_ name: String, rows: Int) -> Int {
        if let place = places[name] { return place }
        columns.append((name, [FeatureValue](repeating: .missing, count: rows)))
        places[name] = columns.count - 1
        return columns.count - 1
    }

    mutating func set(_ cell: FeatureValue, place: Int, row: Int) { columns[place].cells[row] = cell }

    mutating func set(_ cells: [FeatureValue], names: [String], row: Int, of rows: Int) {
        if names != lastNames {
            lastNames = names
            lastPlaces = names.map { place($0, rows: rows) }
        }
        for (place, cell) in zip(lastPlaces, cells) { columns[place].cells[row] = cell }
    }
}

extension Column {
    /// The numbers among cells; every other cell is NULL.
    init(_ name: String, numbers cells: [FeatureValue]) {
        let values = cells.map { cell in if case .number(let number) = cell { number } else { Double.nan } }
        self.init(name, .doubles(values), validity: values.map { !$0.isNaN })
    }

    /// The texts among cells; every other cell is NULL.
    init(_ name: String, texts cells: [FeatureValue]) {
        let values: [String?] = cells.map { cell in if case .text(let text) = cell { text } else { nil } }
        self.init(name, .strings(values.map { $0 ?? "" }), validity: values.map { $0 != nil })
    }
}

extension Column.Values {
    /// The type of a table's column that takes these values.
    var sqlType: String {
        switch self {
        case .doubles: "DOUBLE"
        case .integers: "BIGINT"
        case .strings: "VARCHAR"
        case .booleans: "BOOLEAN"
        case .timestamps: "TIMESTAMP"
        }
    }
}

extension ColumnSession {
    /// Writes columns as a Parquet file. `types` casts the named columns to other types; cells that do not fit become NULL.
    func writeParquet(_ columns: [Column], to path: String, rowGroup: Int = 122_880, types: [String: String] = [:]) throws {
        let table = "jidoka_staged"
        let declared = columns.map { "\(SQLText.identifier($0.name)) \($0.values.sqlType)" }.joined(separator: ", ")
        try execute("CREATE OR REPLACE TEMP TABLE \(table) (\(declared))")
        try append(table: table, columns: columns)
        let selected = columns.map { column in
            let name = SQLText.identifier(column.name)
            return types[column.name].map { "TRY_CAST(\(name) AS \($0)) AS \(name)" } ?? name
        }
        try execute(
            "COPY (SELECT \(selected.joined(separator: ", ")) FROM \(table)) TO \(SQLText.literal(path))"
                + " (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE \(rowGroup))")
        try execute("DROP TABLE \(table)")
    }
}
