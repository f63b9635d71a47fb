package import Clockwork
import Errors
package import Events
import Filters
import JSON
package import Registry
package import SQL

/// Model versions in SQL.
package struct SQLModelVersionStore: ModelVersionStore {
    let database: Database

    package init(database: Database) { self.database = database }

    package func create(_ draft: ModelVersionDraft, event: @escaping @Sendable (ModelVersion) -> EventDraft) async throws -> ModelVersion {
        try await database.write { connection in
            let model = try ModelRows.number(of: draft.name, on: connection)
            let highest = try connection.first("SELECT coalesce(max(version), 0) FROM model_versions WHERE model = ?", [.int(model)]) {
                $0.int(0)
            }
            let number = (highest ?? 0) + 1
            let time = SQLValue.int(draft.time.microseconds)
            let row = try connection.insert(
                "INSERT INTO model_versions (model, version, description, stage, status, status_message, source, storage_location, run,"
                    + " run_link, logged_model, user_id, created_at, updated_at) VALUES (?, ?, ?, 'None', ?, '', ?, ?, ?, ?, ?, ?, ?, ?)"
                    + " RETURNING number",
                [
                    .int(model), .int(number), .text(draft.description), .text(draft.status.rawValue), .text(draft.source),
                    .text(draft.storageLocation), .text(draft.runID), .text(draft.runLink), .text(draft.modelID), .text(draft.userID), time,
                    time,
                ])
            for tag in draft.tags { try SQLModelVersionStore.put(tag, row, on: connection) }
            try ModelRows.touch(model: model, at: draft.time, on: connection)
            let made = try SQLModelVersionStore.require(draft.name, Int(number), on: connection)
            try EventTable.append([event(made)], on: connection)
            return made
        }
    }

    package func version(name: String, _ version: Int) async throws -> ModelVersion? {
        try await database.read { try ModelRows.version(name: name, version, on: $0) }
    }

    package func search(_ search: ModelVersionSearch) async throws -> ModelPage<ModelVersion> {
        let query = SQLModelVersionStore.query(search)
        return try await database.read { connection in
            let headers = try connection.map(query.sql, query.bindings, ModelRows.versionHeader)
            let page = ModelPage(fetched: headers, offset: search.offset, limit: search.limit)
            let items = try page.items.map { try ModelRows.filled($0.version, $0.number, $0.model, on: connection) }
            return ModelPage(items: items, nextOffset: page.nextOffset)
        }
    }

    package func pending(registeredBefore time: Timestamp, limit: Int) async throws -> [ModelVersion] {
        guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
        return try await database.read { connection in
            let headers = try connection.map(
                "SELECT \(ModelRows.versionColumns) FROM model_versions v JOIN registered_models m ON m.number = v.model"
                    + " WHERE v.status = ? AND v.deleted_at IS NULL AND v.created_at < ? ORDER BY v.number LIMIT ?",
                [.text(ModelVersionStatus.pending.rawValue), .int(time.microseconds), .int(Int64(limit))], ModelRows.versionHeader)
            return try headers.map { try ModelRows.filled($0.version, $0.number, $0.model, on: connection) }
        }
    }

    package func update(
        name: String, version: Int, _ change: ModelVersionChange, at time: Timestamp, events: [EventDraft]
    ) async throws -> ModelVersion {
        try await database.write { connection in
            let (_, row) = try ModelRows.number(of: name, version, on: connection)
            try connection.execute(
                "UPDATE model_versions SET description = coalesce(?, description), status = coalesce(?, status),"
                    + """
                     status_message = coalesce(?, status_message), verification = coalesce(?, verification), \
                    updated_at = ? WHERE number = ?
                    """,
                [
                    SQLValue(change.description), SQLValue(change.status?.rawValue), SQLValue(change.statusMessage),
                    SQLValue(change.verification.map { JSONValue.object($0.json).text }), .int(time.microseconds), .int(row),
                ])
            try EventTable.append(events, on: connection)
            return try SQLModelVersionStore.require(name, version, on: connection)
        }
    }

    package func setStage(
        _ stage: ModelStage, name: String, version: Int, archiveOthers: Bool, at time: Timestamp, events: [EventDraft]
    ) async throws -> ModelVersion {
        try await database.write { connection in
            let (model, row) = try ModelRows.number(of: name, version, on: connection)
            let now = SQLValue.int(time.microseconds)
            try ModelHistoryRows.moved(
                version: version, of: model, to: stage, archiveOthers: archiveOthers, at: time, events, on: connection)
            if archiveOthers {
                try connection.execute(
                    """
                    UPDATE model_versions SET stage = ?, updated_at = ? WHERE model = ? AND stage = ? AND \
                    number != ? AND deleted_at IS NULL
                    """,
                    [.text(ModelStage.archived.rawValue), now, .int(model), .text(stage.rawValue), .int(row)])
            }
            try connection.execute(
                "UPDATE model_versions SET stage = ?, updated_at = ? WHERE number = ?", [.text(stage.rawValue), now, .int(row)])
            try ModelRows.touch(model: model, at: time, on: connection)
            try EventTable.append(events, on: connection)
            return try SQLModelVersionStore.require(name, version, on: connection)
        }
    }

    package func delete(name: String, version: Int, at time: Timestamp, events: [EventDraft]) async throws {
        try await database.write { connection in
            let (model, row) = try ModelRows.number(of: name, version, on: connection)
            try ModelHistoryRows.ended(version: version, of: model, at: time, events, on: connection)
            try connection.execute("DELETE FROM model_aliases WHERE model = ? AND version = ?", [.int(model), .int(Int64(version))])
            try connection.execute(
                "UPDATE model_versions SET deleted_at = ?, updated_at = ? WHERE number = ?",
                [.int(time.microseconds), .int(time.microseconds), .int(row)])
            try ModelRows.touch(model: model, at: time, on: connection)
            try EventTable.append(events, on: connection)
        }
    }

    package func setTag(_ tag: ModelTag, name: String, version: Int, events: [EventDraft]) async throws {
        try await database.write { connection in
            let (_, row) = try ModelRows.number(of: name, version, on: connection)
            try SQLModelVersionStore.put(tag, row, on: connection)
            try EventTable.append(events, on: connection)
        }
    }

    package func deleteTag(key: String, name: String, version: Int, events: [EventDraft]) async throws {
        try await database.write { connection in
            let (_, row) = try ModelRows.number(of: name, version, on: connection)
            try connection.execute("DELETE FROM model_version_tags WHERE version = ? AND key = ?", [.int(row), .text(key)])
            if connection.changes > 0 { try EventTable.append(events, on: connection) }
        }
    }

    static func require(_ name: String, _ version: Int, on connection: Connection) throws -> ModelVersion {
        guard let found = try ModelRows.version(name: name, version, on: connection) else { throw RegistryErrors.noVersion(name, version) }
        return found
    }

    static func put(_ tag: ModelTag, _ row: Int64, on connection: Connection) throws {
        try connection.execute(
            "INSERT INTO model_version_tags VALUES (?, ?, ?) ON CONFLICT (version, key) DO UPDATE SET value = excluded.value",
            [.int(row), .text(tag.key), .text(tag.value)])
    }

    private static func query(_ search: ModelVersionSearch) -> (sql: String, bindings: [SQLValue]) {
        var conditions = FilterSQL()
        conditions.add("v.deleted_at IS NULL")
        if !search.wantsPrompts {
            conditions.add(
                "v.number NOT IN (SELECT version FROM model_version_tags WHERE key = ? AND value = 'true')",
                [.text(RegisteredModel.promptTag)])
        }
        conditions.add(search.filter) { condition, sql in
            switch condition.field {
            case .tag(RegisteredModel.promptTag) where !search.wantsPrompts: return
            case .tag(let key):
                sql.add(
                    KeyedRows(in: "model_version_tags", owner: "version", key: key, condition.comparator, condition.value), of: "v.number")
            case .attribute(let attribute): sql.compare(column(attribute), condition.comparator, condition.value)
            }
        }
        var orders = search.orders.map { "\(column($0.attribute)) \($0.ascending ? "ASC" : "DESC")" }
        if orders.isEmpty { orders = ["v.updated_at DESC"] }
        let sql =
            """
            SELECT \(ModelRows.versionColumns) FROM model_versions v JOIN registered_models m ON m.number = \
            v.model WHERE \(conditions.text)
            """
            + " ORDER BY \((orders + ["m.name ASC", "v.version DESC"]).joined(separator: ", ")) LIMIT ? OFFSET ?"
        return (sql, conditions.bindings + [.int(Int64(search.limit) + 1), .int(Int64(search.offset))])
    }

    private static func column(_ attribute: ModelVersionAttribute) -> String {
        switch attribute {
        case .name: "m.name"
        case .runID: "v.run"
        case .source: "v.source"
        case .version: "v.version"
        case .createdAt: "v.created_at"
        case .updatedAt: "v.updated_at"
        }
    }
}
