import Clockwork
import Errors
import Registry
import SQL
package import Tracking

/// MLflow's own database, of the schemas of 2.22 to 3.17: tables and columns that a version does not have count as empty.
package struct MLflowDatabase: InterchangeSource {
    let tables: any ForeignTables
    let artifacts: LocalArtifacts
    package let title: String
    package var remarks: [String] { artifacts.remarks.list }

    /// - Parameter artifactFolder: where the server kept artifacts; URIs of local folders are found without it.
    package init(_ tables: any ForeignTables, title: String, artifactFolder: String? = nil) {
        self.tables = tables
        self.title = title
        artifacts = LocalArtifacts(roots: artifactFolder.map { [$0] } ?? [], remarks: Remarks())
    }

    package func experiments() async throws -> [Experiment] {
        try await tables.read { rows in
            let tags = Dictionary(grouping: try rows("SELECT experiment_id, key, value FROM experiment_tags", []), by: { $0[0].int })
            return try rows(
                "SELECT experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time FROM experiments"
                    + " ORDER BY experiment_id", []
            ).map { row in
                Experiment(
                    id: String(row[0].int), name: row[1].text, artifactLocation: row[2].text,
                    lifecycle: row[3].text == "deleted" ? .deleted : .active, createdAt: row[4].time, updatedAt: row[5].time,
                    tags: (tags[row[0].int] ?? []).map { Tag(key: $0[1].text, value: $0[2].text) }.sorted { $0.key < $1.key })
            }
        }
    }

    package func runIDs(of experiment: Experiment) async throws -> [String] {
        let id = SQLValue.int(Int64(experiment.id) ?? -1)
        return try await tables.read { rows in
            try rows("SELECT run_uuid FROM runs WHERE experiment_id = ? ORDER BY start_time, run_uuid", [id]).map { $0[0].text }
        }
    }

    package func run(_ id: String, of experiment: Experiment) async throws -> SourceRun? {
        try await tables.read { rows in try MLflowDatabase.run(id, rows) }
    }

    package func loggedModels(of experiment: Experiment) async throws -> [LoggedModel] {
        guard try await tables.has("logged_models") else { return [] }
        let id = SQLValue.int(Int64(experiment.id) ?? -1)
        return try await tables.read { rows in
            let heads = try rows(
                "SELECT model_id, experiment_id, name, artifact_location, creation_timestamp_ms, last_updated_timestamp_ms, status,"
                    + " model_type, source_run_id FROM logged_models WHERE experiment_id = ? AND lifecycle_stage = 'active'"
                    + " ORDER BY creation_timestamp_ms, model_id", [id])
            return try heads.map { try MLflowDatabase.loggedModel($0, rows) }
        }
    }

    package func files(of place: ArtifactPlace) async throws -> [SourceFile] {
        let artifacts = artifacts
        return try await tables.pool.run { artifacts.files(of: place) }
    }

    package func fetch(_ file: SourceFile, to path: String) async throws {
        throw JidokaError.notFound("`\(file.path)` lies in no local file")
    }

    // MARK: Rows

    private static func run(_ id: String, _ rows: ForeignRows) throws -> SourceRun? {
        let heads = try rows(
            "SELECT experiment_id, name, user_id, status, start_time, end_time, artifact_uri, lifecycle_stage FROM runs WHERE run_uuid = ?",
            [.text(id)])
        guard let row = heads.first else { return nil }
        var run = Run(
            info: RunInfo(
                id: id, experimentID: String(row[0].int), name: row[1].text, userID: row[2].text,
                status: RunStatus(rawValue: row[3].text) ?? .running, startTime: row[4].int, endTime: row[5].optionalInt,
                artifactURI: row[6].text, lifecycle: row[7].text == "deleted" ? .deleted : .active))
        func pairs(_ table: String) throws -> [(String, String)] {
            try rows("SELECT key, value FROM \(table) WHERE run_uuid = ? ORDER BY key", [.text(id)]).map { ($0[0].text, $0[1].text) }
        }
        run.params = try pairs("params").map { Param(key: $0, value: $1) }
        run.tags = try pairs("tags").map { Tag(key: $0, value: $1) }
        let columns = "key, value, is_nan, timestamp, step"
        func metrics(_ table: String, order: String) throws -> [Metric] {
            try rows("SELECT \(columns) FROM \(table) WHERE run_uuid = ? ORDER BY \(order)", [.text(id)]).map { row in
                Metric(key: row[0].text, value: row[2].bool ? .nan : row[1].double, timestamp: row[3].int, step: row[4].int)
            }
        }
        let points = try metrics("metrics", order: "key, timestamp, step, value")
        run.metrics = try metrics("latest_metrics", order: "key")
        try addInputs(to: &run, rows)
        if run.info.name.isEmpty { run.info.name = run.tags.first { $0.key == ReservedTag.runName }?.value ?? "" }
        return SourceRun(run: run, points: points)
    }

    private static func addInputs(to run: inout Run, _ rows: ForeignRows) throws {
        let id = SQLValue.text(run.info.id)
        let datasets = try rows(
            "SELECT i.input_uuid, d.name, d.digest, d.dataset_source_type, d.dataset_source, d.dataset_schema, d.dataset_profile"
                + " FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id"
                + " WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN' AND i.destination_id = ? ORDER BY d.name, d.digest", [id]
        )
        for row in datasets {
            let tags = try rows("SELECT name, value FROM input_tags WHERE input_uuid = ? ORDER BY name", [row[0]])
            run.datasets.append(
                DatasetInput(
                    name: row[1].text, digest: row[2].text, sourceType: row[3].text, source: row[4].text, schema: row[5].optionalText,
                    profile: row[6].optionalText, tags: tags.map { Tag(key: $0[0].text, value: $0[1].text) }))
        }
        run.modelInputs = try rows(
            "SELECT destination_id FROM inputs WHERE source_type = 'RUN_INPUT' AND source_id = ? AND destination_type = 'MODEL_INPUT'", [id]
        ).map { $0[0].text }
        // The column `step` came with the outputs: earlier schemas hold no such row, and are not asked for it.
        let outputs = try rows(
            "SELECT count(*) FROM inputs WHERE source_type = 'RUN_OUTPUT' AND source_id = ?", [id])
        guard outputs.first?[0].int ?? 0 > 0 else { return }
        run.modelOutputs = try rows(
            "SELECT destination_id, step FROM inputs WHERE source_type = 'RUN_OUTPUT' AND source_id = ? ORDER BY destination_id", [id]
        ).map { ModelOutput(modelID: $0[0].text, step: $0[1].int) }
    }

    private static func loggedModel(_ row: [SQLValue], _ rows: ForeignRows) throws -> LoggedModel {
        let status = (1...3).contains(row[6].int) ? LoggedModelStatus.allCases[Int(row[6].int) - 1] : .pending
        var model = LoggedModel(
            id: row[0].text, experimentID: String(row[1].int), name: row[2].text, artifactURI: row[3].text, status: status,
            modelType: row[7].text, sourceRunID: row[8].text, createdAt: row[4].time, updatedAt: row[5].time)
        let id = [row[0]]
        model.params = try rows("SELECT param_key, param_value FROM logged_model_params WHERE model_id = ? ORDER BY param_key", id).map {
            Param(key: $0[0].text, value: $0[1].text)
        }
        model.tags = try rows("SELECT tag_key, tag_value FROM logged_model_tags WHERE model_id = ? ORDER BY tag_key", id).map {
            Tag(key: $0[0].text, value: $0[1].text)
        }
        model.metrics = try rows(
            "SELECT metric_name, metric_value, metric_timestamp_ms, metric_step, run_id, dataset_name, dataset_digest"
                + " FROM logged_model_metrics WHERE model_id = ? ORDER BY metric_name, metric_timestamp_ms, metric_step", id
        ).map { point in
            Metric(
                key: point[0].text, value: point[1] == .null ? .nan : point[1].double, timestamp: point[2].int, step: point[3].int,
                modelID: model.id, datasetName: point[5].optionalText, datasetDigest: point[6].optionalText, runID: point[4].text)
        }
        return model
    }
}
