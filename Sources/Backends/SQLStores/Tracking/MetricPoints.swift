import Errors
import SQL
import Tracking

/// Writes metric points, and says where they are read. A batch costs a few statements, however many points and keys it has.
///
/// A point lies in `metric_points`, sorted by series, or still in `metric_arrivals`, sorted by arrival; or in both, when it was logged
/// twice. Readers take `Selection`, which knows it once.
enum MetricPoints {
    /// Batches of more keys than this arrive first. Fewer keys change few pages in either table.
    static let directKeysMax = 16
    /// Points of one run that may lie unsorted: what a reader of one series passes over at most.
    static let arrivalsMax: Int64 = 8_192

    /// Selects the points (timestamp, step, value, is_nan) of one series; ORDER BY may follow.
    struct Selection {
        private(set) var sql: String
        private(set) var bindings: [SQLValue]

        /// - Parameter steps: only points of these.
        init(series: Int64, run: Int64, steps: ClosedRange<Int64>? = nil, on connection: Connection) throws {
            func selected(from table: String, _ ids: [SQLValue], where condition: String) -> (String, [SQLValue]) {
                let wanted = "SELECT timestamp, step, value, is_nan FROM \(table) WHERE \(condition)"
                guard let steps else { return (wanted, ids) }
                return (wanted + " AND step >= ? AND step <= ?", ids + [.int(steps.lowerBound), .int(steps.upperBound)])
            }
            (sql, bindings) = selected(from: "metric_points", [.int(series)], where: "series = ?")
            let arrived = try connection.first("SELECT 1 FROM metric_arrivals WHERE run = ? LIMIT 1", [.int(run)]) { _ in true }
            guard arrived != nil else { return }
            let (arrivals, more) = selected(from: "metric_arrivals", [.int(run), .int(series)], where: "run = ? AND series = ?")
            sql += " UNION " + arrivals
            bindings += more
        }
    }

    static func add(_ metrics: [Metric], to run: Int64, on connection: Connection) throws {
        guard let first = metrics.first else { return }
        if metrics.count == 1 { return try add(first, to: run, on: connection) }
        var latest: [Metric] = []
        var places: [String: Int] = [:]
        var placeOfMetric: [Int] = []
        placeOfMetric.reserveCapacity(metrics.count)
        for metric in metrics {
            if let place = places[metric.key] {
                placeOfMetric.append(place)
                if metric.isLater(than: latest[place]) { latest[place] = metric }
            } else {
                placeOfMetric.append(latest.count)
                places[metric.key] = latest.count
                latest.append(metric)
            }
        }
        let series = try series(of: latest, places, in: run, on: connection)
        if latest.count > directKeysMax {
            return try arrive(metrics, placeOfMetric.map { series[$0] }, in: run, on: connection)
        }
        var points: [SQLValue] = []
        points.reserveCapacity(5 * metrics.count)
        for (metric, place) in zip(metrics, placeOfMetric) { append(metric, series[place], to: &points) }
        try connection.insertRows(insertPoint, width: 5, points, tail: keepPoint)
    }

    private static func arrive(_ metrics: [Metric], _ series: [Int64], in run: Int64, on connection: Connection) throws {
        let newest = try connection.first("SELECT max(position) FROM metric_arrivals WHERE run = ?", [.int(run)]) {
            $0.optionalInt(0)
        }
        var position = (newest ?? nil) ?? -1
        var points: [SQLValue] = []
        points.reserveCapacity(7 * metrics.count)
        for (metric, series) in zip(metrics, series) {
            position += 1
            points.append(.int(run))
            points.append(.int(position))
            append(metric, series, to: &points)
        }
        try connection.insertRows(
            "INSERT INTO metric_arrivals (run, position, series, timestamp, step, value, is_nan)", width: 7, points)
        if position + 1 >= arrivalsMax { try sort(run, on: connection) }
    }

    /// Moves what has arrived to where it is found by series.
    private static func sort(_ run: Int64, on connection: Connection) throws {
        try connection.execute(
            "\(insertPoint) SELECT series, timestamp, step, value, is_nan FROM metric_arrivals WHERE run = ?"
                + " ORDER BY series, timestamp, step, value, is_nan \(keepPoint)", [.int(run)])
        try connection.execute("DELETE FROM metric_arrivals WHERE run = ?", [.int(run)])
    }

    /// The most frequent batch of all.
    private static func add(_ metric: Metric, to run: Int64, on connection: Connection) throws {
        let number = try series(of: [metric], [metric.key: 0], in: run, on: connection)[0]
        var values: [SQLValue] = []
        append(metric, number, to: &values)
        try connection.insertRows(insertPoint, width: 5, values, tail: keepPoint)
    }

    private static let insertPoint = "INSERT INTO metric_points (series, timestamp, step, value, is_nan)"
    /// A point that is there is logged once.
    private static let keepPoint = "ON CONFLICT (series, timestamp, step, value, is_nan) DO NOTHING"
    private static let insertSeries = "INSERT INTO metric_series (run, key, value, is_nan, timestamp, step)"
    /// The latest point of a series is the greatest (step, timestamp, value), not the one that was logged last.
    private static let keepLatest = """
        ON CONFLICT (run, key) DO UPDATE SET
            value = excluded.value, is_nan = excluded.is_nan, timestamp = excluded.timestamp, step = excluded.step
        WHERE (excluded.step, excluded.timestamp, excluded.value)
            > (metric_series.step, metric_series.timestamp, metric_series.value)
        RETURNING key, series
        """

    /// The series of each key, made when it is new, moved on when the point is later than its latest.
    private static func series(
        of latest: [Metric], _ places: [String: Int], in run: Int64, on connection: Connection
    ) throws -> [Int64] {
        var rows: [SQLValue] = []
        rows.reserveCapacity(6 * latest.count)
        for metric in latest {
            let isNaN = metric.value.isNaN
            rows += [
                .int(run), .text(metric.key), .double(isNaN ? 0 : metric.value), .int(isNaN ? 1 : 0), .int(metric.timestamp),
                .int(metric.step),
            ]
        }
        var numbers = [Int64](repeating: 0, count: latest.count)
        var found = 0
        func take(_ row: Row) {
            guard let place = places[row.text(0)] else { return }
            numbers[place] = row.int(1)
            found += 1
        }
        try connection.insertRows(insertSeries, width: 6, rows, tail: keepLatest, take)
        if found == latest.count { return numbers }
        // Those whose latest point stays.
        let rest = latest.indices.filter { numbers[$0] == 0 }.map { latest[$0].key }
        try connection.forEach("SELECT key, series FROM metric_series WHERE run = ? AND key IN texts(?)", [.int(run), .texts(rest)], take)
        guard found == latest.count else { throw JidokaError.internal("a series that was inserted is not there") }
        return numbers
    }

    private static func append(_ metric: Metric, _ series: Int64, to values: inout [SQLValue]) {
        let isNaN = metric.value.isNaN
        values.append(.int(series))
        values.append(.int(metric.timestamp))
        values.append(.int(metric.step))
        values.append(.double(isNaN ? 0 : metric.value))
        values.append(.int(isNaN ? 1 : 0))
    }
}
