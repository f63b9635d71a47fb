import Events
import Tracking

/// How every `RunStore` searches.
package enum RunSearchContract {
    package static let checks: [ContractCheck<TrackingStores>] = [
        ContractCheck("filters match as MLflow's do", filters),
        ContractCheck("OR, NOT, lists, ranges and numbers go beyond MLflow", beyond),
        ContractCheck("orders put NaN and missing last in both directions", orders),
        ContractCheck("a search counts, and reads the fields that it names", countsAndFields),
        ContractCheck("a sample spreads over all points by step", samples),
        ContractCheck("pages follow one another without gaps", pages),
        ContractCheck("only the experiments and lifecycles asked for are searched", scope),
    ]

    /// a: m 1, p "1"; b: m 2, p "10", t; c: m NaN, p "2"; d: nothing. Start times 1, 2, 3, 4.
    private static func fill(_ stores: TrackingStores) async throws -> Experiment {
        let one = try await stores.experiment("one")
        for (index, id) in ["a", "b", "c", "d"].enumerated() {
            try await stores.run(id, in: one, start: Int64(index) + 1, name: "run-\(id)")
        }
        try await stores.runs.append(
            RunBatch(runID: "a", metrics: [Metric(key: "m", value: 1, timestamp: 1)], params: [Param(key: "p", value: "1")]))
        try await stores.runs.append(
            RunBatch(
                runID: "b", metrics: [Metric(key: "m", value: 9, timestamp: 1), Metric(key: "m", value: 2, timestamp: 2)],
                params: [Param(key: "p", value: "10")], tags: [Tag(key: "a b", value: "Hello")]))
        try await stores.runs.append(
            RunBatch(runID: "c", metrics: [Metric(key: "m", value: .nan, timestamp: 1)], params: [Param(key: "p", value: "2")]))
        let dataset = DatasetInput(
            name: "census", digest: "d1", sourceType: "local", source: "{}", tags: [Tag(key: DatasetInput.contextTag, value: "training")])
        try await stores.runs.addInputs(runID: "d", datasets: [dataset], modelIDs: [])
        _ = try await stores.runs.update(id: "d", RunChange(status: .finished, endTime: 100), events: [])
        return one
    }

    private static func ids(
        _ stores: TrackingStores, _ experiment: Experiment, _ filter: String?, orders: [String] = ["run_id"]
    ) async throws -> [String] {
        let search = RunSearch(
            experimentIDs: [experiment.id], filter: try RunFilter.parse(filter), orders: try RunFilter.orders(orders), limit: 100)
        return try await stores.runs.search(search).items.map(\.info.id)
    }

    private static let filterTable: [(filter: String, ids: [String])] = [
        ("metrics.m > 0", ["a", "b"]), ("metrics.m >= 2", ["b"]), ("metrics.m = 1", ["a"]), ("metrics.m < 9", ["a", "b"]),
        ("metrics.m != 1", ["b", "c"]), ("metrics.none != 1", []), ("params.p = '1'", ["a"]), ("params.p != '1'", ["b", "c"]),
        ("params.p LIKE '1%'", ["a", "b"]), ("params.p IS NULL", ["d"]), ("params.p IS NOT NULL", ["a", "b", "c"]),
        ("tags.`a b` = 'Hello'", ["b"]), ("tags.\"a b\" LIKE 'hello'", []), ("tags.`a b` ILIKE 'hell_'", ["b"]),
        ("run_name = 'run-a'", ["a"]), ("Run name = 'run-a'", ["a"]), ("attributes.run_id IN ('a', 'd', 'x')", ["a", "d"]),
        ("attribute.run_id NOT IN ('a', 'd')", ["b", "c"]), ("status = 'FINISHED'", ["d"]), ("attr.status != 'FINISHED'", ["a", "b", "c"]),
        ("start_time > 1 AND start_time <= 3", ["b", "c"]), ("created = 4", ["d"]), ("end_time > 0", ["d"]),
        ("dataset.name = 'census'", ["d"]), ("datasets.digest LIKE 'd%'", ["d"]), ("dataset.context IN ('training')", ["d"]),
        ("dataset.context = 'test'", []), ("metrics.m > 0 AND params.p = '10' AND tags.`a b` = 'Hello'", ["b"]),
        ("params.p = 'x'' OR 1=1 --'", []),
    ]

    /// c's metric is NaN; d has no metric and no param, is finished at 100 and read a dataset.
    private static let beyondTable: [(filter: String, ids: [String])] = [
        ("metrics.m = 1 OR params.p = '10'", ["a", "b"]), ("metrics.m = 1 OR params.p = '10' AND metrics.m = 5", ["a"]),
        ("(metrics.m = 1 OR params.p = '10') AND metrics.m > 1", ["b"]), ("NOT metrics.m = 1", ["b", "c", "d"]),
        ("NOT (metrics.m = 1 OR params.p = '2')", ["b", "d"]), ("NOT params.p IS NULL AND NOT params.p = '1'", ["b", "c"]),
        ("metrics.m IN (1, 2)", ["a", "b"]), ("metrics.m NOT IN (1, 5)", ["b", "c"]), ("metrics.m BETWEEN 1.5 AND 2", ["b"]),
        ("metrics.m NOT BETWEEN 1.5 AND 2", ["a", "c"]), ("metrics.m IS NULL", ["d"]), ("metrics.m IS NOT NULL", ["a", "b", "c"]),
        ("params.p > 1", ["b", "c"]), ("params.p >= 2 AND params.p < 10", ["c"]), ("params.p = 1.0", ["a"]),
        ("params.p IN (10, 2)", ["b", "c"]), ("params.p IN ('10', 'x')", ["b"]), ("params.p NOT IN ('10')", ["a", "c"]),
        ("params.p BETWEEN 2 AND 10", ["b", "c"]), ("tags.`a b` IN ('Hello', 'x')", ["b"]), ("tags.`a b` IS NULL", ["a", "c", "d"]),
        ("status IN ('FINISHED', 'FAILED')", ["d"]), ("start_time IN (1, 4)", ["a", "d"]), ("start_time BETWEEN 2 AND 3", ["b", "c"]),
        ("end_time IS NULL", ["a", "b", "c"]), ("NOT end_time > 0", ["a", "b", "c"]), ("NOT end_time > 100", ["a", "b", "c", "d"]),
        ("dataset.name IS NULL", ["a", "b", "c"]), ("dataset.context IS NOT NULL", ["d"]),
        ("NOT dataset.name = 'census'", ["a", "b", "c"]),
        ("NOT (params.p > 1 AND NOT metrics.m > 0)", ["a", "b", "d"]),
    ]

    @Sendable private static func beyond(_ stores: TrackingStores) async throws {
        let one = try await fill(stores)
        for (filter, wanted) in beyondTable { try Broken.unless(try await ids(stores, one, filter), is: wanted, filter) }
    }

    @Sendable private static func filters(_ stores: TrackingStores) async throws {
        let one = try await fill(stores)
        for (filter, wanted) in filterTable { try Broken.unless(try await ids(stores, one, filter), is: wanted, filter) }
    }

    @Sendable private static func orders(_ stores: TrackingStores) async throws {
        let one = try await fill(stores)
        let table: [(orders: [String], ids: [String])] = [
            ([], ["d", "c", "b", "a"]), (["metrics.m"], ["a", "b", "c", "d"]), (["metrics.m DESC"], ["b", "a", "c", "d"]),
            (["params.p"], ["a", "b", "c", "d"]), (["params.p DESC"], ["c", "b", "a", "d"]), (["tags.`a b`"], ["b", "d", "c", "a"]),
            (["start_time ASC"], ["a", "b", "c", "d"]), (["end_time DESC"], ["d", "c", "b", "a"]),
            (["attributes.status", "metrics.m DESC"], ["d", "b", "a", "c"]), (["run_name DESC"], ["d", "c", "b", "a"]),
        ]
        for (orders, wanted) in table { try Broken.unless(try await ids(stores, one, nil, orders: orders), is: wanted, "\(orders)") }
    }

    @Sendable private static func countsAndFields(_ stores: TrackingStores) async throws {
        let one = try await fill(stores)
        func search(_ filter: String?, _ fields: [String]) throws -> RunSearch {
            RunSearch(
                experimentIDs: [one.id], filter: try RunFilter.parse(filter), orders: try RunFilter.orders(["run_id"]), limit: 2,
                fields: try RunFields(fields))
        }
        try Broken.unless(try await stores.runs.count(search(nil, [])), is: 4, "more than the limit")
        try Broken.unless(try await stores.runs.count(search("params.p > 1", [])), is: 2, "with a filter")
        try Broken.unless(try await stores.runs.count(RunSearch(experimentIDs: [], limit: 1)), is: 0, "nowhere")
        let all = try await stores.runs.search(search("params.p = '10'", [])).items
        let metrics = try await stores.runs.search(search("params.p = '10'", ["metrics.m", "metrics.x"])).items
        try Broken.unless(metrics.first?.metrics, is: all.first?.metrics, "the metric")
        try Broken.unless(metrics.first?.params.isEmpty == true && metrics.first?.tags.isEmpty == true, "nothing else")
        let tags = try await stores.runs.search(search("params.p = '10'", ["tags.none", "params"])).items
        try Broken.unless(tags.first?.tags.isEmpty == true && tags.first?.params == all.first?.params, "a tag that is not there")
        let inputs = try await stores.runs.search(search("dataset.name = 'census'", ["inputs"])).items
        try Broken.unless(inputs.first?.datasets.count, is: 1, "inputs")
        let info = try await stores.runs.search(search("dataset.name = 'census'", ["info"])).items
        try Broken.unless(info, is: inputs.map { Run(info: $0.info) }, "info alone")
    }

    @Sendable private static func samples(_ stores: TrackingStores) async throws {
        try await stores.run("r", in: try await stores.experiment("one"))
        let points = (0..<23).map { (index: Int) -> Metric in
            Metric(key: "m", value: index == 22 ? .nan : Double(index), timestamp: Int64(100 - index), step: Int64(index))
        }
        try await stores.runs.append(RunBatch(runID: "r", metrics: points))
        func steps(_ range: ClosedRange<Int64>, _ limit: Int) async throws -> [Int64] {
            try await stores.runs.sample(runID: "r", key: "m", steps: range, limit: limit).map(\.step)
        }
        try Broken.unless(try await steps(.min ... .max, 5), is: [0, 5, 10, 15, 22], "all")
        try Broken.unless(try await steps(3...12, 4), is: [3, 6, 9, 12], "a range")
        try Broken.unless(try await steps(50...60, 4), is: [], "an empty range")
        try Broken.unless(try await steps(0...2, 4), is: [0, 1, 2], "fewer than the limit")
        let last = try await stores.runs.sample(runID: "r", key: "m", steps: .min ... .max, limit: 1)
        try Broken.unless(last.count == 1 && last[0].value.isNaN && last[0].timestamp == 78, "the point as it was logged")
        try Broken.unless(try await stores.runs.sample(runID: "x", key: "m", steps: 0...1, limit: 1), is: [], "an unknown run")
    }

    @Sendable private static func pages(_ stores: TrackingStores) async throws {
        let one = try await stores.experiment("one")
        for index in 0..<7 { try await stores.run("r\(index)", in: one, start: 5) }
        var found: [String] = []
        var offset: Int? = 0
        while let start = offset {
            let page = try await stores.runs.search(RunSearch(experimentIDs: [one.id], offset: start, limit: 3))
            try Broken.unless(page.items.count <= 3, "no more than asked for")
            found += page.items.map(\.info.id)
            offset = page.nextOffset
        }
        try Broken.unless(found, is: (0..<7).map { "r\($0)" }, "equal start times by id")
    }

    @Sendable private static func scope(_ stores: TrackingStores) async throws {
        let one = try await stores.experiment("one")
        let two = try await stores.experiment("two")
        try await stores.run("a", in: one)
        try await stores.run("b", in: two)
        try await stores.run("c", in: two)
        try await stores.runs.setLifecycle(.deleted, id: "c", at: TrackingStores.start, events: [])
        func ids(_ experiments: [String], _ view: LifecycleView) async throws -> [String] {
            let search = RunSearch(experimentIDs: experiments, view: view, orders: try RunFilter.orders(["run_id"]), limit: 10)
            return try await stores.runs.search(search).items.map(\.info.id)
        }
        try Broken.unless(try await ids([], .all), is: [], "no experiment, no run")
        try Broken.unless(try await ids(["99", "x"], .all), is: [], "experiments that are not there")
        try Broken.unless(try await ids([two.id, "99"], .activeOnly), is: ["b"], "active")
        try Broken.unless(try await ids([two.id], .deletedOnly), is: ["c"], "deleted")
        try Broken.unless(try await ids([one.id, two.id], .all), is: ["a", "b", "c"], "all")
    }
}
