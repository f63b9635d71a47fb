import SQL
import Tracking

/// Writes metric points: one look-up for all keys of a batch, one insert a point, and at most one update a key, whatever number of points a
/// batch has of it.
enum MetricPoints {
    /// A key of the batch: its row, the value that the row holds, and the latest point so far.
    private struct Series {
        var number: Int64
        var kept: Double
        var latest: Metric
        var changed: Bool

        mutating func take(_ metric: Metric) {
            guard metric.isLater(than: latest) else { return }
            latest = metric
            changed = true
        }
    }

    static func add(_ metrics: [Metric], to run: Int64, on connection: Connection) throws {
        guard metrics.count > 1 else {
            if let metric = metrics.first { try add(metric, to: run, on: connection) }
            return
        }
        var keys: [String] = []
        var places: [String: Int] = [:]
        var placeOfMetric: [Int] = []
        placeOfMetric.reserveCapacity(metrics.count)
        for metric in metrics {
            let (place, isNew) = places.place(of: metric.key, next: keys.count)
            if isNew { keys.append(metric.key) }
            placeOfMetric.append(place)
        }
        var known = try known(keys, places, in: run, on: connection)
        var points: [[SQLValue]] = []
        points.reserveCapacity(metrics.count)
        for (metric, place) in zip(metrics, placeOfMetric) {
            if known[place] == nil {
                known[place] = try made(metric, in: run, on: connection)
            } else {
                known[place]?.take(metric)
            }
            if let number = known[place]?.number { points.append(point(metric, number)) }
        }
        try connection.executeEach(insertPoint, points)
        // A value that stays the same leaves the index by value alone.
        let changed = known.compactMap { $0 }.filter(\.changed)
        try connection.executeEach(updateMoment, changed.filter { isSame($0.kept, $0.latest.value) }.map(moment))
        try connection.executeEach(updateLatest, changed.filter { !isSame($0.kept, $0.latest.value) }.map(latest))
    }

    /// The most frequent batch of all.
    private static func add(_ metric: Metric, to run: Int64, on connection: Connection) throws {
        let known = try connection.first(selectSeries + " AND key = ?", [.int(run), .text(metric.key)], read)
        guard var series = known?.series else {
            return try connection.execute(insertPoint, point(metric, try made(metric, in: run, on: connection).number))
        }
        series.take(metric)
        try connection.execute(insertPoint, point(metric, series.number))
        if series.changed { try connection.execute(updateLatest, latest(series)) }
    }

    private static let selectSeries = "SELECT key, series, value, is_nan, timestamp, step FROM metric_series WHERE run = ?"
    private static let insertPoint =
        "INSERT INTO metric_points (series, timestamp, step, value, is_nan) VALUES (?, ?, ?, ?, ?)"
        + " ON CONFLICT (series, timestamp, step, value, is_nan) DO NOTHING"
    private static let updateLatest = "UPDATE metric_series SET value = ?, is_nan = ?, timestamp = ?, step = ? WHERE series = ?"
    private static let updateMoment = "UPDATE metric_series SET timestamp = ?, step = ? WHERE series = ?"

    private static func point(_ metric: Metric, _ series: Int64) -> [SQLValue] {
        let isNaN = metric.value.isNaN
        return [.int(series), .int(metric.timestamp), .int(metric.step), .double(isNaN ? 0 : metric.value), .int(isNaN ? 1 : 0)]
    }

    private static func latest(_ series: Series) -> [SQLValue] {
        let latest = series.latest
        let isNaN = latest.value.isNaN
        return [
            .double(isNaN ? 0 : latest.value), .int(isNaN ? 1 : 0), .int(latest.timestamp), .int(latest.step), .int(series.number),
        ]
    }

    private static func moment(_ series: Series) -> [SQLValue] {
        [.int(series.latest.timestamp), .int(series.latest.step), .int(series.number)]
    }

    private static func isSame(_ one: Double, _ other: Double) -> Bool { one == other || one.isNaN && other.isNaN }

    /// The series of the keys that the run has already, each at its key's place.
    private static func known(
        _ keys: [String], _ places: [String: Int], in run: Int64, on connection: Connection
    ) throws -> [Series?] {
        var known = [Series?](repeating: nil, count: keys.count)
        try connection.forEach(selectSeries + " AND key IN texts(?)", [.int(run), .texts(keys)]) { row in
            let (key, series) = read(row)
            if let place = places[key] { known[place] = series }
        }
        return known
    }

    private static func read(_ row: Row) -> (key: String, series: Series) {
        let key = row.text(0)
        let metric = Metric(key: key, value: row.bool(3) ? .nan : row.double(2), timestamp: row.int(4), step: row.int(5))
        return (key, Series(number: row.int(1), kept: metric.value, latest: metric, changed: false))
    }

    /// A new series with its first point.
    private static func made(_ metric: Metric, in run: Int64, on connection: Connection) throws -> Series {
        let isNaN = metric.value.isNaN
        let number = try connection.insert(
            "INSERT INTO metric_series (run, key, value, is_nan, timestamp, step) VALUES (?, ?, ?, ?, ?, ?) RETURNING series",
            [
                .int(run), .text(metric.key), .double(isNaN ? 0 : metric.value), .int(isNaN ? 1 : 0), .int(metric.timestamp),
                .int(metric.step),
            ])
        return Series(number: number, kept: metric.value, latest: metric, changed: false)
    }
}

extension [String: Int] {
    /// The place of a key, and whether it is new and got the next one.
    fileprivate mutating func place(of key: String, next: Int) -> (place: Int, isNew: Bool) {
        if let known = self[key] { return (known, false) }
        self[key] = next
        return (next, true)
    }
}
