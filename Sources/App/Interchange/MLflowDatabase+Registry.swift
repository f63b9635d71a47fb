package import Registry
import SQL

extension MLflowDatabase {
    package func models() async throws -> [RegisteredModel] {
        try await tables.read { rows in
            let tags = Dictionary(grouping: try rows("SELECT name, key, value FROM registered_model_tags", []), by: { $0[0].text })
            let aliases = Dictionary(
                grouping: try rows("SELECT name, alias, version FROM registered_model_aliases", []), by: { $0[0].text })
            return try rows("SELECT name, description, creation_time, last_updated_time FROM registered_models ORDER BY name", []).map {
                row in
                RegisteredModel(
                    name: row[0].text, description: row[1].text, createdAt: row[2].time, updatedAt: row[3].time,
                    tags: (tags[row[0].text] ?? []).map { ModelTag(key: $0[1].text, value: $0[2].text) }.sorted { $0.key < $1.key },
                    aliases: (aliases[row[0].text] ?? []).map { ModelAlias(alias: $0[1].text, version: Int($0[2].int)) })
            }
        }
    }

    package func versions(of model: RegisteredModel) async throws -> [ModelVersion] {
        let hasStorage = try await tables.has("model_versions", column: "storage_location")
        return try await tables.read { rows in
            let tags = Dictionary(
                grouping: try rows("SELECT version, key, value FROM model_version_tags WHERE name = ?", [.text(model.name)]),
                by: { $0[0].int })
            return try rows(
                "SELECT version, description, current_stage, status, status_message, source, run_id, run_link, user_id, creation_time,"
                    + " last_updated_time, \(hasStorage ? "storage_location" : "NULL") FROM model_versions WHERE name = ?"
                    + " AND current_stage <> 'Deleted_Internal' ORDER BY version", [.text(model.name)]
            ).map { row in
                ModelVersion(
                    name: model.name, version: Int(row[0].int), description: row[1].text, stage: ModelStage(anyCase: row[2].text) ?? .none,
                    status: ModelVersionStatus(rawValue: row[3].text) ?? .ready, statusMessage: row[4].text, source: row[5].text,
                    storageLocation: row[11].text, runID: row[6].text, runLink: row[7].text, userID: row[8].text, createdAt: row[9].time,
                    updatedAt: row[10].time,
                    tags: (tags[row[0].int] ?? []).map { ModelTag(key: $0[1].text, value: $0[2].text) }.sorted { $0.key < $1.key })
            }
        }
    }
}
