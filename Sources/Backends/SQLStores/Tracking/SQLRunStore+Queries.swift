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
            guard let series = try SQLRunStore.series(runID, key, on: connection) else { return Page(items: [], nextOffset: nil) }
            let points = try connection.map(
                "SELECT timestamp, step, value, is_nan FROM metric_points WHERE series = ?"
                    + " ORDER BY timestamp, step, value LIMIT ? OFFSET ?", [.int(series), .int(Int64(limit) + 1), .int(Int64(offset))]
            ) { Metric(key: key, value: $0.bool(3) ? .nan : $0.double(2), timestamp: $0.int(0), step: $0.int(1)) }
            return Page(fetched: points, offset: offset, limit: limit)
        }
    }

    package func sample(runID: String, key: String, steps: ClosedRange<Int64>, limit: Int) async throws -> [Metric] {
        try await database.read { connection in
            guard let series = try SQLRunStore.series(runID, key, on: connection) else { return [] }
            let wanted = " FROM metric_points WHERE series = ? AND step >= ? AND step <= ?"
            let bindings: [SQLValue] = [.int(series), .int(steps.lowerBound), .int(steps.upperBound)]
            let count = try connection.first("SELECT count(*)" + wanted, bindings) { Int($0.int(0)) } ?? 0
            var places = MetricSampling.places(of: count, atMost: limit)[...]
            var points: [Metric] = []
            var place = 0
            try connection.forEach(
                "SELECT step, timestamp, value, is_nan" + wanted + " ORDER BY step, timestamp, value, is_nan", bindings
            ) { row in
                defer { place += 1 }
                guard place == places.first else { return }
                places.removeFirst()
                points.append(Metric(key: key, value: row.bool(3) ? .nan : row.double(2), timestamp: row.int(1), step: row.int(0)))
            }
            return points
        }
    }

    private static func series(_ runID: String, _ key: String, on connection: Connection) throws -> Int64? {
        try connection.first(
            "SELECT s.series FROM metric_series s JOIN runs r ON r.number = s.run WHERE r.id = ? AND s.key = ?", [.text(runID), .text(key)]
        ) { $0.int(0) }
    }
}
