import Clockwork
import Errors
import Statistics
import Synchronization

/// Collects measured values by bucket and dimensions. Percentiles keep every value: at most 10 million in all.
final class MetricTable: Sendable {
    private struct Key: Hashable {
        var bucket: Int64
        var dimensions: [String]
    }

    private struct Cell {
        var count = 0
        var sum = 0.0
        var least = Double.infinity
        var most = -Double.infinity
        var numbers = 0
        var values: [Double] = []
        var distinct: Set<String> = []
    }

    private static let valuesMax = 10_000_000
    private static let cellsMax = 100_000

    private let query: TraceMetricQuery
    private let keepsValues: Bool
    private let state = Mutex<(cells: [Key: Cell], kept: Int)>(([:], 0))

    init(_ query: TraceMetricQuery) {
        self.query = query
        keepsValues = query.aggregations.contains { if case .percentile = $0 { true } else { false } }
    }

    /// A value without one of the dimensions counts nowhere.
    func add(_ measure: TraceMeasure) throws {
        var dimensions: [String] = []
        for dimension in measure.dimensions {
            guard let dimension else { return }
            dimensions.append(dimension)
        }
        let bucket = query.interval.map { floorDivide(measure.time, $0 * 1_000) * $0 * 1_000 } ?? 0
        try state.withLock { state in
            var cell = state.cells[Key(bucket: bucket, dimensions: dimensions)] ?? Cell()
            if let distinct = measure.distinct { cell.distinct.insert(distinct) } else { cell.count += 1 }
            if let value = measure.value {
                cell.numbers += 1
                cell.sum += value
                cell.least = min(cell.least, value)
                cell.most = max(cell.most, value)
                if keepsValues {
                    cell.values.append(value)
                    state.kept += 1
                }
            }
            state.cells[Key(bucket: bucket, dimensions: dimensions)] = cell
            guard state.kept <= MetricTable.valuesMax, state.cells.count <= MetricTable.cellsMax else {
                throw JidokaError.invalidArgument(
                    "the question covers too much", hint: "ask for a shorter time, longer intervals or fewer dimensions")
            }
        }
    }

    func points() -> [TraceMetricPoint] {
        let cells = state.withLock { $0.cells }
        let keys = cells.keys.sorted { a, b in
            a.bucket != b.bucket ? a.bucket < b.bucket : a.dimensions.lexicographicallyPrecedes(b.dimensions)
        }
        return keys.compactMap { key in
            let values = figures(of: cells[key] ?? Cell())
            guard !values.isEmpty else { return nil }
            var dimensions = Dictionary(zip(query.dimensions, key.dimensions)) { $1 }
            if query.interval != nil {
                dimensions["time_bucket"] = "\(Timestamp(milliseconds: key.bucket).rfc3339.prefix(19))+00:00"
            }
            return TraceMetricPoint(metric: query.metric, dimensions: dimensions, values: values)
        }
    }

    private func figures(of cell: Cell) -> [String: Double] {
        var values: [String: Double] = [:]
        for aggregation in query.aggregations {
            switch aggregation {
            case .count: values[aggregation.label] = Double(query.metric == "session_count" ? cell.distinct.count : cell.count)
            case _ where cell.numbers == 0: continue
            case .sum: values[aggregation.label] = cell.sum
            case .average: values[aggregation.label] = cell.sum / Double(cell.numbers)
            case .minimum: values[aggregation.label] = cell.least
            case .maximum: values[aggregation.label] = cell.most
            case .percentile(let rank): values[aggregation.label] = quantile(sorted: cell.values.sorted(), rank / 100)
            }
        }
        return values
    }

    private func floorDivide(_ value: Int64, _ by: Int64) -> Int64 {
        let quotient = value / by
        return value % by < 0 ? quotient - 1 : quotient
    }
}
