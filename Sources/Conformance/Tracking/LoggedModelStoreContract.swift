import Errors
import Clockwork
import Events
import Tracking

/// What every `LoggedModelStore` does.
package enum LoggedModelStoreContract {
    package static let checks: [ContractCheck<TrackingStores>] = [
        ContractCheck("a created model reads back as it was", readsBack),
        ContractCheck("a status change is stamped and told", status),
        ContractCheck("tags and params are added", tagsAndParams),
        ContractCheck("metrics of a run reach the model that they name", metrics),
        ContractCheck("a deleted model is not found", deleted),
        ContractCheck("searches filter, sort and page", search),
    ]

    private static func model(_ id: String, _ experiment: Experiment, after milliseconds: Int64 = 0, name: String = "model") -> LoggedModel
    {
        let time = Timestamp(milliseconds: TrackingStores.start.milliseconds + milliseconds)
        return LoggedModel(
            id: id, experimentID: experiment.id, name: name, artifactURI: "mlflow-artifacts:/\(experiment.id)/models/\(id)/artifacts",
            modelType: "onnx", sourceRunID: "r1", createdAt: time, updatedAt: time, params: [Param(key: "p", value: id)],
            tags: [Tag(key: "t", value: id)])
    }

    @Sendable private static func readsBack(_ stores: TrackingStores) async throws {
        let one = try await stores.experiment("one")
        let made = model("m-1", one)
        try await stores.models.create(made, events: [TrackingStores.event("logged_model.created", "logged_model", "m-1")])
        try Broken.unless(try await stores.models.model(id: "m-1"), is: made, "the model")
        try Broken.unless(try await stores.models.model(id: "m-2") == nil, "another is not there")
        var orphan = model("m-2", one)
        orphan.experimentID = "99"
        let refused = orphan
        try await Broken.unlessRefused(.notFound) { try await stores.models.create(refused, events: []) }
        try Broken.unless(try await stores.kinds(), is: ["experiment.created", "logged_model.created"], "events")
    }

    @Sendable private static func status(_ stores: TrackingStores) async throws {
        try await stores.models.create(model("m-1", try await stores.experiment("one")), events: [])
        let later = Timestamp(milliseconds: TrackingStores.start.milliseconds + 50)
        let ready = TrackingStores.event("logged_model.ready", "logged_model", "m-1")
        let changed = try await stores.models.setStatus(.ready, id: "m-1", at: later, events: [ready])
        try Broken.unless(changed.status, is: .ready, "ready")
        try Broken.unless(changed.updatedAt, is: later, "stamped")
        try Broken.unless(changed.createdAt, is: TrackingStores.start, "made when it was made")
        try await Broken.unlessRefused(.notFound) { _ = try await stores.models.setStatus(.ready, id: "m-9", at: later, events: [ready]) }
        try Broken.unless(try await stores.kinds(), is: ["experiment.created", "logged_model.ready"], "one event")
    }

    @Sendable private static func tagsAndParams(_ stores: TrackingStores) async throws {
        try await stores.models.create(model("m-1", try await stores.experiment("one")), events: [])
        try await stores.models.setTags([Tag(key: "t", value: "new"), Tag(key: "u", value: "1")], id: "m-1")
        try await stores.models.addParams([Param(key: "q", value: "2")], id: "m-1")
        let found = try await stores.models.model(id: "m-1")
        try Broken.unless(found?.tags, is: [Tag(key: "t", value: "new"), Tag(key: "u", value: "1")], "tags")
        try Broken.unless(found?.params, is: [Param(key: "p", value: "m-1"), Param(key: "q", value: "2")], "params")
        try Broken.unless(try await stores.models.deleteTag(key: "u", id: "m-1"), "it was there")
        try Broken.unless(try await !stores.models.deleteTag(key: "u", id: "m-1"), "it is gone")
        try await Broken.unlessRefused(.notFound) { try await stores.models.setTags([], id: "m-9") }
        try await Broken.unlessRefused(.notFound) { try await stores.models.addParams([], id: "m-9") }
    }

    @Sendable private static func metrics(_ stores: TrackingStores) async throws {
        let one = try await stores.experiment("one")
        try await stores.run("r1", in: one)
        try await stores.models.create(model("m-1", one), events: [])
        let points = [
            Metric(key: "acc", value: 0.5, timestamp: 1, step: 2, modelID: "m-1", datasetName: "census", datasetDigest: "d1"),
            Metric(key: "acc", value: 0.9, timestamp: 1, step: 1, modelID: "m-1", datasetName: "census", datasetDigest: "d1"),
            Metric(key: "acc", value: 0.7, timestamp: 1, modelID: "m-1"),
        ]
        try await stores.runs.append(RunBatch(runID: "r1", metrics: points))
        var plain = points[2]
        var onDataset = points[0]
        plain.runID = "r1"
        onDataset.runID = "r1"
        try Broken.unless(try await stores.models.model(id: "m-1")?.metrics, is: [plain, onDataset], "the latest of each dataset")
    }

    @Sendable private static func deleted(_ stores: TrackingStores) async throws {
        let one = try await stores.experiment("one")
        try await stores.models.create(model("m-1", one), events: [])
        let event = TrackingStores.event("logged_model.deleted", "logged_model", "m-1")
        try await stores.models.delete(id: "m-1", at: TrackingStores.start, events: [event])
        try Broken.unless(try await stores.models.model(id: "m-1") == nil, "not found")
        try await Broken.unlessRefused(.notFound) { try await stores.models.delete(id: "m-1", at: TrackingStores.start, events: [event]) }
        let search = LoggedModelSearch(experimentIDs: [one.id], limit: 10)
        try Broken.unless(try await stores.models.search(search).items, is: [], "not listed")
    }

    @Sendable private static func search(_ stores: TrackingStores) async throws {
        let one = try await stores.experiment("one")
        try await stores.run("r1", in: one)
        for (index, id) in ["m-1", "m-2", "m-3"].enumerated() {
            try await stores.models.create(model(id, one, after: Int64(index), name: "name-\(index)"), events: [])
        }
        let points = [
            Metric(key: "acc", value: 0.9, timestamp: 1, modelID: "m-1", datasetName: "census", datasetDigest: "d1"),
            Metric(key: "acc", value: 0.5, timestamp: 1, modelID: "m-2", datasetName: "other", datasetDigest: "d2"),
        ]
        try await stores.runs.append(RunBatch(runID: "r1", metrics: points))
        func ids(_ filter: String?, orders: [LoggedModelOrder] = [], datasets: [DatasetReference] = []) async throws -> [String] {
            let search = LoggedModelSearch(
                experimentIDs: [one.id], filter: try LoggedModelFilter.parse(filter), datasets: datasets, orders: orders, limit: 10)
            return try await stores.models.search(search).items.map(\.id)
        }
        let byAccuracy = try LoggedModelFilter.order(fieldName: "metrics.acc", ascending: true, dataset: nil)
        let census = DatasetReference(name: "census", digest: nil)
        try Broken.unless(try await ids(nil), is: ["m-3", "m-2", "m-1"], "the newest first")
        try Broken.unless(try await ids(nil, orders: [byAccuracy]), is: ["m-2", "m-1", "m-3"], "by metric, missing last")
        try Broken.unless(try await ids("metrics.acc > 0.6"), is: ["m-1"], "by metric")
        try Broken.unless(try await ids("metrics.acc > 0.1", datasets: [census]), is: ["m-1"], "by metric on a dataset")
        try Broken.unless(try await ids(nil, datasets: [census]), is: ["m-1"], "with a metric on a dataset")
        try Broken.unless(try await ids("params.p = 'm-2' AND tags.t = 'm-2'"), is: ["m-2"], "by param and tag")
        try Broken.unless(try await ids("name LIKE 'name-%' AND status = 'PENDING' AND source_run_id = 'r1'").count, is: 3, "by attribute")
        let later = TrackingStores.start.milliseconds
        try Broken.unless(try await ids("creation_timestamp > \(later)"), is: ["m-3", "m-2"], "by time in milliseconds")
        let page = try await stores.models.search(LoggedModelSearch(experimentIDs: [one.id], offset: 2, limit: 2))
        try Broken.unless(page.items.map(\.id), is: ["m-1"], "the last page")
        try Broken.unless(page.nextOffset == nil, "is the last")
    }
}
