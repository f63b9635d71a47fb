import Digests
package import Evaluation
package import Events
import Filters
import JSON
package import SQL

/// Evaluation datasets in SQL; their records are in `SQLEvaluationDatasetStore+Records.swift`.
package struct SQLEvaluationDatasetStore: EvaluationDatasetStore {
    let database: Database

    package init(database: Database) { self.database = database }

    package func create(_ dataset: EvaluationDataset, event: EventDraft) async throws -> EvaluationDataset {
        try await database.write { connection in
            var made = dataset
            made.digest = SQLEvaluationDatasetStore.digest(dataset.name, dataset.updatedAt)
            try connection.execute(
                "INSERT INTO evaluation_datasets (id, name, digest, schema, profile, created_at, updated_at, created_by, updated_by)"
                    + " VALUES (?, ?, ?, NULL, NULL, ?, ?, ?, ?)",
                [
                    .text(made.id), .text(made.name), .text(made.digest), .int(made.createdAt), .int(made.updatedAt),
                    SQLValue(made.createdBy), SQLValue(made.updatedBy),
                ])
            for (key, value) in made.tags { try SQLEvaluationDatasetStore.setTag(key, value, made.id, on: connection) }
            for id in made.experimentIDs { try SQLEvaluationDatasetStore.link(id, made.id, on: connection) }
            try EventTable.append([event], on: connection)
            return made
        }
    }

    package func dataset(id: String) async throws -> EvaluationDataset {
        try await database.read { try SQLEvaluationDatasetStore.require(id, on: $0) }
    }

    package func delete(id: String, event: EventDraft) async throws -> Bool {
        try await database.write { connection in
            for table in ["evaluation_dataset_tags", "evaluation_dataset_experiments", "evaluation_records"] {
                try connection.execute("DELETE FROM \(table) WHERE dataset = ?", [.text(id)])
            }
            try connection.execute("DELETE FROM evaluation_datasets WHERE id = ?", [.text(id)])
            guard connection.changes == 1 else { return false }
            try EventTable.append([event], on: connection)
            return true
        }
    }

    package func search(_ search: EvaluationDatasetSearch) async throws -> EvaluationDatasetPage {
        var conditions = FilterSQL()
        if !search.experimentIDs.isEmpty {
            let marks = Array(repeating: "?", count: search.experimentIDs.count).joined(separator: ", ")
            conditions.add(
                "d.id IN (SELECT dataset FROM evaluation_dataset_experiments WHERE experiment IN (\(marks)))",
                search.experimentIDs.map(SQLValue.text))
        }
        conditions.add(search.filter) { condition, sql in
            switch condition.field {
            case .attribute(let attribute):
                sql.compareNullable(SQLEvaluationDatasetStore.column(attribute), condition.comparator, condition.value)
            case .tag(let key):
                sql.add(
                    KeyedRows(in: "evaluation_dataset_tags", owner: "dataset", key: key, condition.comparator, condition.value), of: "d.id")
            }
        }
        var keys = search.orders.map { "\(SQLEvaluationDatasetStore.column($0.field)) \($0.ascending ? "ASC" : "DESC")" }
        if keys.isEmpty { keys = ["d.created_at DESC"] }
        let sql =
            "SELECT d.id FROM evaluation_datasets d WHERE \(conditions.text) ORDER BY \(keys.joined(separator: ", ")), d.id DESC"
            + " LIMIT ? OFFSET ?"
        let bindings = conditions.bindings + [.int(Int64(search.limit) + 1), .int(Int64(search.offset))]
        return try await database.read { connection in
            let ids = try connection.map(sql, bindings) { $0.text(0) }
            let items = try ids.prefix(search.limit).map { try SQLEvaluationDatasetStore.require($0, on: connection) }
            return EvaluationDatasetPage(items: items, nextOffset: ids.count > search.limit ? search.offset + search.limit : nil)
        }
    }

    package func setTags(_ tags: [String: String], id: String) async throws {
        try await database.write { connection in
            _ = try SQLEvaluationDatasetStore.require(id, on: connection)
            for (key, value) in tags { try SQLEvaluationDatasetStore.setTag(key, value, id, on: connection) }
        }
    }

    package func deleteTag(key: String, id: String) async throws {
        try await database.write { connection in
            _ = try SQLEvaluationDatasetStore.require(id, on: connection)
            try connection.execute("DELETE FROM evaluation_dataset_tags WHERE dataset = ? AND key = ?", [.text(id), .text(key)])
        }
    }

    package func setExperiments(_ ids: [String], linked: Bool, id: String, at time: Int64) async throws -> EvaluationDataset {
        try await database.write { connection in
            _ = try SQLEvaluationDatasetStore.require(id, on: connection)
            for experiment in ids {
                if linked {
                    try SQLEvaluationDatasetStore.link(experiment, id, on: connection)
                } else {
                    try connection.execute(
                        "DELETE FROM evaluation_dataset_experiments WHERE dataset = ? AND experiment = ?", [.text(id), .text(experiment)])
                }
            }
            try connection.execute("UPDATE evaluation_datasets SET updated_at = ? WHERE id = ?", [.int(time), .text(id)])
            return try SQLEvaluationDatasetStore.require(id, on: connection)
        }
    }

    // MARK: rows

    static func digest(_ name: String, _ time: Int64) -> String { String(SHA256.hex(Array("\(name):\(time)".utf8)).prefix(8)) }

    private static func setTag(_ key: String, _ value: String, _ id: String, on connection: Connection) throws {
        try connection.execute(
            "INSERT INTO evaluation_dataset_tags (dataset, key, value) VALUES (?, ?, ?)"
                + " ON CONFLICT (dataset, key) DO UPDATE SET value = excluded.value", [.text(id), .text(key), .text(value)])
    }

    private static func link(_ experiment: String, _ id: String, on connection: Connection) throws {
        try connection.execute(
            "INSERT INTO evaluation_dataset_experiments (dataset, experiment) VALUES (?, ?) ON CONFLICT (dataset, experiment) DO NOTHING",
            [.text(id), .text(experiment)])
    }

    private static func column(_ attribute: EvaluationAttribute) -> String {
        switch attribute {
        case .name: "d.name"
        case .createdAt: "d.created_at"
        case .updatedAt: "d.updated_at"
        case .createdBy: "d.created_by"
        case .updatedBy: "d.updated_by"
        }
    }

    static func require(_ id: String, on connection: Connection) throws -> EvaluationDataset {
        let found = try connection.first(
            "SELECT id, name, digest, schema, profile, created_at, updated_at, created_by, updated_by"
                + " FROM evaluation_datasets WHERE id = ?",
            [.text(id)]
        ) { row in
            EvaluationDataset(
                id: row.text(0), name: row.text(1), digest: row.text(2), schema: row.optionalText(3), profile: row.optionalText(4),
                createdAt: row.int(5), updatedAt: row.int(6), createdBy: row.optionalText(7), updatedBy: row.optionalText(8))
        }
        guard var dataset = found else { throw EvaluationErrors.noDataset(id) }
        try connection.forEach("SELECT key, value FROM evaluation_dataset_tags WHERE dataset = ?", [.text(id)]) {
            dataset.tags[$0.text(0)] = $0.text(1)
        }
        dataset.experimentIDs = try connection.map(
            "SELECT experiment FROM evaluation_dataset_experiments WHERE dataset = ? ORDER BY experiment", [.text(id)]
        ) { $0.text(0) }
        return dataset
    }
}
