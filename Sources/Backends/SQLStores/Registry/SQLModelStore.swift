package import Clockwork
import Errors
package import Events
import Filters
package import Registry
package import SQL

/// Registered models in SQL.
package struct SQLModelStore: ModelStore {
    private let database: Database

    package init(database: Database) { self.database = database }

    package func create(_ model: RegisteredModel, events: [EventDraft]) async throws {
        try await database.write { connection in
            let number = try connection.first(
                """
                INSERT INTO registered_models (name, description, created_at, updated_at) VALUES (?, ?, ?, ?) \
                ON CONFLICT (name) DO NOTHING RETURNING number
                """,
                [.text(model.name), .text(model.description), .int(model.createdAt.microseconds), .int(model.updatedAt.microseconds)]
            ) { $0.int(0) }
            guard let number else { throw RegistryErrors.modelExists(model.name) }
            for tag in model.tags { try SQLModelStore.put(tag, number, on: connection) }
            try EventTable.append(events, on: connection)
        }
    }

    package func model(name: String) async throws -> RegisteredModel? {
        try await database.read { try ModelRows.model(name: name, on: $0) }
    }

    package func search(_ search: ModelSearch) async throws -> ModelPage<RegisteredModel> {
        let query = SQLModelStore.query(search)
        return try await database.read { connection in
            let headers = try connection.map(query.sql, query.bindings) { (number: $0.int(0), model: ModelRows.header($0)) }
            let page = ModelPage(fetched: headers, offset: search.offset, limit: search.limit)
            return ModelPage(
                items: try page.items.map { try ModelRows.filled($0.model, $0.number, on: connection) }, nextOffset: page.nextOffset)
        }
    }

    package func describe(name: String, _ description: String, at time: Timestamp) async throws {
        try await database.write { connection in
            try connection.execute(
                "UPDATE registered_models SET description = ?, updated_at = ? WHERE name = ?",
                [.text(description), .int(time.microseconds), .text(name)])
            guard connection.changes == 1 else { throw RegistryErrors.noModel(name) }
        }
    }

    package func rename(name: String, to newName: String, at time: Timestamp, events: [EventDraft]) async throws {
        try await database.write { connection in
            let number = try ModelRows.number(of: name, on: connection)
            let taken = try connection.first("SELECT number FROM registered_models WHERE name = ?", [.text(newName)]) { $0.int(0) }
            if let taken, taken != number { throw RegistryErrors.modelExists(newName) }
            try connection.execute(
                "UPDATE registered_models SET name = ?, updated_at = ? WHERE number = ?",
                [.text(newName), .int(time.microseconds), .int(number)])
            try connection.execute(
                "UPDATE model_versions SET updated_at = ? WHERE model = ? AND deleted_at IS NULL", [.int(time.microseconds), .int(number)])
            try connection.execute("UPDATE gate_reports SET model = ? WHERE model = ?", [.text(newName), .text(name)])
            try EventTable.append(events, on: connection)
        }
    }

    package func delete(name: String, events: [EventDraft]) async throws {
        try await database.write { connection in
            let number = SQLValue.int(try ModelRows.number(of: name, on: connection))
            try ModelHistoryRows.forget(model: number, on: connection)
            try connection.execute("DELETE FROM model_aliases WHERE model = ?", [number])
            try connection.execute(
                "DELETE FROM model_version_tags WHERE version IN (SELECT number FROM model_versions WHERE model = ?)", [number])
            try connection.execute("DELETE FROM model_versions WHERE model = ?", [number])
            try connection.execute("DELETE FROM registered_model_tags WHERE model = ?", [number])
            try connection.execute("DELETE FROM registered_models WHERE number = ?", [number])
            // A later model of the same name must not inherit verdicts.
            try connection.execute("DELETE FROM gate_reports WHERE model = ?", [.text(name)])
            try EventTable.append(events, on: connection)
        }
    }

    package func setTag(_ tag: ModelTag, name: String, events: [EventDraft]) async throws {
        try await database.write { connection in
            try SQLModelStore.put(tag, try ModelRows.number(of: name, on: connection), on: connection)
            try EventTable.append(events, on: connection)
        }
    }

    package func deleteTag(key: String, name: String, events: [EventDraft]) async throws {
        try await database.write { connection in
            let number = try ModelRows.number(of: name, on: connection)
            try connection.execute("DELETE FROM registered_model_tags WHERE model = ? AND key = ?", [.int(number), .text(key)])
            if connection.changes > 0 { try EventTable.append(events, on: connection) }
        }
    }

    package func setAlias(
        _ alias: String, name: String, to version: Int?, expecting: AliasExpectation, at time: Timestamp, events: [EventDraft]
    ) async throws {
        try await database.write { connection in
            let model = try ModelRows.number(of: name, on: connection)
            let current = try connection.first(
                "SELECT version FROM model_aliases WHERE model = ? AND alias = ?", [.int(model), .text(alias)]
            ) { Int($0.int(0)) }
            if case .version(let expected) = expecting, expected != current {
                throw RegistryErrors.aliasMoved(alias, name, now: current)
            }
            if let version {
                _ = try ModelRows.number(of: name, version, on: connection)
                try connection.execute(
                    "INSERT INTO model_aliases VALUES (?, ?, ?) ON CONFLICT (model, alias) DO UPDATE SET version = excluded.version",
                    [.int(model), .text(alias), .int(Int64(version))])
            } else {
                try connection.execute("DELETE FROM model_aliases WHERE model = ? AND alias = ?", [.int(model), .text(alias)])
            }
            try ModelHistoryRows.moved(alias: alias, of: model, from: current, to: version, at: time, events, on: connection)
            try ModelRows.touch(model: model, at: time, on: connection)
            try EventTable.append(events, on: connection)
        }
    }

    private static func put(_ tag: ModelTag, _ model: Int64, on connection: Connection) throws {
        try connection.execute(
            "INSERT INTO registered_model_tags VALUES (?, ?, ?) ON CONFLICT (model, key) DO UPDATE SET value = excluded.value",
            [.int(model), .text(tag.key), .text(tag.value)])
    }

    private static func query(_ search: ModelSearch) -> (sql: String, bindings: [SQLValue]) {
        var conditions = FilterSQL()
        if !search.wantsPrompts {
            conditions.add(
                "m.number NOT IN (SELECT model FROM registered_model_tags WHERE key = ? AND value = 'true')",
                [.text(RegisteredModel.promptTag)])
        }
        conditions.add(search.filter) { condition, sql in
            switch condition.field {
            case .name: sql.compare("m.name", condition.comparator, condition.value)
            // Whether prompts are wanted is decided above; models do not have the tag.
            case .tag(RegisteredModel.promptTag) where !search.wantsPrompts: return
            case .tag(let key):
                sql.add(
                    KeyedRows(in: "registered_model_tags", owner: "model", key: key, condition.comparator, condition.value), of: "m.number")
            }
        }
        let orders = search.orders.map { order in
            let column =
                switch order.key {
                case .name: "m.name"
                case .createdAt: "m.created_at"
                case .updatedAt: "m.updated_at"
                }
            return "\(column) \(order.ascending ? "ASC" : "DESC")"
        }
        let sql =
            "SELECT m.number, m.name, m.description, m.created_at, m.updated_at FROM registered_models m WHERE \(conditions.text)"
            + " ORDER BY \((orders + ["m.name ASC"]).joined(separator: ", ")) LIMIT ? OFFSET ?"
        return (sql, conditions.bindings + [.int(Int64(search.limit) + 1), .int(Int64(search.offset))])
    }
}
