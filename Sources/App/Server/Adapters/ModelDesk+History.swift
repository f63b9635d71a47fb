import Clockwork
import Errors
import JSON
import Registry

extension ModelDesk {
    func history(_ name: String, alias: String?, stage: String?, limit: Int) async throws -> [JSONObject] {
        try await archive.moves(name: name, alias: alias, stage: stage, limit: limit).map(\.json)
    }

    func resolve(_ uri: String, at time: Timestamp?) async throws -> JSONObject {
        var found = try await document(try await archive.resolve(uri, at: time))
        found["uri"] = .string(uri)
        found["at"] = JSONValue(time?.rfc3339)
        return found
    }

    func setAlias(_ name: String, alias: String, version: String?, actor: String, reason: String) async throws {
        if let version {
            try await releases.registry.setAlias(alias, name: name, version: try number(version), actor: actor, reason: reason)
        } else {
            try await releases.registry.deleteAlias(alias, name: name, actor: actor, reason: reason)
        }
    }

    func setStage(
        _ name: String, _ version: String, stage: String, archiveExisting: Bool, actor: String, reason: String
    ) async throws -> JSONObject {
        let moved = try await releases.registry.transition(
            name: name, version: try number(version), to: stage, archiveExisting: archiveExisting, actor: actor, reason: reason)
        return try await document(moved)
    }
}
