import Clockwork
import Conformance
import Filters
import SQLStores
import Testing
import Tracking

/// Random searches over random runs: what SQL finds is what the search says of each run in memory.
@Suite struct RunFilterPropertyTests {
    private let made = RandomRunSearch()

    private func fill(_ store: any RunStore, _ runs: [Run]) async throws {
        for run in runs {
            var bare = run
            bare.params = []
            bare.metrics = []
            bare.info.endTime = nil
            try await store.create(bare, events: [])
            try await store.append(RunBatch(runID: run.info.id, metrics: run.metrics, params: run.params))
            if let end = run.info.endTime { _ = try await store.update(id: run.info.id, RunChange(endTime: end), events: []) }
        }
    }

    @Test(arguments: DatabaseEngine.allCases, [1, 2, 3]) func `SQL and memory agree on random filters`(engine: DatabaseEngine, seed: UInt64)
        async throws
    {
        let fixture = try await StoreFixture(engine)
        defer { fixture.close() }
        let random = SeededRandom(seed: seed)
        let experiment = try await fixture.tracking.experiment("one")
        let runs = made.runs(random, in: experiment)
        let store = fixture.tracking.runs
        try await fill(store, runs)
        for _ in 0..<150 {
            let tree = made.tree(random, depth: 4)
            let wanted = runs.filter { run in tree.holds { made.holds($0, run) } }.map(\.info.id).sorted()
            let search = RunSearch(experimentIDs: [experiment.id], filter: tree, limit: 100)
            #expect(try await store.search(search).items.map(\.info.id).sorted() == wanted, "\(tree)")
            #expect(try await store.count(search) == wanted.count, "\(tree)")
        }
    }

    /// Always by the rows of a condition; always by a walk, bounded and not; all sorted; and what the numbers of a server choose.
    private static let plans = [
        RunSearchPlan(countFactor: 1_000), RunSearchPlan(countFactor: 0, walkFactor: 1_000, walkShare: 0),
        RunSearchPlan(countFactor: 0, walkFactor: 0.5, walkShare: 0), RunSearchPlan(countFactor: 0, walkShare: 1_000), RunSearchPlan(),
    ]

    @Test(arguments: DatabaseEngine.allCases, [4, 5]) func `Every way to find a page finds the same runs in the same order`(
        engine: DatabaseEngine, seed: UInt64
    ) async throws {
        let fixture = try await StoreFixture(engine)
        defer { fixture.close() }
        let random = SeededRandom(seed: seed)
        let experiments = [try await fixture.tracking.experiment("one"), try await fixture.tracking.experiment("two")]
        var runs = made.runs(random, in: experiments[0])
        for index in runs.indices where random.below(3) == 0 { runs[index].info.experimentID = experiments[1].id }
        try await fill(fixture.tracking.runs, runs)
        let stores = Self.plans.map { SQLRunStore(database: fixture.database, plan: $0) }
        for _ in 0..<120 {
            let tree: FilterTree<RunCondition> = .all((0..<random.below(3)).map { _ in made.tree(random, depth: 1) })
            let asked = random.below(2) == 0 ? [experiments[0].id] : experiments.map(\.id)
            let orders = made.orders(random)
            let all = runs.filter { run in asked.contains(run.info.experimentID) && tree.holds { made.holds($0, run) } }
                .sorted { made.precedes($0, $1, by: orders) }.map(\.info.id)
            let (offset, limit) = (random.below(6), 1 + random.below(6))
            let search = RunSearch(experimentIDs: asked, filter: tree, orders: orders, offset: offset, limit: limit)
            let wanted = Array(all.dropFirst(offset).prefix(limit))
            for store in stores {
                let page = try await store.search(search)
                #expect(page.items.map(\.info.id) == wanted, "\(store.plan) \(search)")
                #expect(page.nextOffset == (all.count > offset + limit ? offset + limit : nil), "\(search)")
                #expect(try await store.count(search) == all.count, "\(search)")
            }
        }
    }
}
