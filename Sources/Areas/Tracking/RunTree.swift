/// A run with the runs that were started below it (`mlflow.parentRunId`), to any depth.
package struct RunTree: Sendable, Hashable {
    package var run: RunInfo
    /// By start time.
    package var children: [RunTree]

    package init(run: RunInfo, children: [RunTree] = []) {
        self.run = run
        self.children = children
    }

    /// This run and all below it.
    package var count: Int { children.reduce(1) { $0 + $1.count } }

    /// Runs that know their parents, as trees. Runs whose parent is not among them are roots. Runs that are each other's parents have no
    /// root: the one that comes first is taken for it.
    package static func forest(_ runs: [(run: RunInfo, parent: String?)]) -> [RunTree] {
        let known = Set(runs.map(\.run.id))
        var below: [String: [RunInfo]] = [:]
        var roots: [RunInfo] = []
        for (run, parent) in runs {
            if let parent, known.contains(parent), parent != run.id {
                below[parent, default: []].append(run)
            } else {
                roots.append(run)
            }
        }
        var seen: Set<String> = []
        var trees = roots.map { grow($0, below, &seen) }
        for (run, _) in runs where !seen.contains(run.id) { trees.append(grow(run, below, &seen)) }
        return trees
    }

    /// The deepest nesting that is shown; runs below it stand beside one another there.
    private static let depthMax = 200

    private static func grow(_ run: RunInfo, _ below: [String: [RunInfo]], _ seen: inout Set<String>, depth: Int = 0) -> RunTree {
        seen.insert(run.id)
        var tree = RunTree(run: run)
        guard depth < depthMax else { return tree }
        for child in below[run.id] ?? [] where !seen.contains(child.id) {
            tree.children.append(grow(child, below, &seen, depth: depth + 1))
        }
        return tree
    }
}
