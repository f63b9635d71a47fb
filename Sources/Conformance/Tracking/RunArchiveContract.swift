import Clockwork
import Errors
import Events
package import Tracking

/// The stores of tracking with the archive over them.
package struct ArchiveStores: Sendable {
    package var tracking: TrackingStores
    package var archive: any RunArchive

    package init(tracking: TrackingStores, archive: any RunArchive) {
        self.tracking = tracking
        self.archive = archive
    }
}

/// What every `RunArchive` does.
package enum RunArchiveContract {
    package static let checks: [ContractCheck<ArchiveStores>] = [
        ContractCheck("a moved run takes its datasets and models along and keeps its artifacts", moves),
        ContractCheck("a move of which one part is refused moves nothing", refusedMoves),
        ContractCheck("children are those that name the run as their parent", children),
        ContractCheck("what is deleted is listed, the longest ago first", listed),
        ContractCheck("a purged run leaves nothing, its neighbour keeps all", purgedRun),
        ContractCheck("an experiment is purged with what is in it, and not before", purgedExperiment),
        ContractCheck("a param is corrected with its event, or not at all", corrected),
    ]

    private static func moment(_ seconds: Int64) -> Timestamp { TrackingStores.start + .seconds(seconds) }
    private static let input = DatasetInput(
        name: "census", digest: "d1", sourceType: "local", source: "{}", tags: [Tag(key: "mlflow.data.context", value: "training")])

    private static func fill(_ stores: TrackingStores, _ id: String, in experiment: Experiment) async throws {
        try await stores.run(id, in: experiment, tags: [Tag(key: "a", value: "1")])
        try await stores.runs.addInputs(runID: id, datasets: [input], modelIDs: [])
        let model = LoggedModel(
            id: "m-\(id)", experimentID: experiment.id, name: "model", artifactURI: "mlflow-artifacts:/m-\(id)", modelType: "",
            sourceRunID: id,
            createdAt: TrackingStores.start, updatedAt: TrackingStores.start)
        try await stores.models.create(model, events: [])
        try await stores.runs.addOutputs(runID: id, models: [ModelOutput(modelID: "m-\(id)", step: 0)])
        try await stores.runs.append(
            RunBatch(
                runID: id, metrics: [Metric(key: "loss", value: 0.5, timestamp: 1, step: 0, modelID: "m-\(id)")],
                params: [Param(key: "depth", value: "3")]))
    }

    @Sendable private static func moves(_ stores: ArchiveStores) async throws {
        let (here, there) = (try await stores.tracking.experiment("here"), try await stores.tracking.experiment("there"))
        try await fill(stores.tracking, "r1", in: here)
        try await fill(stores.tracking, "r2", in: here)
        let before = try await stores.tracking.runs.run(id: "r1")
        try await stores.archive.move(
            runIDs: ["r1"], to: there.id, events: [TrackingStores.event("run.moved", "run", "r1")])
        var wanted = before
        wanted?.info.experimentID = there.id
        try Broken.unless(try await stores.tracking.runs.run(id: "r1"), is: wanted, "all else is as it was, the artifact URI too")
        try Broken.unless(try await stores.tracking.models.model(id: "m-r1")?.experimentID, is: there.id, "its model")
        try Broken.unless(try await stores.tracking.runs.run(id: "r2")?.datasets, is: [input], "the neighbour's dataset")
        let found = try await stores.tracking.runs.search(RunSearch(experimentIDs: [there.id], limit: 10)).items.map(\.info.id)
        try Broken.unless(found, is: ["r1"], "found where it is now")
        try Broken.unless(try await stores.tracking.kinds().last, is: "run.moved", "its event")
        try await stores.archive.move(runIDs: ["r1", "r2"], to: there.id, events: [])
        try Broken.unless(try await stores.tracking.runs.run(id: "r1")?.datasets, is: [input], "moving to where it is changes nothing")
    }

    @Sendable private static func refusedMoves(_ stores: ArchiveStores) async throws {
        let (here, there) = (try await stores.tracking.experiment("here"), try await stores.tracking.experiment("there"))
        for id in ["r1", "r2"] { try await fill(stores.tracking, id, in: here) }
        try await stores.tracking.runs.setLifecycle(.deleted, id: "r2", at: moment(1), events: [])
        let event = TrackingStores.event("run.moved", "run", "r1")
        func refused(_ ids: [String], _ target: String, _ code: ErrorCode) async throws {
            try await Broken.unlessRefused(code) { try await stores.archive.move(runIDs: ids, to: target, events: [event]) }
        }
        try await refused(["r1", "r2"], there.id, .invalidArgument)
        try await refused(["r1", "r9"], there.id, .notFound)
        try await refused(["r1"], "999", .notFound)
        try await refused(["r1"], "x", .notFound)
        try await stores.tracking.experiments.setLifecycle(.deleted, id: there.id, at: moment(1), events: [])
        try await refused(["r1"], there.id, .invalidArgument)
        try Broken.unless(try await stores.tracking.runs.info(id: "r1")?.experimentID, is: here.id, "it stayed")
        try Broken.unless(!(try await stores.tracking.kinds().contains("run.moved")), "no event")
    }

    @Sendable private static func children(_ stores: ArchiveStores) async throws {
        let here = try await stores.tracking.experiment("here")
        try await stores.tracking.run("p", in: here)
        try await stores.tracking.run("c1", in: here, start: 1, tags: [Tag(key: "mlflow.parentRunId", value: "p")])
        try await stores.tracking.run("c2", in: here, start: 2, tags: [Tag(key: "mlflow.parentRunId", value: "p")])
        try await stores.tracking.run("g", in: here, tags: [Tag(key: "mlflow.parentRunId", value: "c1")])
        try Broken.unless(try await stores.archive.children(of: ["p"]), is: ["c1", "c2"], "direct ones")
        try Broken.unless(try await stores.archive.children(of: ["c1", "c2", "x"]), is: ["g"], "of several")
    }

    @Sendable private static func listed(_ stores: ArchiveStores) async throws {
        let (here, there) = (try await stores.tracking.experiment("here"), try await stores.tracking.experiment("there"))
        for (id, experiment) in [("r1", here), ("r2", there), ("r3", here)] { try await fill(stores.tracking, id, in: experiment) }
        try await stores.tracking.runs.setLifecycle(.deleted, id: "r3", at: moment(10), events: [])
        try await stores.tracking.runs.setLifecycle(.deleted, id: "r2", at: moment(20), events: [])
        try await stores.tracking.models.delete(id: "m-r1", at: moment(30), events: [])
        func found(_ kind: ArchivedItem.Kind, before second: Int64 = 99, in experiment: String? = nil, limit: Int = 10) async throws
            -> [String]
        {
            try await stores.archive.deleted(kind, before: moment(second), experimentID: experiment, after: nil, limit: limit).map(\.id)
        }
        /// One by one, each after the one before.
        func paged(_ next: (ArchivedItem?) async throws -> [ArchivedItem]) async throws -> [String] {
            var all: [ArchivedItem] = []
            while let one = try await next(all.last).first { all.append(one) }
            return all.map(\.id)
        }
        try Broken.unless(try await found(.run), is: ["r3", "r2"], "runs")
        try Broken.unless(try await found(.run, before: 20), is: ["r3"], "deleted before")
        try Broken.unless(try await found(.run, in: there.id), is: ["r2"], "in one experiment")
        try Broken.unless(try await found(.run, limit: 1), is: ["r3"], "no more than asked for")
        try await stores.tracking.runs.setLifecycle(.deleted, id: "r1", at: moment(20), events: [])
        let pages = try await paged {
            try await stores.archive.deleted(.run, before: moment(99), experimentID: nil, after: $0, limit: 1)
        }
        try Broken.unless(pages, is: ["r3", "r1", "r2"], "page after page, also of the same moment")
        try Broken.unless(try await found(.loggedModel), is: ["m-r1"], "models")
        try Broken.unless(try await found(.experiment), is: [], "no experiment")
        try await stores.tracking.experiments.setLifecycle(.deleted, id: here.id, at: moment(40), events: [])
        try Broken.unless(try await found(.experiment), is: [here.id], "an experiment")
        let contents = try await stores.archive.contents(ofExperiment: here.id, after: nil, limit: 10).map(\.id)
        try Broken.unless(contents, is: ["r1", "r3", "m-r1", "m-r3"], "what is in it")
        let parts = try await paged { try await stores.archive.contents(ofExperiment: here.id, after: $0, limit: 1) }
        try Broken.unless(parts, is: contents, "what is in it, page after page")
    }

    private static func item(_ kind: ArchivedItem.Kind, _ id: String) -> ArchivedItem {
        ArchivedItem(kind: kind, id: id, name: "", experimentID: "", deletedAt: moment(0), artifactURI: "")
    }

    @Sendable private static func purgedRun(_ stores: ArchiveStores) async throws {
        let here = try await stores.tracking.experiment("here")
        for id in ["r1", "r2"] { try await fill(stores.tracking, id, in: here) }
        let event = TrackingStores.event("run.purged", "run", "r1")
        try await Broken.unlessRefused(.failedPrecondition) { try await stores.archive.purge([item(.run, "r1")], events: [event]) }
        try await stores.tracking.runs.setLifecycle(.deleted, id: "r1", at: moment(1), events: [])
        try await Broken.unlessRefused(.failedPrecondition) {
            try await stores.archive.purge([item(.run, "r1"), item(.run, "r2")], events: [event])
        }
        try Broken.unless(try await stores.tracking.runs.run(id: "r1")?.params.count, is: 1, "all or nothing")
        let neighbour = try await stores.tracking.runs.run(id: "r2")
        try await stores.archive.purge([item(.run, "r1")], events: [event])
        try Broken.unless(try await stores.tracking.runs.run(id: "r1") == nil, "gone")
        try Broken.unless(
            try await stores.tracking.runs.history(runID: "r1", key: "loss", offset: 0, limit: 10).items, is: [], "no points")
        try Broken.unless(try await stores.tracking.runs.run(id: "r2"), is: neighbour, "the neighbour is as it was")
        try Broken.unless(try await stores.tracking.models.model(id: "m-r1")?.metrics, is: [], "its model stays, without its metrics")
        try Broken.unless(try await stores.tracking.kinds().last, is: "run.purged", "its event")
        try await Broken.unlessRefused(.failedPrecondition) { try await stores.archive.purge([item(.run, "r1")], events: [event]) }
        try await stores.tracking.models.delete(id: "m-r2", at: moment(2), events: [])
        try await stores.archive.purge([item(.loggedModel, "m-r2")], events: [])
        try Broken.unless(try await stores.tracking.runs.run(id: "r2")?.modelOutputs, is: [], "no output that is not there")
        try await stores.tracking.run("r1", in: here)
        try Broken.unless(try await stores.tracking.runs.run(id: "r1")?.tags, is: [], "a new run of the id inherits nothing")
    }

    @Sendable private static func purgedExperiment(_ stores: ArchiveStores) async throws {
        let here = try await stores.tracking.experiment("here", tags: [Tag(key: "team", value: "x")])
        try await fill(stores.tracking, "r1", in: here)
        try await Broken.unlessRefused(.failedPrecondition) { try await stores.archive.purge([item(.experiment, here.id)], events: []) }
        try await stores.tracking.experiments.setLifecycle(.deleted, id: here.id, at: moment(1), events: [])
        try await Broken.unlessRefused(.failedPrecondition) { try await stores.archive.purge([item(.experiment, here.id)], events: []) }
        let contents = try await stores.archive.contents(ofExperiment: here.id, after: nil, limit: 10)
        try await stores.archive.purge(contents + [item(.experiment, here.id)], events: [])
        try Broken.unless(try await stores.tracking.experiments.experiment(id: here.id) == nil, "gone")
        try Broken.unless(try await stores.tracking.models.model(id: "m-r1") == nil, "its model too")
        let again = try await stores.tracking.experiment("here")
        try Broken.unless(again.id != here.id, "its name is free, its id is not used again")
        try Broken.unless(again.tags, is: [], "nothing is inherited")
    }

    @Sendable private static func corrected(_ stores: ArchiveStores) async throws {
        let here = try await stores.tracking.experiment("here")
        try await fill(stores.tracking, "r1", in: here)
        func correct(_ key: String, _ value: String, run: String = "r1") async throws -> String {
            try await stores.archive.correct(Param(key: key, value: value), runID: run) {
                TrackingStores.event("run.param_corrected", "run", $0)
            }
        }
        try Broken.unless(try await correct("depth", "12"), is: "3", "the wrong value")
        try Broken.unless(try await stores.tracking.runs.run(id: "r1")?.params, is: [Param(key: "depth", value: "12")], "the right one")
        let search = RunSearch(experimentIDs: [here.id], filter: try RunFilter.parse("params.depth > 9"), limit: 10)
        try Broken.unless(try await stores.tracking.runs.search(search).items.count, is: 1, "found by its number")
        try await Broken.unlessRefused(.notFound) { _ = try await correct("width", "1") }
        try await Broken.unlessRefused(.notFound) { _ = try await correct("depth", "1", run: "x") }
        try await stores.tracking.runs.setLifecycle(.deleted, id: "r1", at: moment(1), events: [])
        try await Broken.unlessRefused(.invalidArgument) { _ = try await correct("depth", "1") }
        let events = try await stores.tracking.events.events(after: 0, limit: 100, kinds: ["run.param_corrected"], subject: nil)
        try Broken.unless(events.map(\.draft.subject.id), is: ["3"], "one event, of the old value")
    }
}
