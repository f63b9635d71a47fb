import Errors
import Clockwork
import Events
import Filters
import Tracking

/// What every `ExperimentStore` does.
package enum ExperimentStoreContract {
    package static let checks: [ContractCheck<TrackingStores>] = [
        ContractCheck("a created experiment reads back as it was", readsBack),
        ContractCheck("ids count up from 1 and 0 is given by the caller", idsCountUp),
        ContractCheck("a name is unique among active and deleted experiments", namesAreUnique),
        ContractCheck("a refused change leaves no event", refusedLeavesNothing),
        ContractCheck("deleting and restoring takes the runs along", lifecycleTakesRuns),
        ContractCheck("tags are replaced and deleted", tags),
        ContractCheck("searches filter, sort and page", search),
    ]

    @Sendable private static func readsBack(_ stores: TrackingStores) async throws {
        let made = try await stores.experiment("one", tags: [Tag(key: "b", value: "2"), Tag(key: "a", value: "1")])
        try Broken.unless(made.artifactLocation, is: "mlflow-artifacts:/\(made.id)", "the location is the root and the id")
        try Broken.unless(made.tags, is: [Tag(key: "a", value: "1"), Tag(key: "b", value: "2")], "tags by key")
        try Broken.unless(try await stores.experiments.experiment(id: made.id), is: made, "by id")
        try Broken.unless(try await stores.experiments.experiment(name: "one"), is: made, "by name")
        try Broken.unless(try await stores.experiments.experiment(name: "One") == nil, "names are case-sensitive")
        try Broken.unless(try await stores.experiments.experiment(id: "not a number") == nil, "an id that is no number finds nothing")
        try Broken.unless(try await stores.kinds(), is: ["experiment.created"], "one event")
    }

    @Sendable private static func idsCountUp(_ stores: TrackingStores) async throws {
        let zero = ExperimentDraft(
            id: 0, name: "Default", artifactLocation: "mlflow-artifacts:/here", artifactRoot: "mlflow-artifacts:", tags: [],
            time: TrackingStores.start)
        let made = try await stores.experiments.create(zero) { TrackingStores.event("experiment.created", "experiment", $0.id) }
        try Broken.unless(made.id, is: "0", "the caller's id")
        try Broken.unless(made.artifactLocation, is: "mlflow-artifacts:/here", "the caller's location")
        try Broken.unless(try await stores.experiment("a").id, is: "1", "the first")
        try Broken.unless(try await stores.experiment("b").id, is: "2", "the second")
    }

    @Sendable private static func namesAreUnique(_ stores: TrackingStores) async throws {
        let one = try await stores.experiment("one")
        let two = try await stores.experiment("two")
        try await stores.experiments.setLifecycle(.deleted, id: one.id, at: TrackingStores.start, events: [])
        try await Broken.unlessRefused(.alreadyExists) { try await stores.experiment("one") }
        try await Broken.unlessRefused(.alreadyExists) {
            try await stores.experiments.rename(id: two.id, to: "one", at: TrackingStores.start, events: [])
        }
        try await stores.experiments.rename(id: two.id, to: "three", at: TrackingStores.start, events: [])
        try Broken.unless(try await stores.experiments.experiment(id: two.id)?.name, is: "three", "renamed")
    }

    @Sendable private static func refusedLeavesNothing(_ stores: TrackingStores) async throws {
        try await stores.experiment("one")
        let event = TrackingStores.event("experiment.renamed", "experiment", "77")
        try await Broken.unlessRefused(.alreadyExists) { try await stores.experiment("one") }
        try await Broken.unlessRefused(.notFound) {
            try await stores.experiments.rename(id: "77", to: "x", at: TrackingStores.start, events: [event])
        }
        try await Broken.unlessRefused(.notFound) {
            try await stores.experiments.setLifecycle(.deleted, id: "77", at: TrackingStores.start, events: [event])
        }
        try await Broken.unlessRefused(.notFound) {
            try await stores.experiments.setTag(Tag(key: "k", value: "v"), id: "77", at: TrackingStores.start)
        }
        try Broken.unless(try await stores.kinds(), is: ["experiment.created"], "only the change that happened")
    }

    @Sendable private static func lifecycleTakesRuns(_ stores: TrackingStores) async throws {
        let one = try await stores.experiment("one")
        try await stores.run("r1", in: one)
        let deleted = TrackingStores.event("experiment.deleted", "experiment", one.id)
        try await stores.experiments.setLifecycle(.deleted, id: one.id, at: TrackingStores.start, events: [deleted])
        try Broken.unless(try await stores.runs.info(id: "r1")?.lifecycle, is: .deleted, "the run is deleted")
        try await stores.experiments.setLifecycle(.active, id: one.id, at: TrackingStores.start, events: [])
        try Broken.unless(try await stores.runs.info(id: "r1")?.lifecycle, is: .active, "the run is back")
        try Broken.unless(try await stores.kinds(), is: ["experiment.created", "run.created", "experiment.deleted"], "events in order")
    }

    @Sendable private static func tags(_ stores: TrackingStores) async throws {
        let one = try await stores.experiment("one", tags: [Tag(key: "k", value: "1")])
        try await stores.experiments.setTag(Tag(key: "k", value: "2"), id: one.id, at: TrackingStores.start)
        try Broken.unless(try await stores.experiments.experiment(id: one.id)?.tags, is: [Tag(key: "k", value: "2")], "replaced")
        try Broken.unless(try await stores.experiments.deleteTag(key: "k", id: one.id, at: TrackingStores.start), "it was there")
        try Broken.unless(try await !stores.experiments.deleteTag(key: "k", id: one.id, at: TrackingStores.start), "it is gone")
    }

    @Sendable private static func search(_ stores: TrackingStores) async throws {
        for (index, name) in ["alpha", "Beta", "gamma"].enumerated() {
            try await stores.experiment(name, tags: index == 1 ? [Tag(key: "team", value: "x")] : [], after: Int64(index) * 10)
        }
        let gamma = try await stores.experiments.experiment(name: "gamma")
        try await stores.experiments.setLifecycle(.deleted, id: gamma?.id ?? "", at: TrackingStores.start, events: [])
        func names(_ filter: String?, view: LifecycleView = .activeOnly, orders: [String] = []) async throws -> [String] {
            let search = ExperimentSearch(
                filter: try ExperimentFilter.parse(filter), view: view, orders: try ExperimentFilter.orders(orders), limit: 10)
            return try await stores.experiments.search(search).items.map(\.name)
        }
        try Broken.unless(try await names(nil), is: ["Beta", "alpha"], "the newest first")
        try Broken.unless(try await names(nil, view: .all), is: ["gamma", "Beta", "alpha"], "all lifecycles")
        try Broken.unless(try await names(nil, view: .deletedOnly), is: ["gamma"], "deleted only")
        try Broken.unless(try await names(nil, orders: ["name ASC"]), is: ["Beta", "alpha"], "by name")
        try Broken.unless(try await names("tags.team = 'x'"), is: ["Beta"], "by tag")
        try Broken.unless(try await names("tags.team IS NULL"), is: ["alpha"], "without a tag")
        try Broken.unless(try await names("name LIKE 'b%'"), is: [], "LIKE is case-sensitive")
        try Broken.unless(try await names("name ILIKE 'b%'"), is: ["Beta"], "ILIKE is not")
        try Broken.unless(try await names("experiment_id IN ('1', '2')"), is: ["Beta", "alpha"], "by ids")
        let later = TrackingStores.start.milliseconds + 5
        try Broken.unless(try await names("creation_time > \(later)"), is: ["Beta"], "by time in milliseconds")
        let first = try await stores.experiments.search(ExperimentSearch(view: .all, limit: 2))
        try Broken.unless(first.nextOffset, is: 2, "there is a second page")
        let second = try await stores.experiments.search(ExperimentSearch(view: .all, offset: 2, limit: 2))
        try Broken.unless(second.items.map(\.name), is: ["alpha"], "the second page")
        try Broken.unless(second.nextOffset == nil, "which is the last")
    }
}
