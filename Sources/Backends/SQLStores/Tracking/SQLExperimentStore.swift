package import Clockwork
import Errors
package import Events
import Filters
package import SQL
package import Tracking

/// Experiments in SQL.
package struct SQLExperimentStore: ExperimentStore {
    let database: Database

    package init(database: Database) { self.database = database }

    package func create(_ draft: ExperimentDraft, event: @escaping @Sendable (Experiment) -> EventDraft) async throws -> Experiment {
        try await database.write { connection in
            let taken = try connection.first("SELECT 1 FROM experiments WHERE name = ?", [.text(draft.name)]) { _ in true } ?? false
            guard !taken else { throw TrackingErrors.experimentExists(draft.name) }
            let id = try SQLExperimentStore.insert(draft, on: connection)
            let location = draft.artifactLocation ?? "\(draft.artifactRoot)/\(id)"
            try connection.execute("UPDATE experiments SET artifact_location = ? WHERE id = ?", [.text(location), .int(id)])
            for tag in draft.tags { try SQLExperimentStore.put(tag, id, on: connection) }
            guard let made = try SQLExperimentStore.read("id = ?", [.int(id)], on: connection) else {
                throw JidokaError.internal("an experiment that was inserted is not there")
            }
            try EventTable.append([event(made)], on: connection)
            return made
        }
    }

    /// The row of the draft, with the id that it asks for or the next one.
    private static func insert(_ draft: ExperimentDraft, on connection: Connection) throws -> Int64 {
        let time = SQLValue.int(draft.time.microseconds)
        let columns = "name, artifact_location, lifecycle, created_at, updated_at"
        guard let id = draft.id else {
            return try connection.insert(
                "INSERT INTO experiments (\(columns)) VALUES (?, '', 'active', ?, ?) RETURNING id", [.text(draft.name), time, time])
        }
        return try connection.insert(
            "INSERT INTO experiments (id, \(columns)) VALUES (?, ?, '', 'active', ?, ?) RETURNING id",
            [SQLValue(id), .text(draft.name), time, time])
    }

    package func experiment(id: String) async throws -> Experiment? {
        guard let number = Int64(id) else { return nil }
        return try await database.read { try SQLExperimentStore.read("id = ?", [.int(number)], on: $0) }
    }

    package func experiment(name: String) async throws -> Experiment? {
        try await database.read { try SQLExperimentStore.read("name = ?", [.text(name)], on: $0) }
    }

    package func search(_ search: ExperimentSearch) async throws -> Page<Experiment> {
        let query = ExperimentQuery(search)
        return try await database.read { connection in
            var found = try connection.map(query.sql, query.bindings, SQLExperimentStore.experiment)
            for index in found.indices { found[index].tags = try SQLExperimentStore.tags(found[index].id, on: connection) }
            return Page(fetched: found, offset: search.offset, limit: search.limit)
        }
    }

    package func rename(id: String, to name: String, at time: Timestamp, events: [EventDraft]) async throws {
        try await database.write { connection in
            let taken = try connection.first("SELECT id FROM experiments WHERE name = ?", [.text(name)]) { $0.int(0) }
            if let taken, String(taken) != id { throw TrackingErrors.experimentExists(name) }
            try connection.execute(
                "UPDATE experiments SET name = ?, updated_at = ? WHERE id = ?", [.text(name), .int(time.microseconds), SQLValue(Int64(id))])
            guard connection.changes == 1 else { throw TrackingErrors.noExperiment(id) }
            try EventTable.append(events, on: connection)
        }
    }

    package func setLifecycle(_ lifecycle: Lifecycle, id: String, at time: Timestamp, events: [EventDraft]) async throws {
        try await database.write { connection in
            let number = SQLValue(Int64(id))
            try connection.execute(
                "UPDATE experiments SET lifecycle = ?, updated_at = ? WHERE id = ?",
                [.text(lifecycle.rawValue), .int(time.microseconds), number])
            guard connection.changes == 1 else { throw TrackingErrors.noExperiment(id) }
            let deletedAt: SQLValue = lifecycle == .deleted ? .int(time.microseconds) : .null
            try connection.execute(
                "UPDATE runs SET lifecycle = ?, deleted_at = ? WHERE experiment = ?", [.text(lifecycle.rawValue), deletedAt, number])
            try EventTable.append(events, on: connection)
        }
    }

    package func setTag(_ tag: Tag, id: String, at time: Timestamp) async throws {
        try await database.write { connection in
            let number = try SQLExperimentStore.touch(id, time, on: connection)
            try SQLExperimentStore.put(tag, number, on: connection)
        }
    }

    package func deleteTag(key: String, id: String, at time: Timestamp) async throws -> Bool {
        try await database.write { connection in
            let number = try SQLExperimentStore.touch(id, time, on: connection)
            try connection.execute("DELETE FROM experiment_tags WHERE experiment = ? AND key = ?", [.int(number), .text(key)])
            return connection.changes == 1
        }
    }

    /// Stamps the experiment. - Throws: `not_found`.
    private static func touch(_ id: String, _ time: Timestamp, on connection: Connection) throws -> Int64 {
        guard let number = Int64(id) else { throw TrackingErrors.noExperiment(id) }
        try connection.execute("UPDATE experiments SET updated_at = ? WHERE id = ?", [.int(time.microseconds), .int(number)])
        guard connection.changes == 1 else { throw TrackingErrors.noExperiment(id) }
        return number
    }

    private static func put(_ tag: Tag, _ id: Int64, on connection: Connection) throws {
        try connection.execute(
            "INSERT INTO experiment_tags VALUES (?, ?, ?) ON CONFLICT (experiment, key) DO UPDATE SET value = excluded.value",
            [.int(id), .text(tag.key), .text(tag.value)])
    }

    static let columns = "id, name, artifact_location, lifecycle, created_at, updated_at"

    private static func read(_ condition: String, _ bindings: [SQLValue], on connection: Connection) throws -> Experiment? {
        guard var found = try connection.first("SELECT \(columns) FROM experiments WHERE \(condition)", bindings, experiment) else {
            return nil
        }
        found.tags = try tags(found.id, on: connection)
        return found
    }

    private static func tags(_ id: String, on connection: Connection) throws -> [Tag] {
        try connection.map("SELECT key, value FROM experiment_tags WHERE experiment = ? ORDER BY key", [SQLValue(Int64(id))]) {
            Tag(key: $0.text(0), value: $0.text(1))
        }
    }

    private static func experiment(_ row: Row) -> Experiment {
        Experiment(
            id: String(row.int(0)), name: row.text(1), artifactLocation: row.text(2),
            lifecycle: Lifecycle(rawValue: row.text(3)) ?? .active,
            createdAt: Timestamp(microseconds: row.int(4)), updatedAt: Timestamp(microseconds: row.int(5)))
    }
}

