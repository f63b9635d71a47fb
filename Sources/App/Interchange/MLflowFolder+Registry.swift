import Clockwork
package import Registry
import Tracking

extension MLflowFolder {
    package func models() async throws -> [RegisteredModel] {
        try await pool.run { [self] in
            try Disk.folders("\(root)/models").compactMap { name in
                let folder = "\(root)/models/\(name)"
                guard let meta = MLflowMeta(folder, remarks: artifacts.remarks) else { return nil }
                var model = RegisteredModel(
                    name: meta.text("name") ?? name, description: meta.text("description") ?? "",
                    createdAt: meta.time("creation_timestamp"),
                    updatedAt: meta.time("last_updated_timestamp"))
                model.tags = try MLflowMeta.pairs("\(folder)/tags").map { ModelTag(key: $0.key, value: $0.value) }
                model.aliases = try MLflowMeta.pairs("\(folder)/aliases").compactMap { pair in
                    Int(pair.value).map { ModelAlias(alias: pair.key, version: $0) }
                }
                return model
            }
        }
    }

    package func versions(of model: RegisteredModel) async throws -> [ModelVersion] {
        try await pool.run { [self] in
            try Disk.folders("\(root)/models/\(model.name)").filter { $0.hasPrefix("version-") }.compactMap { name in
                let folder = "\(root)/models/\(model.name)/\(name)"
                guard let meta = MLflowMeta(folder, remarks: artifacts.remarks), let number = meta.number("version"),
                    meta.text("current_stage") != "Deleted_Internal"
                else { return nil }
                return ModelVersion(
                    name: model.name, version: Int(clamping: number), description: meta.text("description") ?? "",
                    stage: ModelStage(anyCase: meta.text("current_stage") ?? "None") ?? .none,
                    status: ModelVersionStatus(rawValue: meta.text("status") ?? "") ?? .ready,
                    statusMessage: meta.text("status_message") ?? "", source: meta.text("source") ?? "",
                    storageLocation: meta.text("storage_location") ?? "", runID: meta.text("run_id") ?? "",
                    runLink: meta.text("run_link") ?? "", modelID: meta.text("model_id") ?? "", userID: meta.text("user_id") ?? "",
                    createdAt: meta.time("creation_timestamp"), updatedAt: meta.time("last_updated_timestamp"),
                    tags: try MLflowMeta.pairs("\(folder)/tags").map { ModelTag(key: $0.key, value: $0.value) })
            }.sorted { $0.version < $1.version }
        }
    }
}
