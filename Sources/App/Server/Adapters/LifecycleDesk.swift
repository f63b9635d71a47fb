import Clockwork
import Errors
import JSON
import JidokaAPI
import Registry
import SQLStores
import Tracking

/// Runs and experiments at the end of their life: tracking, its files, and the registered versions that may still need them.
struct LifecycleDesk: LifecycleControl {
    let tracking: TrackingService
    let archive: TrackingArchive
    let registry: RegistryService
    let artifacts: any ArtifactStore

    func experiments(deleted: Bool, limit: Int) async throws -> [JSONObject] {
        let search = ExperimentSearch(view: deleted ? .deletedOnly : .activeOnly, limit: limit)
        return try await tracking.searchExperiments(search).items.map(LifecycleDesk.document)
    }

    func experiment(_ key: String) async throws -> JSONObject { LifecycleDesk.document(try await find(key)) }

    func renameExperiment(_ key: String, to name: String, actor: String) async throws -> JSONObject {
        let found = try await find(key)
        try await tracking.renameExperiment(id: found.id, to: name, actor: actor)
        return try await experiment(found.id)
    }

    func setExperiment(_ key: String, deleted: Bool, actor: String) async throws -> JSONObject {
        let found = try await find(key)
        if deleted {
            try await tracking.deleteExperiment(id: found.id, actor: actor)
        } else {
            try await tracking.restoreExperiment(id: found.id, actor: actor)
        }
        return try await experiment(found.id)
    }

    func setRuns(_ ids: [String], deleted: Bool, actor: String) async throws {
        for id in ids {
            if deleted {
                try await tracking.deleteRun(id: id, actor: actor)
            } else {
                try await tracking.restoreRun(id: id, actor: actor)
            }
        }
    }

    func moveRuns(_ ids: [String], to experiment: String, children: Bool, actor: String, reason: String) async throws -> [String] {
        try await archive.move(ids, to: try await find(experiment).id, children: children, actor: actor, reason: reason)
    }

    func correctParam(run: String, key: String, value: String, actor: String, reason: String) async throws -> String {
        try await archive.correct(Param(key: key, value: value), runID: run, actor: actor, reason: reason)
    }

    func purge(
        kinds: [String], keys: [String], experiment: String?, olderThan: Duration, confirmed: Bool, actor: String, reason: String
    ) async throws -> JSONObject {
        let wanted = try kinds.map { text in
            guard let kind = ArchivedItem.Kind(rawValue: text) else {
                throw JidokaError.invalidArgument("`\(text)` cannot be purged", hint: "known: run, logged_model, experiment")
            }
            return kind
        }
        var ids = keys
        if wanted == [.experiment] {
            ids = []
            for key in keys { ids.append(try await find(key).id) }
        }
        var inside: String?
        if let experiment { inside = try await find(experiment).id }
        let request = PurgeRequest(kinds: Set(wanted), ids: ids, experimentID: inside, olderThan: olderThan)
        var deletion = try await PermanentDeletion(
            archive: archive, registry: registry, artifacts: artifacts, confirmation: confirmed ? (actor: actor, reason: reason) : nil)
        return try await deletion.run(request)
    }

    /// An experiment by its id, else by its name.
    private func find(_ key: String) async throws -> Experiment {
        guard Int64(key) != nil else { return try await tracking.experiment(name: key) }
        do { return try await tracking.experiment(id: key) } catch let error as JidokaError where error.code == .notFound {
            return try await tracking.experiment(name: key)
        }
    }

    private static func document(_ experiment: Experiment) -> JSONObject {
        [
            "id": .string(experiment.id), "name": .string(experiment.name), "lifecycle": .string(experiment.lifecycle.rawValue),
            "artifact_location": .string(experiment.artifactLocation), "created_at": .string(experiment.createdAt.rfc3339),
            "updated_at": .string(experiment.updatedAt.rfc3339),
            "tags": .object(JSONObject(experiment.tags.map { (key: $0.key, value: .string($0.value)) })),
        ]
    }
}

extension Composition {
    static func lifecycle(
        _ base: Foundation, _ tracking: TrackingService, _ areas: ModelAreas, _ artifacts: any ArtifactStore
    ) -> LifecycleDesk {
        LifecycleDesk(
            tracking: tracking, archive: TrackingArchive(tracking: tracking, archive: SQLRunArchive(database: base.database)),
            registry: areas.registry, artifacts: artifacts)
    }
}
