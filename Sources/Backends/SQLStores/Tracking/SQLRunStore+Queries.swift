import SQL
package import Tracking

extension SQLRunStore {
    package func search(_ search: RunSearch) async throws -> Page<Run> {
        try await database.read { [plan] connection in
            let headers = try plan.headers(search, on: connection)
            let page = Page(fetched: headers, offset: search.offset, limit: search.limit)
            return Page(items: try RunReader.runs(page.items, search.fields, on: connection), nextOffset: page.nextOffset)
        }
    }

    package func count(_ search: RunSearch) async throws -> Int {
        try await database.read { [plan] connection in try plan.count(search, on: connection) }
    }

    package func history(runID: String, key: String, offset: Int, limit: Int) async throws -> Page<Metric> {
        try await database.read { connection in
            guard let selection = try SQLRunStore.points(runID, key, on: connection) else { return Page(items: [], nextOffset: nil) }
            let points = try connection.map(
                selection.sql + " ORDER BY timestamp, step, value, is_nan LIMIT ? OFFSET ?",
                selection.bindings + [.int(Int64(limit) + 1), .int(Int64(offset))]
            ) { SQLRunStore.point(of: key, $0) }
            return Page(fetched: points, offset: offset, limit: limit)
        }
    }

    package func sample(runID: String, key: String, steps: ClosedRange<Int64>, limit: Int) async throws -> [Metric] {
        try await database.read { connection in
            guard let selection = try SQLRunStore.points(runID, key, steps: steps, on: connection) else { return [] }
            let count = try connection.first("SELECT count(*) FROM (\(selection.sql)) AS points", selection.bindings) { Int($0.int(0)) }
            var places = MetricSampling.places(of: count ?? 0, atMost: limit)[...]
            var points: [Metric] = []
            var place = 0
            try connection.forEach(selection.sql + " ORDER BY step, timestamp, value, is_nan", selection.bindings) { row in
                defer { place += 1 }
                guard place == places.first else { return }
                places.removeFirst()
                points.append(SQLRunStore.point(of: key, row))
            }
            return points
        }
    }

    private static func point(of key: String, _ row: Row) -> Metric {
        Metric(key: key, value: row.bool(3) ? .nan : row.double(2), timestamp: row.int(0), step: row.int(1))
    }

    /// nil when the run has no such metric.
    private static func points(
        _ runID: String, _ key: String, steps: ClosedRange<Int64>? = nil, on connection: Connection
    ) throws -> MetricPoints.Selection? {
        let found = try connection.first(
            "SELECT s.series, s.run FROM metric_series s JOIN runs r ON r.number = s.run WHERE r.id = ? AND s.key = ?",
            [.text(runID), .text(key)]
        ) { (series: $0.int(0), run: $0.int(1)) }
        return try found.map { try MetricPoints.Selection(series: $0.series, run: $0.run, steps: steps, on: connection) }
    }
}
