import Clockwork
import Errors
import JSON

/// What came of taking in a thing that was made elsewhere.
package struct Adopted<Thing: Sendable>: Sendable {
    /// As it is here now; nil when it was taken in before and has been deleted here since: it stays deleted.
    package var thing: Thing?
    /// Whether this call made it.
    package var isNew: Bool

    package init(_ thing: Thing?, isNew: Bool) {
        self.thing = thing
        self.isNew = isNew
    }
}

/// Taking in what was made elsewhere: under its own id and with its own times. Every call may be repeated, and changes nothing then. What
/// was logged to a run or model is sent afterwards through the ordinary calls, which may be repeated too: points are a set, params are
/// written once, tags replace.
extension TrackingService {
    /// Experiments are the same when their names are; a new one keeps its id when that is a number that is free here.
    package func adoptExperiment(_ foreign: Experiment, source: String, actor: String) async throws -> Adopted<Experiment> {
        if let known = try await experiments.experiment(name: foreign.name) { return Adopted(known, isNew: false) }
        try checkExperiment(name: foreign.name, tags: foreign.tags)
        let wanted = Int64(foreign.id).flatMap { $0 > 0 ? $0 : nil }
        let free = if let wanted { try await experiments.experiment(id: String(wanted)) == nil } else { false }
        do {
            return Adopted(try await make(foreign, id: free ? wanted : nil, source, actor), isNew: true)
        } catch let error as JidokaError where error.code == .conflict {
            // Somebody took the number meanwhile.
            return Adopted(try await make(foreign, id: nil, source, actor), isNew: true)
        } catch let error as JidokaError where error.code == .alreadyExists {
            return Adopted(try await experiment(name: foreign.name), isNew: false)
        }
    }

    private func make(_ foreign: Experiment, id: Int64?, _ source: String, _ actor: String) async throws -> Experiment {
        let draft = ExperimentDraft(
            id: id, name: foreign.name, artifactLocation: nil, artifactRoot: artifactRoot, tags: foreign.tags, time: foreign.createdAt)
        let service = self
        return try await experiments.create(draft) { made in
            service.event(
                "experiment.imported", "experiment", made.id, actor: actor, reason: "from \(source)", payload: ["name": .string(made.name)])
        }
    }

    /// A run is the same when its id is. A new one is running, whatever it was: its end is told when all of it has arrived.
    package func adoptRun(_ foreign: RunInfo, tags: [Tag], source: String, actor: String) async throws -> Adopted<RunInfo> {
        try TrackingNames.checkRunID(foreign.id)
        if let known = try await runs.info(id: foreign.id) { return Adopted(known, isNew: false) }
        let experiment = try await checkActive(foreign.experimentID)
        var kept: [String: String] = [:]
        for (index, tag) in tags.enumerated() {
            let tag = try checkTag(tag, path: "tags[\(index)]")
            kept[tag.key] = tag.value
        }
        var info = foreign
        info.name = TrackingLimits.truncated(foreign.name.isEmpty ? foreign.id : foreign.name, to: TrackingLimits.tagValueMax)
        kept[ReservedTag.runName] = info.name
        info.experimentID = experiment.id
        info.status = .running
        info.endTime = nil
        info.lifecycle = .active
        info.artifactURI = "\(experiment.artifactLocation)/\(foreign.id)/artifacts"
        let run = Run(info: info, tags: kept.sorted { $0.key < $1.key }.map { Tag(key: $0.key, value: $0.value) })
        let imported = event(
            "run.imported", "run", foreign.id, actor: actor, reason: "from \(source)",
            payload: ["experiment_id": .string(experiment.id), "name": .string(info.name)])
        do { try await runs.create(run, events: [imported]) } catch let error as JidokaError where error.code == .conflict {
            return Adopted(try await runInfo(id: foreign.id), isNew: false)
        }
        return Adopted(info, isNew: true)
    }

    /// A logged model is the same when its id is. A new one is pending: what it is at last is told when its files have arrived.
    package func adoptLoggedModel(_ foreign: LoggedModel, source: String, actor: String) async throws -> Adopted<LoggedModel> {
        guard foreign.id.hasPrefix("m-"), foreign.id.utf8.count > 2 else {
            throw JidokaError.invalidArgument("`\(foreign.id)` is no id of a logged model: they begin with `m-`")
        }
        try TrackingNames.checkRunID(String(foreign.id.dropFirst(2)))
        if let known = try await models.model(id: foreign.id) { return Adopted(known, isNew: false) }
        let experiment = try await checkActive(foreign.experimentID)
        var model = foreign
        model.experimentID = experiment.id
        model.artifactURI = "\(experiment.artifactLocation)/models/\(foreign.id)/artifacts"
        model.status = .pending
        model.metrics = []
        model.params = try foreign.params.enumerated().map { try checkParam($1, path: "params[\($0)]") }
        model.tags = try foreign.tags.enumerated().map { try checkTag($1, path: "tags[\($0)]") }
        let imported = event(
            "logged_model.imported", "logged_model", foreign.id, actor: actor, reason: "from \(source)",
            payload: [
                "experiment_id": .string(experiment.id), "name": .string(model.name), "run_id": .string(model.sourceRunID),
            ])
        do { try await models.create(model, events: [imported]) } catch let error as JidokaError where error.code == .conflict {
            return Adopted(try await models.model(id: foreign.id), isNew: false)
        }
        return Adopted(model, isNew: true)
    }
}
