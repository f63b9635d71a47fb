import Clockwork
import Errors
package import Evaluation
package import Events
import Filters
import JSON

/// The stores of evaluation over one back end, empty, with experiments 1 and 2, and the log that they write events to.
package struct EvaluationStores: Sendable {
    package var datasets: any EvaluationDatasetStore
    package var scorers: any ScorerStore
    package var events: any EventLog

    package init(datasets: any EvaluationDatasetStore, scorers: any ScorerStore, events: any EventLog) {
        self.datasets = datasets
        self.scorers = scorers
        self.events = events
    }

    static func event(_ kind: String) -> EventDraft {
        EventDraft(kind: kind, subject: EventSubject("dataset", "x"), actor: "user:test", reason: "", time: Timestamp(milliseconds: 1))
    }

    @discardableResult
    func dataset(_ id: String, at time: Int64 = 1, experiments: [String] = []) async throws -> EvaluationDataset {
        let draft = EvaluationDataset(
            id: id, name: "name-\(id)", tags: ["t": id], experimentIDs: experiments, createdAt: time, updatedAt: time)
        return try await datasets.create(draft, event: EvaluationStores.event("evaluation_dataset.created"))
    }

    func kinds() async throws -> [String] {
        try await events.events(after: 0, limit: 100, kinds: nil, subject: nil).map(\.draft.kind)
    }
}

