import Errors
import Filters
import SQL
package import Tracking

extension SQLRunStore {
    package func append(_ batch: RunBatch) async throws {
        try await database.write { connection in
            let run = try SQLRunStore.active(batch.runID, on: connection)
            try SQLRunStore.add(batch.params, of: batch, to: run, on: connection)
            try MetricPoints.add(batch.metrics, to: run, on: connection)
            for metric in batch.metrics where metric.modelID != nil {
                try SQLRunStore.addToModel(metric, run: batch.runID, on: connection)
            }
            for tag in batch.tags { try SQLRunStore.put(tag, run, on: connection) }
            if let name = batch.runName { try SQLRunStore.rename(run, to: name, on: connection) }
        }
    }

    private static func add(_ params: [Param], of batch: RunBatch, to run: Int64, on connection: Connection) throws {
        var changed: [TrackingErrors.ChangedParam] = []
        for param in params {
            try connection.execute(
                "INSERT INTO params (run, key, value, number) VALUES (?, ?, ?, ?) ON CONFLICT (run, key) DO NOTHING",
                [.int(run), .text(param.key), .text(param.value), SQLValue(FilterNumber.read(param.value))])
            guard connection.changes == 0 else { continue }
            let old = try connection.first("SELECT value FROM params WHERE run = ? AND key = ?", [.int(run), .text(param.key)]) {
                $0.text(0)
            }
            if let old, old != param.value { changed.append(.init(key: param.key, old: old, new: param.value)) }
        }
        guard changed.isEmpty else { throw TrackingErrors.paramsChanged(changed, in: batch) }
    }

    private static func addToModel(_ metric: Metric, run: String, on connection: Connection) throws {
        guard let model = metric.modelID else { return }
        let known = try connection.first("SELECT 1 FROM logged_models WHERE id = ?", [.text(model)]) { _ in true } ?? false
        guard known else { throw TrackingErrors.noLoggedModel(model) }
        let isNaN = metric.value.isNaN
        try connection.execute(
            "INSERT INTO logged_model_metrics VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                + " ON CONFLICT (model, key, dataset_name, dataset_digest, run) DO UPDATE SET"
                + " value = excluded.value, is_nan = excluded.is_nan, timestamp = excluded.timestamp, step = excluded.step"
                + " WHERE (excluded.step, excluded.timestamp, excluded.value) >"
                + " (logged_model_metrics.step, logged_model_metrics.timestamp, logged_model_metrics.value)",
            [
                .text(model), .text(metric.key), .text(metric.datasetName ?? ""), .text(metric.datasetDigest ?? ""), .text(run),
                .double(isNaN ? 0 : metric.value), SQLValue(isNaN), .int(metric.timestamp), .int(metric.step),
            ])
    }

    package func addInputs(runID: String, datasets: [DatasetInput], modelIDs: [String]) async throws {
        try await database.write { connection in
            let run = try SQLRunStore.active(runID, on: connection)
            let experiment = try connection.first("SELECT experiment FROM runs WHERE number = ?", [.int(run)]) { $0.int(0) } ?? 0
            for dataset in datasets { try SQLRunStore.add(dataset, experiment: experiment, run: run, on: connection) }
            for model in modelIDs { try SQLRunStore.add(model, step: 0, isOutput: false, run: run, on: connection) }
        }
    }

    package func addOutputs(runID: String, models: [ModelOutput]) async throws {
        try await database.write { connection in
            let run = try SQLRunStore.active(runID, on: connection)
            for model in models { try SQLRunStore.add(model.modelID, step: model.step, isOutput: true, run: run, on: connection) }
        }
    }

    private static func add(_ model: String, step: Int64, isOutput: Bool, run: Int64, on connection: Connection) throws {
        try connection.execute(
            "INSERT INTO run_models VALUES (?, ?, ?, ?) ON CONFLICT (run, is_output, model) DO UPDATE SET step = excluded.step",
            [.int(run), SQLValue(isOutput), .text(model), .int(step)])
    }

    private static func add(_ dataset: DatasetInput, experiment: Int64, run: Int64, on connection: Connection) throws {
        try connection.execute(
            "INSERT INTO datasets (experiment, name, digest, source_type, source, schema, profile) VALUES (?, ?, ?, ?, ?, ?, ?)"
                + " ON CONFLICT (experiment, name, digest) DO NOTHING",
            [
                .int(experiment), .text(dataset.name), .text(dataset.digest), .text(dataset.sourceType), .text(dataset.source),
                SQLValue(dataset.schema), SQLValue(dataset.profile),
            ])
        let number = try connection.first(
            "SELECT number FROM datasets WHERE experiment = ? AND name = ? AND digest = ?",
            [.int(experiment), .text(dataset.name), .text(dataset.digest)]
        ) { $0.int(0) }
        guard let number else { throw JidokaError.internal("a dataset that was inserted is not there") }
        let input = try connection.first(
            "INSERT INTO run_datasets (run, dataset) VALUES (?, ?) ON CONFLICT (run, dataset) DO NOTHING RETURNING number",
            [.int(run), .int(number)]
        ) { $0.int(0) }
        guard let input else { return }
        for tag in dataset.tags {
            try connection.execute(
                "INSERT INTO run_dataset_tags VALUES (?, ?, ?) ON CONFLICT (input, key) DO UPDATE SET value = excluded.value",
                [.int(input), .text(tag.key), .text(tag.value)])
        }
    }
}
