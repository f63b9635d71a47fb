import SQL
import Tracking

/// Reads runs with their data: six queries at most for any number of runs.
enum RunReader {
    struct Header: Sendable {
        var number: Int64
        var info: RunInfo
    }

    static let columns =
        "r.number, r.id, r.experiment, r.name, r.user_id, r.status, r.start_time, r.end_time, r.artifact_uri, r.lifecycle"

    static func header(_ row: Row) -> Header {
        Header(
            number: row.int(0),
            info: RunInfo(
                id: row.text(1), experimentID: String(row.int(2)), name: row.text(3), userID: row.text(4),
                status: RunStatus(rawValue: row.text(5)) ?? .running, startTime: row.int(6), endTime: row.optionalInt(7),
                artifactURI: row.text(8), lifecycle: Lifecycle(rawValue: row.text(9)) ?? .active))
    }

    /// The same runs in the same order, filled.
    static func runs(_ headers: [Header], _ fields: RunFields = .everything, on connection: Connection) throws -> [Run] {
        var runs = headers.map { Run(info: $0.info) }
        if headers.isEmpty { return [] }
        let places = Dictionary(uniqueKeysWithValues: headers.enumerated().map { ($1.number, $0) })
        let numbers = SQLValue.ints(headers.map(\.number))
        func fill(_ select: String, keys: RunFields.Keys = .all, by order: String, _ take: (Row, inout Run) -> Void) throws {
            if keys.isEmpty { return }
            var sql = "\(select) WHERE run IN integers(?)"
            var bindings = [numbers]
            if case .some(let names) = keys {
                sql += " AND key IN (\(Array(repeating: "?", count: names.count).joined(separator: ", ")))"
                bindings += names.map(SQLValue.text)
            }
            try connection.forEach("\(sql) ORDER BY run, \(order)", bindings) { row in
                if let place = places[row.int(0)] { take(row, &runs[place]) }
            }
        }
        try fill("SELECT run, key, value, is_nan, timestamp, step FROM metric_series", keys: fields.metrics, by: "key") { row, run in
            run.metrics.append(
                Metric(key: row.text(1), value: row.bool(3) ? .nan : row.double(2), timestamp: row.int(4), step: row.int(5)))
        }
        try fill("SELECT run, key, value FROM params", keys: fields.params, by: "key") { row, run in
            run.params.append(Param(key: row.text(1), value: row.text(2)))
        }
        try fill("SELECT run, key, value FROM tags", keys: fields.tags, by: "key") { row, run in
            run.tags.append(Tag(key: row.text(1), value: row.text(2)))
        }
        guard fields.inputs || fields.outputs else { return runs }
        try fill("SELECT run, is_output, model, step FROM run_models", by: "model") { row, run in
            if row.bool(1) {
                if fields.outputs { run.modelOutputs.append(ModelOutput(modelID: row.text(2), step: row.int(3))) }
            } else if fields.inputs {
                run.modelInputs.append(row.text(2))
            }
        }
        guard fields.inputs else { return runs }
        try fillDatasets(&runs, places, numbers, on: connection)
        return runs
    }

    private static func fillDatasets(_ runs: inout [Run], _ places: [Int64: Int], _ numbers: SQLValue, on connection: Connection) throws {
        var inputs: [Int64: (run: Int, index: Int)] = [:]
        try connection.forEach(
            "SELECT i.number, i.run, d.name, d.digest, d.source_type, d.source, d.schema, d.profile FROM run_datasets i"
                + " JOIN datasets d ON d.number = i.dataset WHERE i.run IN integers(?) ORDER BY i.number", [numbers]
        ) { row in
            guard let place = places[row.int(1)] else { return }
            inputs[row.int(0)] = (place, runs[place].datasets.count)
            runs[place].datasets.append(
                DatasetInput(
                    name: row.text(2), digest: row.text(3), sourceType: row.text(4), source: row.text(5), schema: row.optionalText(6),
                    profile: row.optionalText(7)))
        }
        if inputs.isEmpty { return }
        try connection.forEach(
            "SELECT t.input, t.key, t.value FROM run_dataset_tags t JOIN run_datasets i ON i.number = t.input"
                + " WHERE i.run IN integers(?) ORDER BY t.input, t.key", [numbers]
        ) { row in
            guard let place = inputs[row.int(0)] else { return }
            runs[place.run].datasets[place.index].tags.append(Tag(key: row.text(1), value: row.text(2)))
        }
    }
}
