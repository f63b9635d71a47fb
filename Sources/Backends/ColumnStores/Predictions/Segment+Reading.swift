import Clockwork
import Columns
import Errors
import Serving

extension Segment {
    /// Whole records of a range that lies inside the segment, in order.
    func records(_ range: Range<Int64>, endpoint: String, session: ColumnSession) throws -> [PredictionRecord] {
        let fixed = "id, time, route, model, version, unit, latency_us, prediction_number, prediction_text, score, error"
        let table = try select(fixed, range, session: session)
        let ids = table.columns[0].strings()
        let times = try table.columns[1].integers()
        let routes = table.columns[2].strings()
        let models = table.columns[3].strings()
        let versions = table.columns[4].strings()
        let units = table.columns[5].strings()
        let latencies = try table.columns[6].integers()
        let predictions = FeatureCells(numbers: table.columns[7], texts: table.columns[8])
        let scores = table.columns[9]
        let errors = table.columns[10].strings()
        let names = features.map(\.name)
        let cells = featureCells(table, from: 11)
        return try (0..<table.rowCount).map { row in
            guard let route = routes[row].flatMap(Route.init(rawValue:)) else {
                throw JidokaError.internal("a segment names an unknown route")
            }
            var score: Double?
            if case .double(let value) = scores[row] { score = value }
            return PredictionRecord(
                id: ids[row] ?? "", endpoint: endpoint, route: route, model: models[row] ?? "", version: versions[row] ?? "",
                unit: units[row] ?? "",
                time: Timestamp(microseconds: times[row]), latencyMicroseconds: latencies[row], featureNames: names,
                features: cells.map { $0[row] },
                prediction: predictions[row], score: score, error: errors[row])
        }
    }

    /// Scores and features of a range, without the rest.
    func window(_ range: Range<Int64>, session: ColumnSession) throws -> (scores: [Double], features: [(name: String, cells: FeatureCells)])
    {
        let table = try select("score", range, session: session)
        return (
            try table.columns[0].doubles(), Array(zip(features.map(\.name), featureCells(table, from: 1))).map { (name: $0.0, cells: $0.1) }
        )
    }

    private func select(_ fixed: String, _ range: Range<Int64>, session: ColumnSession) throws -> ColumnTable {
        let columns = features.flatMap { feature in
            let main = SQLText.identifier(Segment.featurePrefix + feature.name)
            return feature.hasTexts ? [main, SQLText.identifier(Segment.textPrefix + feature.name)] : [main]
        }
        let list = ([fixed] + columns).joined(separator: ", ")
        let table = try session.query(
            "SELECT \(list) FROM \(sql) WHERE position >= ? AND position < ? ORDER BY position",
            [.integer(range.lowerBound), .integer(range.upperBound)], maximumRows: count)
        guard table.rowCount == range.count else { throw JidokaError.internal("the segment `\(path)` lacks rows that it should hold") }
        return table
    }

    private func featureCells(_ table: ColumnTable, from first: Int) -> [FeatureCells] {
        var column = first
        return features.map { feature in
            defer { column += feature.hasTexts ? 2 : 1 }
            if feature.isText { return FeatureCells(numbers: nil, texts: table.columns[column]) }
            return FeatureCells(numbers: table.columns[column], texts: feature.hasTexts ? table.columns[column + 1] : nil)
        }
    }
}
