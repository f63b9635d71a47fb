import Columns
import Errors
import Serving
import Synchronization

extension PredictionLog {
    /// The most records of one page.
    package static let recordsMax = 10_000

    /// The prediction with this id, wherever it was served, with its label; nil when no log holds it. A row that waits for the writer, or
    /// that the writer holds at this moment, is written first, so an id is found as soon as its answer was sent.
    package func prediction(id: String) async throws -> LoggedPrediction? {
        if let found = try await find(id) { return found }
        try await settle()
        return try await find(id)
    }

    private func find(_ id: String) async throws -> LoggedPrediction? {
        let key = IDKey(id)
        for kind in EndpointLog.Kind.allCases {
            for log in logs(kind) {
                guard let position = log.rows.withLock({ $0.index.position(key) }) else { continue }
                let found = try await read(log, position..<position + 1)
                if let first = found.first, first.record.id == id { return first }
            }
        }
        return nil
    }

    /// The counted rows of a range that lies inside `0..<count`, oldest first; at most 10,000.
    package func records(endpoint: String, rows: Range<Int64>) async throws -> [LoggedPrediction] {
        guard rows.count <= PredictionLog.recordsMax else {
            throw JidokaError.invalidArgument(
                "\(rows.count) predictions are more than \(PredictionLog.recordsMax)", hint: "read them in pages")
        }
        guard let log = log(endpoint, .counted) else { return [] }
        let all = 0..<log.rows.withLock { $0.count }
        return try await read(log, (Int(rows.lowerBound)..<Int(rows.upperBound)).clamped(to: all))
    }

    /// The newest counted rows, newest first; at most 10,000.
    package func recent(endpoint: String, limit: Int) async throws -> [LoggedPrediction] {
        let count = try await count(endpoint: endpoint)
        let limit = Int64(max(0, min(limit, PredictionLog.recordsMax)))
        return try await records(endpoint: endpoint, rows: max(0, count - limit)..<count).reversed()
    }

    private func read(_ log: EndpointLog, _ range: Range<Int>) async throws -> [LoggedPrediction] {
        let (segments, tail) = log.rows.withLock { ($0.segments(overlapping: range), $0.tail(in: range)) }
        var records: [PredictionRecord] = []
        if !segments.isEmpty {
            records = try await engine.session { session in
                try segments.flatMap { segment in
                    let part = segment.rows.clamped(to: Int64(range.lowerBound)..<Int64(range.upperBound))
                    return try segment.records(part, endpoint: log.endpoint, session: session)
                }
            }
        }
        records += tail
        return log.rows.withLock { rows in
            zip(range, records).map { position, record in
                let label = rows.label(position, id: record.id)
                let counted = log.kind == .counted ? Int64(position) : nil
                return LoggedPrediction(record: record, position: counted, label: label?.label, labelArrival: label?.arrival)
            }
        }
    }
}
