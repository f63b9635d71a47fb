import Clockwork
import Errors
import JSON
package import Registry

extension Delivery {
    func deliverRegistry() async throws {
        for model in try await source.models() {
            let versions = try await source.versions(of: model)
            let print = Delivery.print(["\(model)"] + versions.map { "\($0)" })
            let before = journal.entry("registered \(model.name)")
            if before?["print"]?.stringValue == print { continue }
            _ = try await server.adopt(
                "model",
                [
                    "name": .string(model.name), "description": .string(model.description),
                    "created_at": .int(model.createdAt.milliseconds), "updated_at": .int(model.updatedAt.milliseconds),
                    "tags": .object(JSONObject(model.tags.map { (key: $0.key, value: .string($0.value)) })),
                ], from: source.title)
            counts.change { $0.models += 1 }
            var numbers: [Int: Int] = [:]
            for version in versions { numbers[version.version] = try await deliver(version, before) }
            let name = TargetServer.encoded(model.name)
            let here =
                try await server.mlflow("GET", "registered-models/get?name=\(name)")["registered_model"]?["aliases"]?.arrayValue ?? []
            for alias in model.aliases {
                guard let number = numbers[alias.version] else { continue }
                let isHere = here.contains { $0["alias"]?.stringValue == alias.alias }
                let last = before?["aliases"]?[alias.alias]?.intValue
                guard !isHere || (last != nil && last != Int64(alias.version)) else { continue }
                try await server.mlflow(
                    "POST", "registered-models/alias",
                    ["name": .string(model.name), "alias": .string(alias.alias), "version": .string(String(number))])
            }
            try journal.record(
                "registered \(model.name)",
                [
                    "print": .string(print),
                    "aliases": .object(JSONObject(model.aliases.map { (key: $0.alias, value: .int(Int64($0.version))) })),
                    "stages": .object(JSONObject(versions.map { (key: String($0.version), value: .string($0.stage.rawValue)) })),
                ])
        }
    }

    /// The number that the version has here; nil when it was deleted here.
    private func deliver(_ version: ModelVersion, _ before: JSONValue?) async throws -> Int? {
        let origin = VersionOrigin(version)
        var fields: JSONObject = [
            "name": .string(version.name), "version": .int(Int64(version.version)), "source": .string(origin.source),
            "run_id": .string(origin.runID), "model_id": .string(origin.modelID), "run_link": .string(version.runLink),
            "description": .string(version.description), "user_id": .string(version.userID), "stage": .string(version.stage.rawValue),
            "created_at": .int(version.createdAt.milliseconds),
        ]
        fields["tags"] = .object(JSONObject(version.tags.map { (key: $0.key, value: .string($0.value)) }))
        let here = try await server.adopt("model-version", fields, from: source.title)
        guard let number = here["version"]?.intValue else { return nil }
        let name = TargetServer.encoded(version.name)
        if here["is_new"]?.boolValue == true { counts.change { $0.versions += 1 } }
        if here["status"]?.stringValue == ModelVersionStatus.pending.rawValue {
            _ = try await server.exchange("POST", "/api/v1/models/\(name)/versions/\(number)/verify", ["actor": .string(server.actor)])
        }
        let last = before?["stages"]?[String(version.version)]?.stringValue
        if here["is_new"]?.boolValue != true, let last, last != version.stage.rawValue {
            try await server.mlflow(
                "POST", "model-versions/transition-stage",
                [
                    "name": .string(version.name), "version": .string(String(number)), "stage": .string(version.stage.rawValue),
                    "archive_existing_versions": false,
                ])
        }
        return Int(number)
    }
}

/// Where a version's files come from, in words that the server follows: MLflow stores paths of the old machine.
package struct VersionOrigin: Sendable, Hashable {
    package var source: String
    package var runID: String
    package var modelID: String

    package init(_ version: ModelVersion) {
        (source, runID, modelID) = (version.source, version.runID, version.modelID)
        if source.hasPrefix("models:/m-") { modelID = String(source.dropFirst("models:/".count)) }
        if modelID.hasPrefix("m-") {
            source = "models:/\(modelID)"
            return
        }
        if source.hasPrefix("runs:/") {
            runID = source.dropFirst("runs:/".count).split(separator: "/").first.map(String.init) ?? runID
            return
        }
        for uri in [version.storageLocation, version.source] {
            let parts = uri.split(separator: "/").map(String.init)
            guard let at = parts.lastIndex(of: "artifacts"), at > 0 else { continue }
            let (owner, path) = (parts[at - 1], parts[(at + 1)...].joined(separator: "/"))
            if owner.hasPrefix("m-"), path.isEmpty {
                (modelID, source) = (owner, "models:/\(owner)")
                return
            }
            if owner.utf8.count == 32, owner.allSatisfy(\.isHexDigit), !path.isEmpty {
                (runID, source) = (owner, "runs:/\(owner)/\(path)")
                return
            }
        }
    }
}