/// What every `EvaluationDatasetStore` and `ScorerStore` does.
package enum EvaluationContract {
    package static let checks: [ContractCheck<EvaluationStores>] = [
        ContractCheck("datasets come and go", datasets), ContractCheck("datasets are found", search),
        ContractCheck("records are merged by their inputs", records), ContractCheck("scorers count their versions", scorers),
    ]

    @Sendable private static func datasets(_ stores: EvaluationStores) async throws {
        let made = try await stores.dataset("d-1", experiments: ["1"])
        try Broken.unless(made.digest.count, is: 8, "a digest")
        try Broken.unless(try await stores.datasets.dataset(id: "d-1"), is: made, "as it was made")
        try await stores.datasets.setTags(["t": "new", "u": "1"], id: "d-1")
        try await stores.datasets.deleteTag(key: "u", id: "d-1")
        try await stores.datasets.deleteTag(key: "u", id: "d-1")
        try Broken.unless(try await stores.datasets.dataset(id: "d-1").tags, is: ["t": "new"], "tags")
        let linked = try await stores.datasets.setExperiments(["1", "2"], linked: true, id: "d-1", at: 5)
        try Broken.unless(linked.experimentIDs, is: ["1", "2"], "linked once")
        try Broken.unless(linked.updatedAt, is: 5, "stamped")
        let left = try await stores.datasets.setExperiments(["1", "9"], linked: false, id: "d-1", at: 6)
        try Broken.unless(left.experimentIDs, is: ["2"], "unlinked")
        let deleted = EvaluationStores.event("evaluation_dataset.deleted")
        try Broken.unless(try await stores.datasets.delete(id: "d-1", event: deleted), "it was there")
        try Broken.unless(try await !stores.datasets.delete(id: "d-1", event: deleted), "it is gone")
        try await Broken.unlessRefused(.notFound) { _ = try await stores.datasets.dataset(id: "d-1") }
        try await Broken.unlessRefused(.notFound) { try await stores.datasets.setTags([:], id: "d-1") }
        try Broken.unless(try await stores.kinds(), is: ["evaluation_dataset.created", "evaluation_dataset.deleted"], "events")
    }

    @Sendable private static func search(_ stores: EvaluationStores) async throws {
        for (index, id) in ["d-1", "d-2", "d-3"].enumerated() {
            try await stores.dataset(id, at: Int64(index + 1), experiments: index == 0 ? ["1"] : ["2"])
        }
        func ids(_ filter: String? = nil, experiments: [String] = [], orders: [String] = []) async throws -> [String] {
            let search = EvaluationDatasetSearch(
                experimentIDs: experiments, filter: try EvaluationFilter.parse(filter), orders: try EvaluationFilter.orders(orders),
                limit: 10)
            return try await stores.datasets.search(search).items.map(\.id)
        }
        try Broken.unless(try await ids(), is: ["d-3", "d-2", "d-1"], "the newest first")
        try Broken.unless(try await ids(orders: ["name ASC"]), is: ["d-1", "d-2", "d-3"], "by name")
        try Broken.unless(try await ids(experiments: ["1"]), is: ["d-1"], "by experiment")
        try Broken.unless(try await ids("name LIKE 'name-%' AND tags.t = 'd-2'"), is: ["d-2"], "by name and tag")
        try Broken.unless(try await ids("created_time > 1 AND name IN ('name-d-1', 'name-d-3')"), is: ["d-3"], "by time and list")
        let page = try await stores.datasets.search(EvaluationDatasetSearch(offset: 1, limit: 1))
        try Broken.unless(page.items.map(\.id), is: ["d-2"], "the second page")
        try Broken.unless(page.nextOffset, is: 2, "there is a third")
    }

    @Sendable private static func records(_ stores: EvaluationStores) async throws {
        try await stores.dataset("d-1")
        func draft(_ id: String, _ inputs: JSONObject, outputs: JSONValue? = nil, expectations: JSONObject? = nil) -> EvaluationRecordDraft
        {
            EvaluationRecordDraft(
                record: EvaluationRecord(
                    id: id, datasetID: "d-1", inputs: inputs, outputs: outputs, expectations: expectations, createdAt: 7, updatedAt: 7),
                hasOutputs: outputs != nil)
        }
        let event = EvaluationStores.event("evaluation_dataset.changed")
        let first = try await stores.datasets.upsert(
            [draft("dr-1", ["a": 1, "b": "x"], expectations: ["e": 1]), draft("dr-2", ["a": 2], outputs: "o")], id: "d-1", at: 7,
            event: event)
        try Broken.unless([first.inserted, first.updated], is: [2, 0], "both are new")
        let second = try await stores.datasets.upsert(
            [draft("dr-3", ["b": "x", "a": 1], expectations: ["f": 2]), draft("dr-4", ["a": 2])], id: "d-1", at: 8, event: event)
        try Broken.unless([second.inserted, second.updated], is: [0, 2], "whatever the order of the inputs")
        let all = try await stores.datasets.records(datasetID: "d-1", after: nil, limit: 10)
        try Broken.unless(all.map(\.id), is: ["dr-1", "dr-2"], "the first ids stay")
        try Broken.unless(all[0].expectations, is: ["e": 1, "f": 2], "expectations are added to")
        try Broken.unless(all[1].outputs, is: "o", "outputs stay when none are given")
        let rest = try await stores.datasets.records(datasetID: "d-1", after: (7, "dr-1"), limit: 10)
        try Broken.unless(rest.map(\.id), is: ["dr-2"], "after the first")
        let dataset = try await stores.datasets.dataset(id: "d-1")
        try Broken.unless(dataset.profile, is: "{\"num_records\": 2}", "counted")
        try Broken.unless(dataset.schema.map { $0.contains("\"b\":\"string\"") }, is: true, "typed")
        try Broken.unless(try await stores.datasets.deleteRecords(ids: ["dr-1", "dr-9"], datasetID: "d-1", event: event), is: 1, "deleted")
        try Broken.unless(try await stores.datasets.dataset(id: "d-1").profile, is: "{\"num_records\": 1}", "counted again")
        try await Broken.unlessRefused(.notFound) { _ = try await stores.datasets.records(datasetID: "d-9", after: nil, limit: 1) }
    }

    @Sendable private static func scorers(_ stores: EvaluationStores) async throws {
        func register(_ name: String, _ experiment: String = "1") async throws -> ScorerVersion {
            let draft = ScorerVersion(
                id: "s-\(name)-\(experiment)", experimentID: experiment, name: name, version: 0, serialized: "{}", createdAt: 3)
            return try await stores.scorers.register(draft) { _ in EvaluationStores.event("scorer.registered") }
        }
        try Broken.unless(try await [register("a").version, register("a").version, register("b").version], is: [1, 2, 1], "versions")
        try Broken.unless(try await register("a", "2").version, is: 1, "of its own in each experiment")
        try Broken.unless(try await stores.scorers.newest(experimentIDs: ["1"]).map(\.version), is: [2, 1], "the newest of each")
        try Broken.unless(try await stores.scorers.newest(experimentIDs: nil).count, is: 3, "of all experiments")
        let deleted = EvaluationStores.event("scorer.deleted")
        try await stores.scorers.delete(experimentID: "1", name: "a", version: 2, event: deleted)
        try Broken.unless(try await stores.scorers.versions(experimentID: "1", name: "a").map(\.version), is: [1], "one is left")
        try Broken.unless(try await register("a").version, is: 3, "numbers are not used twice")
        try await stores.scorers.delete(experimentID: "1", name: "a", version: nil, event: deleted)
        try await Broken.unlessRefused(.notFound) { _ = try await stores.scorers.versions(experimentID: "1", name: "a") }
        try await Broken.unlessRefused(.notFound) {
            try await stores.scorers.delete(experimentID: "1", name: "b", version: 9, event: deleted)
        }
    }
}
