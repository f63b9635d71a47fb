import Clockwork
import Errors
import JSON

extension TrackingService {
    /// - Throws: `already_exists` when an active or deleted experiment has the name.
    package func createExperiment(name: String, artifactLocation: String? = nil, tags: [Tag] = [], actor: String) async throws -> Experiment
    {
        try checkExperiment(name: name, tags: tags)
        if let artifactLocation { try checkLocation(artifactLocation) }
        return try await create(
            ExperimentDraft(name: name, artifactLocation: artifactLocation, artifactRoot: artifactRoot, tags: tags, time: time.now()),
            actor: actor)
    }

    func create(_ draft: ExperimentDraft, actor: String) async throws -> Experiment {
        let service = self
        return try await experiments.create(draft) { made in
            service.event("experiment.created", "experiment", made.id, actor: actor, payload: ["name": .string(made.name)])
        }
    }

    /// Active or deleted.
    package func experiment(id: String) async throws -> Experiment {
        guard Int64(id) != nil else {
            throw JidokaError.invalidArgument("Invalid experiment ID '\(id)'. Experiment ID must be a valid integer.")
        }
        guard let experiment = try await experiments.experiment(id: id) else { throw TrackingErrors.noExperiment(id) }
        return experiment
    }

    package func experiment(name: String) async throws -> Experiment {
        guard let experiment = try await experiments.experiment(name: name) else {
            throw JidokaError.notFound("Could not find experiment with name '\(name)'")
        }
        return experiment
    }

    package func searchExperiments(_ search: ExperimentSearch) async throws -> Page<Experiment> {
        try checkLimit(search.limit, atMost: TrackingLimits.experimentsPerSearch)
        return try await experiments.search(search)
    }

    /// - Throws: `invalid_argument` when no experiment is named, or too many are.
    package func datasets(in experimentIDs: [String]) async throws -> [DatasetSummary] {
        guard !experimentIDs.isEmpty else {
            throw JidokaError.invalidArgument("SearchDatasets request must specify at least one experiment_id.")
        }
        guard experimentIDs.count <= TrackingLimits.experimentsPerDatasetSearch else {
            throw JidokaError.invalidArgument(
                "SearchDatasets request cannot specify more than \(TrackingLimits.experimentsPerDatasetSearch) experiment_ids. "
                    + "Received \(experimentIDs.count) experiment_ids.")
        }
        return try await experiments.datasets(in: experimentIDs, limit: TrackingLimits.datasetsPerSearch)
    }

    package func renameExperiment(id: String, to name: String, actor: String) async throws {
        try checkName(name)
        let experiment = try await experiment(id: id)
        guard experiment.lifecycle == .active else {
            throw JidokaError(
                .failedPrecondition, "Cannot rename a non-active experiment.", hint: "restore it first",
                fields: ["mlflow_code": "INVALID_STATE"])
        }
        let payload: JSONObject = ["from": .string(experiment.name), "to": .string(name)]
        let renamed = event("experiment.renamed", "experiment", id, actor: actor, payload: payload)
        try await experiments.rename(id: id, to: name, at: time.now(), events: [renamed])
    }

    /// Deletes the experiment and all its runs; deleting a deleted one is `not_found`, as in MLflow.
    package func deleteExperiment(id: String, actor: String) async throws {
        try await change(id, to: .deleted, "experiment.deleted", actor)
    }

    /// Brings back the experiment and all its runs.
    package func restoreExperiment(id: String, actor: String) async throws {
        try await change(id, to: .active, "experiment.restored", actor)
    }

    private func change(_ id: String, to lifecycle: Lifecycle, _ kind: String, _ actor: String) async throws {
        guard try await experiment(id: id).lifecycle != lifecycle else { throw TrackingErrors.noExperiment(id) }
        let changed = event(kind, "experiment", id, actor: actor)
        try await experiments.setLifecycle(lifecycle, id: id, at: time.now(), events: [changed])
    }

    package func setExperimentTag(id: String, _ tag: Tag) async throws {
        try checkExperimentTag(tag)
        try await checkActive(id)
        try await experiments.setTag(tag, id: id, at: time.now())
    }

    package func deleteExperimentTag(id: String, key: String) async throws {
        try await checkActive(id)
        guard try await experiments.deleteTag(key: key, id: id, at: time.now()) else {
            throw JidokaError.notFound("No tag with name: \(key) in experiment with id \(id)")
        }
    }

    @discardableResult
    func checkActive(_ id: String) async throws -> Experiment {
        let experiment = try await experiment(id: id)
        guard experiment.lifecycle == .active else { throw TrackingErrors.experimentNotActive(id, experiment.lifecycle) }
        return experiment
    }

    func checkExperiment(name: String, tags: [Tag]) throws {
        try checkName(name)
        for tag in tags { try checkExperimentTag(tag) }
    }

    private func checkName(_ name: String) throws {
        guard !name.isEmpty else { throw JidokaError.invalidArgument("Invalid experiment name: ''") }
        try TrackingLimits.check(name, "name", atMost: TrackingLimits.experimentNameMax)
    }

    private func checkExperimentTag(_ tag: Tag) throws {
        try TrackingNames.check(tag.key, path: "key")
        try TrackingLimits.check(tag.key, "key", atMost: TrackingLimits.keyMax)
        try TrackingLimits.check(tag.value, "value", atMost: TrackingLimits.experimentTagValueMax)
    }

    /// Clients name no server paths: artifacts lie below this server's own root.
    private func checkLocation(_ location: String) throws {
        guard location.hasPrefix(artifactRoot + "/"), (try? ArtifactPath(String(location.dropFirst(artifactRoot.count + 1)))) != nil else {
            throw JidokaError.invalidArgument(
                "Invalid artifact location '\(location)'.",
                hint: "leave artifact_location out, or give a path below `\(artifactRoot)/`")
        }
    }
}
