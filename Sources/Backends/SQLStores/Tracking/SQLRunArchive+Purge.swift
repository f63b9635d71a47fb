import Errors
package import Events
import SQL
package import Tracking

extension SQLRunArchive {
    package func purge(_ items: [ArchivedItem], events: [EventDraft]) async throws {
        try await database.write { connection in
            for item in items where item.kind == .run { try SQLRunArchive.purge(run: item.id, on: connection) }
            for item in items where item.kind == .loggedModel { try SQLRunArchive.purge(model: item.id, on: connection) }
            for item in items where item.kind == .experiment { try SQLRunArchive.purge(experiment: item.id, on: connection) }
            try EventTable.append(events, on: connection)
        }
    }

    private static func purge(run id: String, on connection: Connection) throws {
        let found = try connection.first("SELECT number FROM runs WHERE id = ? AND lifecycle = 'deleted'", [.text(id)]) { $0.int(0) }
        guard let found else { throw notDeleted("run", id) }
        let run = [SQLValue.int(found)]
        let datasets = try connection.map("SELECT dataset FROM run_datasets WHERE run = ?", run) { $0.int(0) }
        try connection.execute("DELETE FROM metric_points WHERE series IN (SELECT series FROM metric_series WHERE run = ?)", run)
        try connection.execute(
            "DELETE FROM run_dataset_tags WHERE input IN (SELECT number FROM run_datasets WHERE run = ?)", run)
        for table in ["metric_arrivals", "metric_series", "params", "tags", "run_datasets", "run_models"] {
            try connection.execute("DELETE FROM \(table) WHERE run = ?", run)
        }
        try connection.execute("DELETE FROM logged_model_metrics WHERE run = ?", [.text(id)])
        try connection.execute("DELETE FROM runs WHERE number = ?", run)
        for dataset in datasets { try dropUnused(dataset: dataset, on: connection) }
    }

    /// A model of a deleted experiment goes with it, deleted or not.
    private static func purge(model id: String, on connection: Connection) throws {
        let found = try connection.first(
            "SELECT 1 FROM logged_models m JOIN experiments e ON e.id = m.experiment WHERE m.id = ?"
                + " AND (m.lifecycle = 'deleted' OR e.lifecycle = 'deleted')", [.text(id)]
        ) { _ in true }
        guard found != nil else { throw notDeleted("logged model", id) }
        for table in ["logged_model_params", "logged_model_tags", "logged_model_metrics"] {
            try connection.execute("DELETE FROM \(table) WHERE model = ?", [.text(id)])
        }
        try connection.execute("DELETE FROM run_models WHERE model = ?", [.text(id)])
        try connection.execute("DELETE FROM logged_models WHERE id = ?", [.text(id)])
    }

    private static func purge(experiment id: String, on connection: Connection) throws {
        let experiment = [SQLValue(Int64(id))]
        let found = try connection.first("SELECT 1 FROM experiments WHERE id = ? AND lifecycle = 'deleted'", experiment) { _ in true }
        guard found != nil else { throw notDeleted("experiment", id) }
        for table in ["runs", "logged_models"] {
            let left = try connection.first("SELECT 1 FROM \(table) WHERE experiment = ? LIMIT 1", experiment) { _ in true }
            guard left == nil else {
                throw JidokaError.failedPrecondition(
                    "experiment `\(id)` still holds \(table == "runs" ? "runs" : "logged models")",
                    hint: "a run of it may have been restored: move it, or delete it first")
            }
        }
        try connection.execute("DELETE FROM datasets WHERE experiment = ?", experiment)
        try connection.execute("DELETE FROM experiment_tags WHERE experiment = ?", experiment)
        try connection.execute("DELETE FROM experiments WHERE id = ?", experiment)
    }

    private static func notDeleted(_ noun: String, _ id: String) -> JidokaError {
        .failedPrecondition("\(noun) `\(id)` is not deleted", hint: "only what was deleted before can be deleted permanently")
    }
}
