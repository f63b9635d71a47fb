import SQL
import Tracking

/// Writes metric points: one insert a point, and one look-up and at most one update a key, whatever number of points a batch has of it.
enum MetricPoints {
    /// A key of the batch: its row, and the latest point as far as it was not kept yet.
    private struct Series {
        var number: Int64
        var latest: Metric
        var changed: Bool
    }

    static func add(_ metrics: [Metric], to run: Int64, on connection: Connection) throws {
        guard metrics.count > 1 else {
            if let metric = metrics.first { try add(metric, to: run, on: connection) }
            return
        }
        var series: [Series] = []
        var places: [String: Int] = [:]
        places.reserveCapacity(min(metrics.count, 64))
        var points: [[SQLValue]] = []
        points.reserveCapacity(metrics.count)
        for metric in metrics {
            let place: Int
            if let known = places[metric.key] {
                place = known
                if metric.isLater(than: series[place].latest) {
                    series[place].latest = metric
                    series[place].changed = true
                }
            } else {
                place = series.count
                places[metric.key] = place
                series.append(try found(metric, in: run, on: connection))
            }
            points.append(point(metric, series[place].number))
        }
        try connection.executeEach(insertPoint, points)
        try connection.executeEach(updateLatest, series.filter(\.changed).map(latest))
    }

    /// The most frequent batch of all.
    private static func add(_ metric: Metric, to run: Int64, on connection: Connection) throws {
        let series = try found(metric, in: run, on: connection)
        try connection.execute(insertPoint, point(metric, series.number))
        if series.changed { try connection.execute(updateLatest, latest(series)) }
    }

    private static let insertPoint =
        "INSERT INTO metric_points (series, timestamp, step, value, is_nan) VALUES (?, ?, ?, ?, ?)"
        + " ON CONFLICT (series, timestamp, step, value, is_nan) DO NOTHING"
    private static let updateLatest = "UPDATE metric_series SET value = ?, is_nan = ?, timestamp = ?, step = ? WHERE series = ?"

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

    /// The series of a metric's key, with the later one of its latest point and this; made with this point when it is the first.
    private static func found(_ metric: Metric, in run: Int64, on connection: Connection) throws -> Series {
        let found = try connection.first(
            "SELECT series, value, is_nan, timestamp, step FROM metric_series WHERE run = ? AND key = ?", [.int(run), .text(metric.key)]
        ) { row in
            let known = Metric(key: metric.key, value: row.bool(2) ? .nan : row.double(1), timestamp: row.int(3), step: row.int(4))
            let isLater = metric.isLater(than: known)
            return Series(number: row.int(0), latest: isLater ? metric : known, changed: isLater)
        }
        if let found { return found }
        let isNaN = metric.value.isNaN
        let number = try connection.insert(
            "INSERT INTO metric_series (run, key, value, is_nan, timestamp, step) VALUES (?, ?, ?, ?, ?, ?) RETURNING series",
            [
                .int(run), .text(metric.key), .double(isNaN ? 0 : metric.value), .int(isNaN ? 1 : 0), .int(metric.timestamp),
                .int(metric.step),
            ])
        return Series(number: number, latest: metric, changed: false)
    }
}
