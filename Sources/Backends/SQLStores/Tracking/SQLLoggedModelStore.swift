package import Clockwork
import Errors
import Filters
package import Events
package import SQL
package import Tracking

/// Logged models in SQL.
package struct SQLLoggedModelStore: LoggedModelStore {
    private let database: Database

    package init(database: Database) { self.database = database }

    package func create(_ model: LoggedModel, events: [EventDraft]) async throws {
        try await database.write { connection in
            let experiment = SQLValue(Int64(model.experimentID))
            let known = try connection.first("SELECT 1 FROM experiments WHERE id = ?", [experiment]) { _ in true } ?? false
            guard known else { throw TrackingErrors.noExperiment(model.experimentID) }
            try connection.execute(
                "INSERT INTO logged_models VALUES (?, ?, ?, ?, ?, ?, ?, 'active', ?, ?)",
                [
                    .text(model.id), experiment, .text(model.name), .text(model.artifactURI), .text(model.status.rawValue),
                    .text(model.modelType), .text(model.sourceRunID), .int(model.createdAt.microseconds),
                    .int(model.updatedAt.microseconds),
                ])
            try SQLLoggedModelStore.put(model.params, model.id, on: connection)
            try SQLLoggedModelStore.put(model.tags.map { ($0.key, $0.value) }, "logged_model_tags", model.id, on: connection)
            try EventTable.append(events, on: connection)
        }
    }

    package func model(id: String) async throws -> LoggedModel? {
        try await database.read { try SQLLoggedModelStore.read(id, on: $0) }
    }

    package func setStatus(
        _ status: LoggedModelStatus, id: String, at time: Timestamp, events: [EventDraft]
    ) async throws -> LoggedModel {
        try await database.write { connection in
            try connection.execute(
                "UPDATE logged_models SET status = ?, updated_at = ? WHERE id = ? AND lifecycle = 'active'",
                [.text(status.rawValue), .int(time.microseconds), .text(id)])
            guard connection.changes == 1, let model = try SQLLoggedModelStore.read(id, on: connection) else {
                throw TrackingErrors.noLoggedModel(id)
            }
            try EventTable.append(events, on: connection)
            return model
        }
    }

    package func setTags(_ tags: [Tag], id: String) async throws {
        try await database.write { connection in
            try SQLLoggedModelStore.require(id, on: connection)
            try SQLLoggedModelStore.put(tags.map { ($0.key, $0.value) }, "logged_model_tags", id, on: connection)
        }
    }

    package func deleteTag(key: String, id: String) async throws -> Bool {
        try await database.write { connection in
            try SQLLoggedModelStore.require(id, on: connection)
            try connection.execute("DELETE FROM logged_model_tags WHERE model = ? AND key = ?", [.text(id), .text(key)])
            return connection.changes == 1
        }
    }

    package func addParams(_ params: [Param], id: String) async throws {
        try await database.write { connection in
            try SQLLoggedModelStore.require(id, on: connection)
            try SQLLoggedModelStore.put(params, id, on: connection)
        }
    }

    package func delete(id: String, at time: Timestamp, events: [EventDraft]) async throws {
        try await database.write { connection in
            try connection.execute(
                "UPDATE logged_models SET lifecycle = 'deleted', updated_at = ? WHERE id = ? AND lifecycle = 'active'",
                [.int(time.microseconds), .text(id)])
            guard connection.changes == 1 else { throw TrackingErrors.noLoggedModel(id) }
            try EventTable.append(events, on: connection)
        }
    }

    package func search(_ search: LoggedModelSearch) async throws -> Page<LoggedModel> {
        guard let query = LoggedModelQuery(search) else { return Page(items: [], nextOffset: nil) }
        return try await database.read { connection in
            let ids = try connection.map(query.sql, query.bindings) { $0.text(0) }
            let page = Page(fetched: ids, offset: search.offset, limit: search.limit)
            return Page(items: try page.items.compactMap { try SQLLoggedModelStore.read($0, on: connection) }, nextOffset: page.nextOffset)
        }
    }

    private static func require(_ id: String, on connection: Connection) throws {
        let known =
            try connection.first("SELECT 1 FROM logged_models WHERE id = ? AND lifecycle = 'active'", [.text(id)]) { _ in true } ?? false
        guard known else { throw TrackingErrors.noLoggedModel(id) }
    }

    private static func put(_ pairs: [(key: String, value: String)], _ table: String, _ id: String, on connection: Connection) throws {
        for (key, value) in pairs {
            try connection.execute(
                "INSERT INTO \(table) VALUES (?, ?, ?) ON CONFLICT (model, key) DO UPDATE SET value = excluded.value",
                [.text(id), .text(key), .text(value)])
        }
    }

    private static func put(_ params: [Param], _ id: String, on connection: Connection) throws {
        for param in params {
            try connection.execute(
                "INSERT INTO logged_model_params (model, key, value, number) VALUES (?, ?, ?, ?)"
                    + " ON CONFLICT (model, key) DO UPDATE SET value = excluded.value, number = excluded.number",
                [.text(id), .text(param.key), .text(param.value), SQLValue(FilterNumber.read(param.value))])
        }
    }

    private static func read(_ id: String, on connection: Connection) throws -> LoggedModel? {
        let found = try connection.first(
            "SELECT id, experiment, name, artifact_uri, status, model_type, source_run, created_at, updated_at FROM logged_models"
                + " WHERE id = ? AND lifecycle = 'active'", [.text(id)]
        ) { row in
            LoggedModel(
                id: row.text(0), experimentID: String(row.int(1)), name: row.text(2), artifactURI: row.text(3),
                status: LoggedModelStatus(rawValue: row.text(4)) ?? .pending, modelType: row.text(5), sourceRunID: row.text(6),
                createdAt: Timestamp(microseconds: row.int(7)), updatedAt: Timestamp(microseconds: row.int(8)))
        }
        guard var model = found else { return nil }
        let owner = [SQLValue.text(id)]
        model.params = try connection.map("SELECT key, value FROM logged_model_params WHERE model = ? ORDER BY key", owner) {
            Param(key: $0.text(0), value: $0.text(1))
        }
        model.tags = try connection.map("SELECT key, value FROM logged_model_tags WHERE model = ? ORDER BY key", owner) {
            Tag(key: $0.text(0), value: $0.text(1))
        }
        model.metrics = try connection.map(
            "SELECT key, value, is_nan, timestamp, step, dataset_name, dataset_digest, run FROM logged_model_metrics WHERE model = ?"
                + " ORDER BY key, dataset_name, dataset_digest, run", owner
        ) { row in
            Metric(
                key: row.text(0), value: row.bool(2) ? .nan : row.double(1), timestamp: row.int(3), step: row.int(4), modelID: id,
                datasetName: row.text(5).isEmpty ? nil : row.text(5), datasetDigest: row.text(6).isEmpty ? nil : row.text(6),
                runID: row.text(7))
        }
        return model
    }
}