/// An experiment search as SQL.
private struct ExperimentQuery: Sendable {
    let sql: String
    let bindings: [SQLValue]

    init(_ search: ExperimentSearch) {
        var conditions = FilterSQL()
        conditions.isOneOf("e.lifecycle", search.view.lifecycles.map { .text($0.rawValue) })
        conditions.add(search.filter) { condition, sql in
            switch condition.field {
            case .tag(let key):
                sql.add(KeyedRows(in: "experiment_tags", owner: "experiment", key: key, condition.comparator, condition.value), of: "e.id")
            case .attribute(let attribute):
                let column = ExperimentQuery.column(attribute)
                if attribute == .createdAt || attribute == .updatedAt {
                    sql.compare("\(column) / 1000", condition.comparator, condition.value)
                } else if attribute == .id {
                    sql.compare("CAST(e.id AS TEXT)", condition.comparator, condition.value)
                } else {
                    sql.compare(column, condition.comparator, condition.value)
                }
            }
        }
        let orders = search.orders.map { "\(ExperimentQuery.column($0.attribute)) \($0.ascending ? "ASC" : "DESC")" }
        let order = (orders.isEmpty ? ["e.created_at DESC"] : orders) + ["e.id ASC"]
        let columns = SQLExperimentStore.columns.split(separator: ", ").map { "e.\($0)" }.joined(separator: ", ")
        sql = "SELECT \(columns) FROM experiments e WHERE \(conditions.text) ORDER BY \(order.joined(separator: ", ")) LIMIT ? OFFSET ?"
        bindings = conditions.bindings + [.int(Int64(search.limit) + 1), .int(Int64(search.offset))]
    }

    private static func column(_ attribute: ExperimentAttribute) -> String {
        switch attribute {
        case .name: "e.name"
        case .id: "e.id"
        case .createdAt: "e.created_at"
        case .updatedAt: "e.updated_at"
        }
    }
}
