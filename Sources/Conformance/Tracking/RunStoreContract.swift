import Errors
import Clockwork
import Events
import Tracking

/// What every `RunStore` does; searches are in `RunSearchContract`.
package enum RunStoreContract {
    package static let checks: [ContractCheck<TrackingStores>] = [
        ContractCheck("a created run reads back as it was", readsBack),
        ContractCheck("a run needs an active experiment", needsExperiment),
        ContractCheck("updates change what they name, and the name its tag", updates),
        ContractCheck("a deleted run takes no data until it is restored", deletedTakesNothing),
        ContractCheck("the latest value is by step, time and value, not by arrival", latestValue),
        ContractCheck("NaN and the largest doubles are kept", extremes),
        ContractCheck("a repeated point is kept once", repeatedPoint),
        ContractCheck("history comes in pages by time, step and value", history),
        ContractCheck("points of wide batches are in the history at once, once, and in order", wideBatches),
        ContractCheck("params are written once", paramsOnce),
        ContractCheck("a refused batch leaves nothing", refusedBatch),
        ContractCheck("the run's name follows its tag", nameFollowsTag),
        ContractCheck("inputs and outputs are kept once", inputsAndOutputs),
        ContractCheck("many writers lose nothing", manyWriters),
    ]

    @Sendable private static func readsBack(_ stores: TrackingStores) async throws {
        let one = try await stores.experiment("one")
        let made = try await stores.run(
            "r1", in: one, start: 5, name: "first", tags: [Tag(key: "a", value: "1"), Tag(key: "b", value: "2")])
        try Broken.unless(try await stores.runs.run(id: "r1"), is: made, "the run")
        try Broken.unless(try await stores.runs.info(id: "r1"), is: made.info, "its info")
        try Broken.unless(try await stores.runs.run(id: "r2") == nil, "another is not there")
        try Broken.unless(try await stores.kinds(), is: ["experiment.created", "run.created"], "events")
    }

    @Sendable private static func needsExperiment(_ stores: TrackingStores) async throws {
        let one = try await stores.experiment("one")
        var missing = one
        missing.id = "99"
        try await Broken.unlessRefused(.notFound) { try await stores.run("r1", in: missing) }
        try await stores.experiments.setLifecycle(.deleted, id: one.id, at: TrackingStores.start, events: [])
        try await Broken.unlessRefused(.invalidArgument) { try await stores.run("r1", in: one) }
        try Broken.unless(try await stores.kinds(), is: ["experiment.created"], "no event of a run")
    }

    @Sendable private static func updates(_ stores: TrackingStores) async throws {
        try await stores.run("r1", in: try await stores.experiment("one"), name: "first")
        let finished = TrackingStores.event("run.finished", "run", "r1")
        let info = try await stores.runs.update(id: "r1", RunChange(status: .finished, endTime: 9), events: [finished])
        try Broken.unless(info.status, is: .finished, "the status")
        try Broken.unless(info.endTime, is: 9, "the end")
        try Broken.unless(info.name, is: "first", "what was not named stays")
        let renamed = try await stores.runs.update(id: "r1", RunChange(name: "second"), events: [])
        try Broken.unless(renamed.name, is: "second", "the name")
        try Broken.unless(renamed.status, is: .finished, "the status stays")
        let tags = try await stores.runs.run(id: "r1")?.tags
        try Broken.unless(tags, is: [Tag(key: ReservedTag.runName, value: "second")], "the tag")
        try await Broken.unlessRefused(.notFound) { _ = try await stores.runs.update(id: "r9", RunChange(), events: [finished]) }
    }

    @Sendable private static func deletedTakesNothing(_ stores: TrackingStores) async throws {
        try await stores.run("r1", in: try await stores.experiment("one"))
        try await stores.runs.setLifecycle(.deleted, id: "r1", at: TrackingStores.start, events: [])
        let batch = RunBatch(runID: "r1", metrics: [Metric(key: "m", value: 1, timestamp: 1)])
        try await Broken.unlessRefused(.invalidArgument) { try await stores.runs.append(batch) }
        try await Broken.unlessRefused(.invalidArgument) { _ = try await stores.runs.update(id: "r1", RunChange(name: "x"), events: []) }
        try await Broken.unlessRefused(.invalidArgument) { try await stores.runs.addOutputs(runID: "r1", models: []) }
        try await Broken.unlessRefused(.notFound) { try await stores.runs.append(RunBatch(runID: "r9")) }
        try await stores.runs.setLifecycle(.active, id: "r1", at: TrackingStores.start, events: [])
        try await stores.runs.append(batch)
        try Broken.unless(try await stores.runs.run(id: "r1")?.metrics.count, is: 1, "after the restore")
    }

    @Sendable private static func latestValue(_ stores: TrackingStores) async throws {
        try await stores.run("r1", in: try await stores.experiment("one"))
        func log(_ points: (step: Int64, time: Int64, value: Double)...) async throws -> Double? {
            let metrics = points.map { Metric(key: "m", value: $0.value, timestamp: $0.time, step: $0.step) }
            try await stores.runs.append(RunBatch(runID: "r1", metrics: metrics))
            return try await stores.runs.run(id: "r1")?.metrics.first?.value
        }
        try Broken.unless(try await log((0, 10, 1)), is: 1, "the first")
        try Broken.unless(try await log((5, 1, 2)), is: 2, "a higher step wins")
        try Broken.unless(try await log((4, 99, 3)), is: 2, "a lower step loses, however late")
        try Broken.unless(try await log((5, 2, 4)), is: 4, "the same step, later")
        try Broken.unless(try await log((5, 2, 3)), is: 4, "the same moment, smaller value")
        try Broken.unless(try await log((6, 0, 7), (6, 1, 6), (-3, 500, 9)), is: 6, "inside one batch")
    }

    @Sendable private static func extremes(_ stores: TrackingStores) async throws {
        try await stores.run("r1", in: try await stores.experiment("one"))
        let points = [
            Metric(key: "nan", value: .nan, timestamp: 1), Metric(key: "max", value: .greatestFiniteMagnitude, timestamp: 1),
            Metric(key: "min", value: -.greatestFiniteMagnitude, timestamp: .max, step: .min),
            Metric(key: "tiny", value: .leastNonzeroMagnitude, timestamp: 1, step: .max),
        ]
        try await stores.runs.append(RunBatch(runID: "r1", metrics: points))
        let found = try await stores.runs.run(id: "r1")?.metrics ?? []
        try Broken.unless(found.map(\.key), is: ["max", "min", "nan", "tiny"], "by key")
        try Broken.unless(found.count == 4 && found[2].value.isNaN, "NaN stays NaN")
        for point in points where !point.value.isNaN { try Broken.unless(found.contains(point), "\(point.key) as it was") }
        let history = try await stores.runs.history(runID: "r1", key: "nan", offset: 0, limit: 10)
        try Broken.unless(history.items.count == 1 && history.items[0].value.isNaN, "NaN in the history")
    }

    @Sendable private static func repeatedPoint(_ stores: TrackingStores) async throws {
        try await stores.run("r1", in: try await stores.experiment("one"))
        let point = Metric(key: "m", value: 1, timestamp: 1, step: 1)
        try await stores.runs.append(RunBatch(runID: "r1", metrics: [point, point]))
        try await stores.runs.append(RunBatch(runID: "r1", metrics: [point]))
        try Broken.unless(try await stores.runs.history(runID: "r1", key: "m", offset: 0, limit: 10).items, is: [point], "once")
    }

    @Sendable private static func history(_ stores: TrackingStores) async throws {
        try await stores.run("r1", in: try await stores.experiment("one"))
        let points = (0..<25).map { (index: Int) -> Metric in
            Metric(key: "m", value: Double(index), timestamp: Int64(index / 5), step: Int64(4 - index % 5))
        }
        try await stores.runs.append(RunBatch(runID: "r1", metrics: points.reversed()))
        let wanted = points.sorted { ($0.timestamp, $0.step) < ($1.timestamp, $1.step) }
        var found: [Metric] = []
        var offset: Int? = 0
        while let start = offset {
            let page = try await stores.runs.history(runID: "r1", key: "m", offset: start, limit: 10)
            found += page.items
            offset = page.nextOffset
        }
        try Broken.unless(found, is: wanted, "all points in order")
        try Broken.unless(try await stores.runs.history(runID: "r9", key: "m", offset: 0, limit: 10).items, is: [], "an unknown run")
        try Broken.unless(try await stores.runs.history(runID: "r1", key: "x", offset: 0, limit: 10).items, is: [], "an unknown key")
    }

    /// More points than a store may leave unsorted, a part of them logged again, alone and in wide batches.
    @Sendable private static func wideBatches(_ stores: TrackingStores) async throws {
        let one = try await stores.experiment("one")
        try await stores.run("r1", in: one)
        try await stores.run("r2", in: one)
        let keys = (0..<600).map { "k\($0)" }
        func batch(_ step: Int64) -> [Metric] {
            keys.indices.map { Metric(key: keys[$0], value: Double(step % 3), timestamp: step / 2, step: step - Int64($0 % 5)) }
        }
        var wanted: [[Metric]] = keys.map { _ in [] }
        func check(_ label: String) async throws {
            for key in [0, 1, 599] {
                let sorted = wanted[key].sorted { ($0.timestamp, $0.step, $0.value) < ($1.timestamp, $1.step, $1.value) }
                let found = try await stores.runs.history(runID: "r1", key: keys[key], offset: 0, limit: 1_000).items
                try Broken.unless(found, is: sorted, "\(keys[key]) \(label)")
                let page = try await stores.runs.history(runID: "r1", key: keys[key], offset: 2, limit: 3).items
                try Broken.unless(page, is: Array(sorted.dropFirst(2).prefix(3)), "a page of \(keys[key]) \(label)")
                let sample = try await stores.runs.sample(runID: "r1", key: keys[key], steps: 4...9, limit: 100)
                let inRange = sorted.filter { (4...9).contains($0.step) }.sorted { ($0.step, $0.timestamp) < ($1.step, $1.timestamp) }
                try Broken.unless(sample, is: inRange, "a sample of \(keys[key]) \(label)")
            }
        }
        for step in 0..<Int64(16) {
            let points = batch(step)
            try await stores.runs.append(RunBatch(runID: "r1", metrics: points))
            for (index, point) in points.enumerated() { wanted[index].append(point) }
            if step % 4 == 1 {
                try await stores.runs.append(RunBatch(runID: "r1", metrics: batch(step - 1)))
                try await stores.runs.append(RunBatch(runID: "r1", metrics: [points[0]]))
                try await check("after \(step)")
            }
        }
        try await stores.runs.append(RunBatch(runID: "r2", metrics: batch(0)))
        try await check("at the end")
        try Broken.unless(
            try await stores.runs.history(runID: "r2", key: "k1", offset: 0, limit: 10).items, is: [batch(0)[1]], "another run")
    }

    @Sendable private static func paramsOnce(_ stores: TrackingStores) async throws {
        try await stores.run("r1", in: try await stores.experiment("one"))
        try await stores.runs.append(RunBatch(runID: "r1", params: [Param(key: "p", value: "1"), Param(key: "q", value: "")]))
        try await stores.runs.append(RunBatch(runID: "r1", params: [Param(key: "p", value: "1")]))
        try await Broken.unlessRefused(.invalidArgument) {
            try await stores.runs.append(RunBatch(runID: "r1", params: [Param(key: "p", value: "2")], isBatch: false))
        }
        let params = try await stores.runs.run(id: "r1")?.params
        try Broken.unless(params, is: [Param(key: "p", value: "1"), Param(key: "q", value: "")], "as first written")
    }

    @Sendable private static func refusedBatch(_ stores: TrackingStores) async throws {
        try await stores.run("r1", in: try await stores.experiment("one"))
        try await stores.runs.append(RunBatch(runID: "r1", params: [Param(key: "p", value: "1")]))
        let batch = RunBatch(
            runID: "r1", metrics: [Metric(key: "m", value: 1, timestamp: 1)],
            params: [Param(key: "a", value: "1"), Param(key: "p", value: "2")],
            tags: [Tag(key: "t", value: "v")])
        try await Broken.unlessRefused(.invalidArgument) { try await stores.runs.append(batch) }
        let orphan = RunBatch(runID: "r1", metrics: [Metric(key: "m", value: 1, timestamp: 1, modelID: "m-none")])
        try await Broken.unlessRefused(.notFound) { try await stores.runs.append(orphan) }
        let run = try await stores.runs.run(id: "r1")
        try Broken.unless(run?.metrics, is: [], "no metric")
        try Broken.unless(run?.params, is: [Param(key: "p", value: "1")], "no param")
        try Broken.unless(run?.tags, is: [], "no tag")
    }

    @Sendable private static func nameFollowsTag(_ stores: TrackingStores) async throws {
        try await stores.run("r1", in: try await stores.experiment("one"), name: "first")
        try await stores.runs.append(
            RunBatch(runID: "r1", tags: [Tag(key: ReservedTag.runName, value: "second"), Tag(key: "t", value: "1")]))
        try Broken.unless(try await stores.runs.info(id: "r1")?.name, is: "second", "renamed")
        try await stores.runs.append(RunBatch(runID: "r1", tags: [Tag(key: "t", value: "2")]))
        try Broken.unless(try await stores.runs.run(id: "r1")?.tags.last, is: Tag(key: "t", value: "2"), "replaced")
        try Broken.unless(try await stores.runs.deleteTag(key: "t", id: "r1"), "it was there")
        try Broken.unless(try await !stores.runs.deleteTag(key: "t", id: "r1"), "it is gone")
        try await Broken.unlessRefused(.notFound) { _ = try await stores.runs.deleteTag(key: "t", id: "r9") }
    }

    @Sendable private static func inputsAndOutputs(_ stores: TrackingStores) async throws {
        try await stores.run("r1", in: try await stores.experiment("one"))
        let training = DatasetInput(
            name: "census", digest: "d1", sourceType: "local", source: "{}", schema: "{}",
            tags: [Tag(key: DatasetInput.contextTag, value: "training")])
        let other = DatasetInput(name: "census", digest: "d2", sourceType: "local", source: "{}")
        try await stores.runs.addInputs(runID: "r1", datasets: [training, other], modelIDs: ["m-1"])
        var again = training
        again.tags = [Tag(key: DatasetInput.contextTag, value: "test")]
        try await stores.runs.addInputs(runID: "r1", datasets: [again], modelIDs: ["m-1"])
        try await stores.runs.addOutputs(runID: "r1", models: [ModelOutput(modelID: "m-2", step: 3)])
        let run = try await stores.runs.run(id: "r1")
        try Broken.unless(run?.datasets, is: [training, other], "the datasets as first given")
        try Broken.unless(run?.modelInputs, is: ["m-1"], "the model it read")
        let read = try await stores.experiments.datasets(in: [run?.info.experimentID ?? "", "99"], limit: 10)
        try Broken.unless(read.map(\.digest), is: ["d1", "d2"], "the datasets of the experiment")
        try Broken.unless(read.map(\.context), is: ["training", nil], "what they were read for")
        try Broken.unless(try await stores.experiments.datasets(in: [], limit: 10), is: [], "of no experiment none")
        try Broken.unless(run?.modelOutputs, is: [ModelOutput(modelID: "m-2", step: 3)], "the model it made")
    }

    @Sendable private static func manyWriters(_ stores: TrackingStores) async throws {
        try await stores.run("r1", in: try await stores.experiment("one"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for step in 0..<20 {
                        let point = Metric(key: "m", value: Double(writer), timestamp: Int64(writer), step: Int64(step))
                        try await stores.runs.append(
                            RunBatch(runID: "r1", metrics: [point], params: [Param(key: "w\(writer)", value: "1")]))
                    }
                }
            }
            try await group.waitForAll()
        }
        let run = try await stores.runs.run(id: "r1")
        try Broken.unless(try await stores.runs.history(runID: "r1", key: "m", offset: 0, limit: 1_000).items.count, is: 160, "points")
        try Broken.unless(run?.metrics.first, is: Metric(key: "m", value: 7, timestamp: 7, step: 19), "the latest")
        try Broken.unless(run?.params.count, is: 8, "params")
    }
}
