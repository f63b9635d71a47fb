import Clockwork
import Errors
import JSON
import JidokaAPI
import Registry
import Rollouts

/// Registered versions as the API shows and moves them.
struct ModelDesk: ModelControl {
    let releases: Releases
    let archive: RegistryArchive

    func number(_ version: String) throws -> Int {
        guard let number = Int(version), number > 0 else {
            throw JidokaError.invalidArgument("`\(version)` is no version number", hint: "versions are 1, 2, 3, …")
        }
        return number
    }

    func document(_ version: ModelVersion) async throws -> JSONObject {
        let report = try await releases.gates.newestReport(name: version.name, version: version.version)
        return [
            "name": .string(version.name), "version": .string(String(version.version)), "status": .string(version.status.rawValue),
            "status_message": .string(version.statusMessage), "source": .string(version.source), "run_id": .string(version.runID),
            "model_id": .string(version.modelID), "stage": .string(version.stage.rawValue),
            "aliases": .array(version.aliases.map(JSONValue.string)),
            "identity": JSONValue(version.verification?.identity),
            "digest": JSONValue(version.verification?.digest), "verification": version.verification.map { .object($0.json) } ?? .null,
            "gate": report.map { .object($0.json) } ?? .null, "created_at": .string(version.createdAt.rfc3339),
        ]
    }

    func version(_ name: String, _ version: String) async throws -> JSONObject {
        do { return try await document(try await releases.registry.version(name: name, try number(version))) } catch var error
            as JidokaError
        {
            if error.code == .notFound { error.hint = "`jidoka models show \(name)` lists the versions that there are" }
            throw error
        }
    }

    func versions(_ name: String) async throws -> [JSONObject] {
        var documents: [JSONObject] = []
        for version in try await releases.versions(of: name) { documents.append(try await document(version)) }
        return documents
    }

    func register(_ name: String, run: String, actor: String, reason: String) async throws -> JSONObject {
        try await document(try await releases.register(run: run, as: name, actor: actor))
    }

    func verify(_ name: String, _ version: String, actor: String) async throws -> JSONObject {
        try await document(try await releases.registry.verify(name: name, version: try number(version), actor: actor))
    }

    func judge(_ name: String, _ version: String, actor: String) async throws -> JSONObject {
        try await releases.judge(name, try number(version), data: [:], actor: actor).json
    }

    func promote(_ name: String, _ version: String, actor: String, reason: String, override: Bool) async throws -> JSONObject {
        let promoted = try await releases.gates.promote(
            name: name, version: try number(version), actor: actor, reason: reason, override: override)
        try await releases.serve(name, version, actor: actor, reason: reason)
        return try await document(promoted)
    }

    func startRollout(
        endpoint: String, version: String, steps: [Int]?, override: Bool, actor: String, reason: String
    ) async throws -> Rollout {
        try await releases.startRollout(
            endpoint: endpoint, version: version, steps: steps, override: override, actor: actor, reason: reason)
    }
}
