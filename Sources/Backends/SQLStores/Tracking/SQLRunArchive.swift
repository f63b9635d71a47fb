package import Clockwork
import Errors
package import Events
import Filters
package import SQL
package import Tracking

/// Moves, purges and corrections of runs in SQL. Purging is in `SQLRunArchive+Purge.swift`.
package struct SQLRunArchive: RunArchive {
    let database: Database

    package init(database: Database) { self.database = database }

    package func move(runIDs: [String], to experimentID: String, events: [EventDraft]) async throws {
        try await database.write { connection in
            guard let experiment = Int64(experimentID),
                let text = try connection.first("SELECT lifecycle FROM experiments WHERE id = ?", [.int(experiment)], { $0.text(0) })
            else { throw TrackingErrors.noExperiment(experimentID) }
            guard text == Lifecycle.active.rawValue else {
                throw TrackingErrors.experimentNotActive(experimentID, Lifecycle(rawValue: text) ?? .deleted)
            }
            for id in runIDs {
                let run = try SQLRunStore.active(id, on: connection)
                try SQLRunArchive.moveDatasets(of: run, to: experiment, on: connection)
                try connection.execute("UPDATE runs SET experiment = ? WHERE number = ?", [.int(experiment), .int(run)])
                try connection.execute("UPDATE logged_models SET experiment = ? WHERE source_run = ?", [.int(experiment), .text(id)])
            }
            try EventTable.append(events, on: connection)
        }
    }

    /// Datasets are one per experiment: the run's inputs point to those of the new one from now on.
    private static func moveDatasets(of run: Int64, to experiment: Int64, on connection: Connection) throws {
        let inputs = try connection.map("SELECT number, dataset FROM run_datasets WHERE run = ?", [.int(run)]) { ($0.int(0), $0.int(1)) }
        for (input, dataset) in inputs {
            try connection.execute(
                "INSERT INTO datasets (experiment, name, digest, source_type, source, schema, profile)"
                    + " SELECT ?, name, digest, source_type, source, schema, profile FROM datasets WHERE number = ?"
                    + " ON CONFLICT (experiment, name, digest) DO NOTHING",
                [.int(experiment), .int(dataset)])
            try connection.execute(
                "UPDATE run_datasets SET dataset = (SELECT n.number FROM datasets n JOIN datasets o ON o.name = n.name"
                    + " AND o.digest = n.digest WHERE n.experiment = ? AND o.number = ?) WHERE number = ?",
                [.int(experiment), .int(dataset), .int(input)])
            try dropUnused(dataset: dataset, on: connection)
        }
    }

    /// A dataset that no run reads any more is nobody's.
    static func dropUnused(dataset: Int64, on connection: Connection) throws {
        try connection.execute(
            "DELETE FROM datasets WHERE number = ? AND NOT EXISTS (SELECT 1 FROM run_datasets WHERE dataset = ?)",
            [.int(dataset), .int(dataset)])
    }

    package func children(of runIDs: [String]) async throws -> [String] {
        try await database.read { connection in
            var all: [String] = []
            for id in runIDs {
                all += try connection.map(
                    "SELECT r.id FROM tags t JOIN runs r ON r.number = t.run WHERE t.key = 'mlflow.parentRunId' AND t.value = ?"
                        + " ORDER BY r.start_time, r.id LIMIT 10000", [.text(id)]
                ) { $0.text(0) }
            }
            return all
        }
    }

    package func correct(
        _ param: Param, runID: String, event: @escaping @Sendable (String) -> EventDraft
    ) async throws -> String {
        try await database.write { connection in
            let run = try SQLRunStore.active(runID, on: connection)
            let owner = [SQLValue.int(run), .text(param.key)]
            guard let before = try connection.first("SELECT value FROM params WHERE run = ? AND key = ?", owner, { $0.text(0) }) else {
                throw JidokaError.notFound(
                    "run `\(runID)` has no param `\(param.key)`", hint: "log it: only what is there can be corrected")
            }
            try connection.execute(
                "UPDATE params SET value = ?, number = ? WHERE run = ? AND key = ?",
                [.text(param.value), SQLValue(FilterNumber.read(param.value))] + owner)
            try EventTable.append([event(before)], on: connection)
            return before
        }
    }

    package func deleted(
        _ kind: ArchivedItem.Kind, before time: Timestamp, experimentID: String?, after: ArchivedItem?, limit: Int
    ) async throws -> [ArchivedItem] {
        try SQLRunArchive.check(limit)
        let (columns, table, moment, place) =
            switch kind {
            case .run: ("id, name, experiment, coalesce(deleted_at, 0), artifact_uri", "runs", "coalesce(deleted_at, 0)", "experiment")
            case .loggedModel: ("id, name, experiment, updated_at, artifact_uri", "logged_models", "updated_at", "experiment")
            case .experiment: ("id, name, id, updated_at, ''", "experiments", "updated_at", "id")
            }
        var sql = "SELECT \(columns) FROM \(table) WHERE lifecycle = 'deleted' AND \(moment) < ?"
        var values: [SQLValue] = [.int(time.microseconds)]
        if let experimentID {
            sql += " AND \(place) = ?"
            values.append(SQLValue(Int64(experimentID)))
        }
        if let after {
            sql += " AND (\(moment) > ? OR (\(moment) = ? AND id > ?))"
            let at = SQLValue.int(after.deletedAt.microseconds)
            values += [at, at, kind == .experiment ? SQLValue(Int64(after.id)) : .text(after.id)]
        }
        values.append(.int(Int64(limit)))
        return try await database.read { [sql, values] connection in
            try connection.map("\(sql) ORDER BY 4, id LIMIT ?", values) { SQLRunArchive.item(kind, $0) }
        }
    }

    package func contents(ofExperiment id: String, after: ArchivedItem?, limit: Int) async throws -> [ArchivedItem] {
        try SQLRunArchive.check(limit)
        guard let experiment = Int64(id) else { return [] }
        let (lastRun, lastModel) = after?.kind == .loggedModel ? (nil, after?.id) : (after?.id ?? "", "")
        return try await database.read { connection in
            var found: [ArchivedItem] = []
            if let lastRun {
                found = try connection.map(
                    "SELECT id, name, experiment, coalesce(deleted_at, 0), artifact_uri FROM runs WHERE experiment = ?"
                        + " AND lifecycle = 'deleted' AND id > ? ORDER BY id LIMIT ?",
                    [.int(experiment), .text(lastRun), .int(Int64(limit))]
                ) { SQLRunArchive.item(.run, $0) }
            }
            let models = try connection.map(
                "SELECT id, name, experiment, updated_at, artifact_uri FROM logged_models WHERE experiment = ? AND id > ?"
                    + " ORDER BY id LIMIT ?", [.int(experiment), .text(lastModel ?? ""), .int(Int64(limit))]
            ) { SQLRunArchive.item(.loggedModel, $0) }
            return Array((found + models).prefix(limit))
        }
    }

    private static func check(_ limit: Int) throws {
        guard (1...10_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 10000") }
    }

    /// Columns: id, name, experiment, time, artifact URI.
    private static func item(_ kind: ArchivedItem.Kind, _ row: Row) -> ArchivedItem {
        ArchivedItem(
            kind: kind, id: kind == .experiment ? String(row.int(0)) : row.text(0), name: row.text(1), experimentID: String(row.int(2)),
            deletedAt: Timestamp(microseconds: row.int(3)), artifactURI: row.text(4))
    }
}
