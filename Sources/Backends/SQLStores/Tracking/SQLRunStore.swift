package import Clockwork
import Errors
package import Events
package import SQL
package import Tracking

/// Runs in SQL. Logging is in `SQLRunStore+Append.swift`, reading in `RunReader.swift`, searching in `RunSearchPlan.swift`.
package struct SQLRunStore: RunStore {
    let database: Database
    package let plan: RunSearchPlan

    package init(database: Database, plan: RunSearchPlan = RunSearchPlan()) {
        self.database = database
        self.plan = plan
    }

    package func create(_ run: Run, events: [EventDraft]) async throws {
        try await database.write { connection in
            let info = run.info
            let experiment = try connection.first("SELECT lifecycle FROM experiments WHERE id = ?", [SQLValue(Int64(info.experimentID))]) {
                Lifecycle(rawValue: $0.text(0)) ?? .active
            }
            guard let experiment else { throw TrackingErrors.noExperiment(info.experimentID) }
            guard experiment == .active else { throw TrackingErrors.experimentNotActive(info.experimentID, experiment) }
            let number = try connection.insert(
                "INSERT INTO runs (id, experiment, name, user_id, status, start_time, end_time, artifact_uri, lifecycle)"
                    + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number",
                [
                    .text(info.id), SQLValue(Int64(info.experimentID)), .text(info.name), .text(info.userID), .text(info.status.rawValue),
                    .int(info.startTime), SQLValue(info.endTime), .text(info.artifactURI), .text(info.lifecycle.rawValue),
                ])
            for tag in run.tags { try SQLRunStore.put(tag, number, on: connection) }
            try EventTable.append(events, on: connection)
        }
    }

    package func run(id: String) async throws -> Run? {
        try await database.read { connection in
            let found = try connection.first("SELECT \(RunReader.columns) FROM runs r WHERE r.id = ?", [.text(id)], RunReader.header)
            return try found.map { try RunReader.runs([$0], on: connection)[0] }
        }
    }

    package func info(id: String) async throws -> RunInfo? {
        try await database.read { connection in
            try connection.first("SELECT \(RunReader.columns) FROM runs r WHERE r.id = ?", [.text(id)]) { RunReader.header($0).info }
        }
    }

    package func update(id: String, _ change: RunChange, events: [EventDraft]) async throws -> RunInfo {
        try await database.write { connection in
            let number = try SQLRunStore.active(id, on: connection)
            try connection.execute(
                "UPDATE runs SET status = coalesce(?, status), end_time = coalesce(?, end_time) WHERE number = ?",
                [SQLValue(change.status?.rawValue), SQLValue(change.endTime), .int(number)])
            if let name = change.name {
                try SQLRunStore.rename(number, to: name, on: connection)
                try SQLRunStore.put(Tag(key: ReservedTag.runName, value: name), number, on: connection)
            }
            try EventTable.append(events, on: connection)
            let sql = "SELECT \(RunReader.columns) FROM runs r WHERE r.number = ?"
            guard let info = try connection.first(sql, [.int(number)], { RunReader.header($0).info }) else {
                throw TrackingErrors.noRun(id)
            }
            return info
        }
    }

    package func setLifecycle(_ lifecycle: Lifecycle, id: String, at time: Timestamp, events: [EventDraft]) async throws {
        try await database.write { connection in
            let deletedAt: SQLValue = lifecycle == .deleted ? .int(time.microseconds) : .null
            try connection.execute(
                "UPDATE runs SET lifecycle = ?, deleted_at = ? WHERE id = ?", [.text(lifecycle.rawValue), deletedAt, .text(id)])
            guard connection.changes == 1 else { throw TrackingErrors.noRun(id) }
            try EventTable.append(events, on: connection)
        }
    }

    package func deleteTag(key: String, id: String) async throws -> Bool {
        try await database.write { connection in
            let number = try SQLRunStore.active(id, on: connection)
            try connection.execute("DELETE FROM tags WHERE run = ? AND key = ?", [.int(number), .text(key)])
            return connection.changes == 1
        }
    }

    /// The number of a run that may be logged to. - Throws: `not_found`, or that it is deleted.
    static func active(_ id: String, on connection: Connection) throws -> Int64 {
        let found = try connection.first("SELECT number, lifecycle FROM runs WHERE id = ?", [.text(id)]) { ($0.int(0), $0.text(1)) }
        guard let (number, lifecycle) = found else { throw TrackingErrors.noRun(id) }
        guard lifecycle == Lifecycle.active.rawValue else {
            throw TrackingErrors.runNotActive(id, Lifecycle(rawValue: lifecycle) ?? .deleted)
        }
        return number
    }

    static func put(_ tag: Tag, _ run: Int64, on connection: Connection) throws {
        try connection.execute(
            "INSERT INTO tags VALUES (?, ?, ?) ON CONFLICT (run, key) DO UPDATE SET value = excluded.value",
            [.int(run), .text(tag.key), .text(tag.value)])
    }

    static func rename(_ run: Int64, to name: String, on connection: Connection) throws {
        try connection.execute("UPDATE runs SET name = ? WHERE number = ?", [.text(name), .int(run)])
    }
}
