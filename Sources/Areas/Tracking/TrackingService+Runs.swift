import Clockwork
import Errors
import Events
import JSON

extension TrackingService {
    /// Starts a run. Its name is `name`, else the tag `mlflow.runName`, else a new one; name and tag always agree.
    package func createRun(
        experimentID: String, userID: String = "", startTime: Int64, name: String? = nil, tags: [Tag] = [], actor: String
    ) async throws -> Run {
        let experiment = try await checkActive(experimentID.isEmpty ? Experiment.defaultID : experimentID)
        guard tags.count <= TrackingLimits.entitiesPerBatch else {
            throw JidokaError.invalidArgument("a run can start with at most \(TrackingLimits.entitiesPerBatch) tags")
        }
        var kept: [String: String] = [:]
        for (index, tag) in tags.enumerated() {
            let tag = try checkTag(tag, path: "tags[\(index)]")
            kept[tag.key] = tag.value
        }
        let tagName = kept[ReservedTag.runName].flatMap { $0.isEmpty ? nil : $0 }
        let given = name.flatMap { $0.isEmpty ? nil : $0 }
        if let given, let tagName, given != tagName {
            throw JidokaError.invalidArgument(
                "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
                    + "(run_name='\(given)', mlflow.runName='\(tagName)').")
        }
        let chosen = given ?? tagName ?? RunNames.random(random)
        kept[ReservedTag.runName] = chosen
        let id = ids.next()
        let info = RunInfo(
            id: id, experimentID: experiment.id, name: chosen, userID: userID, status: .running, startTime: startTime,
            artifactURI: "\(experiment.artifactLocation)/\(id)/artifacts")
        let run = Run(info: info, tags: kept.sorted { $0.key < $1.key }.map { Tag(key: $0.key, value: $0.value) })
        let payload: JSONObject = ["experiment_id": .string(experiment.id), "name": .string(chosen)]
        try await runs.create(run, events: [event("run.created", "run", id, actor: actor, payload: payload)])
        return run
    }

    /// Active or deleted.
    package func run(id: String) async throws -> Run {
        guard let run = try await runs.run(id: id) else { throw TrackingErrors.noRun(id) }
        return run
    }

    package func runInfo(id: String) async throws -> RunInfo {
        guard let info = try await runs.info(id: id) else { throw TrackingErrors.noRun(id) }
        return info
    }

    package func updateRun(id: String, _ change: RunChange, actor: String) async throws -> RunInfo {
        var change = change
        change.name = change.name.flatMap { $0.isEmpty ? nil : TrackingLimits.truncated($0, to: TrackingLimits.tagValueMax) }
        var events: [EventDraft] = []
        if let status = change.status, status != .running, status != .scheduled {
            let kind = status == .finished ? "run.finished" : "run.failed"
            events.append(event(kind, "run", id, actor: actor, payload: ["status": .string(status.rawValue)]))
        }
        return try await runs.update(id: id, change, events: events)
    }

    package func deleteRun(id: String, actor: String) async throws {
        try await runs.setLifecycle(.deleted, id: id, at: time.now(), events: [event("run.deleted", "run", id, actor: actor)])
    }

    package func restoreRun(id: String, actor: String) async throws {
        try await runs.setLifecycle(.active, id: id, at: time.now(), events: [event("run.restored", "run", id, actor: actor)])
    }
}
