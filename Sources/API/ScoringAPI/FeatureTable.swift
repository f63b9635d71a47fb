import Errors
import JSON
import Serving

/// A table of cells with named columns, as the inputs of a model: MLflow's rules for data frames (mlflow/models/utils.py,
/// `_enforce_schema`). Columns are found by name, further ones are dropped; a table without names is read by place.
struct FeatureTable {
    /// nil: the cells are in the order of the model's features.
    private let columns: [String]?
    private let rows: [[Cell]]

    enum Cell {
        case json(JSONCursor)
        /// A cell of CSV, which has no types.
        case text(String)
    }

    init(columns: [String]?, rows: [[JSONCursor]]) {
        self.columns = columns
        self.rows = rows.map { $0.map(Cell.json) }
    }

    /// `{"columns": […], "data": [[…], …]}`; an index is not looked at.
    init(split json: JSONCursor) throws {
        guard json.kind == .object, let data = json["data"], data.kind == .array else {
            throw JidokaError.invalidArgument("`dataframe_split` has no `data`", hint: #"send {"columns": […], "data": [[…], …]}"#)
        }
        let names = try json["columns"].map { columns in
            try columns.elements.map { name in
                guard let name = name.string ?? name.int.map({ String($0) }) else {
                    throw JidokaError.invalidArgument("a column of `dataframe_split` has no name")
                }
                return name
            }
        }
        self.init(columns: names, rows: data.elements.map(\.elements))
        if let names, let wrong = rows.firstIndex(where: { $0.count != names.count }) {
            throw JidokaError.invalidArgument("row \(wrong) has \(rows[wrong].count) cells for \(names.count) columns")
        }
    }

    /// `[{name: cell, …}, …]`
    init(records json: JSONCursor) throws {
        guard json.kind == .array else { throw JidokaError.invalidArgument("`dataframe_records` must be a list of objects") }
        var names: [String] = []
        var known: Set<String> = []
        let records = json.elements
        for record in records {
            guard record.kind == .object else { throw JidokaError.invalidArgument("`dataframe_records` must be a list of objects") }
            record.forEachMember { name, _ in if known.insert(name).inserted { names.append(name) } }
        }
        let null = try JSONDocument(Array("null".utf8)).root
        self.init(columns: names, rows: records.map { record in names.map { record[$0] ?? null } })
    }

    /// The first line names the columns.
    init(csv body: [UInt8]) throws {
        var lines = try CSVReader.lines(body)
        guard !lines.isEmpty else { throw JidokaError.invalidArgument("the CSV has no line of column names") }
        columns = lines.removeFirst()
        rows = lines.map { $0.map(Cell.text) }
    }

    /// - Throws: `invalid_argument` for a column that is missing and a cell that is not of the model's type.
    func tensors(_ signature: ModelSignature) throws -> [Tensor] {
        guard !rows.isEmpty else { throw JidokaError.invalidArgument("the request has no rows") }
        let places = try places(signature.featureNames)
        var next = 0
        return try signature.inputs.map { spec in
            let width = spec.columns ?? places.count - next
            guard next + width <= places.count else {
                throw JidokaError.invalidArgument("the table has \(places.count) columns, fewer than the model takes")
            }
            let used = Array(next..<next + width)
            next += width
            let shape =
                spec.shape.count <= 1 ? [rows.count] : spec.shape.count == 2 ? [rows.count, width] : [rows.count] + spec.shape.dropFirst()
            let cells = rows.lazy.flatMap { row in used.lazy.map { (row[places[$0]], signature.featureNames[$0]) } }
            return try CellReader(spec).tensor(cells, shape: shape)
        }
    }

    /// Where each feature's column is.
    private func places(_ features: [String]) throws -> [Int] {
        guard let columns else {
            guard let wrong = rows.firstIndex(where: { $0.count != features.count }) else { return Array(features.indices) }
            throw JidokaError.invalidArgument("row \(wrong) has \(rows[wrong].count) features, but the model takes \(features.count)")
        }
        let byName = Dictionary(columns.enumerated().map { ($1, $0) }) { first, _ in first }
        let missing = features.filter { byName[$0] == nil }
        if missing.isEmpty { return features.compactMap { byName[$0] } }
        // A model that was logged without names is read by place.
        if missing.count == features.count, columns.count == features.count, features == features.indices.map({ "f\($0)" }) {
            return Array(features.indices)
        }
        let extra = columns.filter { !features.contains($0) }
        throw JidokaError.invalidArgument(
            "Model is missing inputs \(FeatureTable.listed(missing))."
                + (extra.isEmpty ? "" : " Note that there were extra inputs: \(FeatureTable.listed(extra))"))
    }

    private static func listed(_ names: [String]) -> String { "[" + names.map { "'\($0)'" }.joined(separator: ", ") + "]" }
}
