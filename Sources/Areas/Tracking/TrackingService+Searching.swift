import Errors
import Filters

/// Reading runs by filters, by their nesting, and their metrics as charts need them.
extension TrackingService {
    package func searchRuns(_ search: RunSearch) async throws -> Page<Run> {
        try checkLimit(search.limit, atMost: TrackingLimits.runsPerSearch)
        try checkExperiments(search)
        return try await runs.search(search)
    }

    /// How many runs a search finds in all.
    package func countRuns(_ search: RunSearch) async throws -> Int {
        try checkExperiments(search)
        return try await runs.count(search)
    }

    private func checkExperiments(_ search: RunSearch) throws {
        guard search.experimentIDs.count <= TrackingLimits.experimentsInSearch else {
            throw JidokaError.invalidArgument("a search looks at no more than \(TrackingLimits.experimentsInSearch) experiments")
        }
    }

    /// Points by timestamp, step, value. An unknown run or key has none.
    package func metricHistory(runID: String, key: String, offset: Int, limit: Int) async throws -> Page<Metric> {
        try checkLimit(limit, atMost: TrackingLimits.historyPage)
        return try await runs.history(runID: runID, key: key, offset: offset, limit: limit)
    }

    /// At most `limit` points of a metric in the range of steps, spread over all of them.
    package func metricSample(runID: String, key: String, steps: ClosedRange<Int64>?, limit: Int) async throws -> [Metric] {
        try checkLimit(limit, atMost: MetricSampling.pointsMax)
        return try await runs.sample(runID: runID, key: key, steps: steps ?? .min ... .max, limit: limit)
    }

    // MARK: Nesting

    /// The run with all active runs below it in its experiment. - Throws: `not_found`; `exhausted` when there are more than a tree may
    /// hold.
    package func runTree(id: String) async throws -> RunTree {
        let root = try await runInfo(id: id)
        var found: [(run: RunInfo, parent: String?)] = [(root, nil)]
        var seen: Set<String> = [id]
        var parents = [id]
        while !parents.isEmpty {
            var next: [String] = []
            for start in stride(from: 0, to: parents.count, by: TrackingLimits.parentsPerSearch) {
                let part = Array(parents[start..<min(start + TrackingLimits.parentsPerSearch, parents.count)])
                let isBelow = RunCondition(field: .tag(ReservedTag.parent), comparator: .isIn, value: .list(part))
                let page = try await nested(root.experimentID, .leaf(isBelow))
                for child in page where seen.insert(child.run.id).inserted {
                    found.append(child)
                    next.append(child.run.id)
                }
                try checkTree(found.count)
            }
            parents = next
        }
        return RunTree.forest(found).first ?? RunTree(run: root)
    }

    /// All active runs of an experiment as trees. - Throws: `not_found`; `exhausted` when there are more than a tree may hold.
    package func runForest(experimentID: String) async throws -> [RunTree] {
        let experiment = try await experiment(id: experimentID)
        return RunTree.forest(try await nested(experiment.id, .everything))
    }

    /// Runs by start time with their parents.
    private func nested(_ experiment: String, _ filter: FilterTree<RunCondition>) async throws -> [(run: RunInfo, parent: String?)] {
        let search = RunSearch(
            experimentIDs: [experiment], filter: filter, orders: [RunOrder(field: .attribute(.startTime), ascending: true)],
            limit: TrackingLimits.runsPerTree, fields: RunFields(tags: .some([ReservedTag.parent])))
        let page = try await runs.search(search)
        if page.nextOffset != nil { try checkTree(.max) }
        return page.items.map { ($0.info, $0.tags.first?.value) }
    }

    private func checkTree(_ count: Int) throws {
        guard count <= TrackingLimits.runsPerTree else {
            throw JidokaError(
                .exhausted, "there are more than \(TrackingLimits.runsPerTree) runs to show as a tree", hint: "show the tree of one run")
        }
    }
}
