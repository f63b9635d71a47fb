import Errors

/// A directed acyclic graph of steps with the default values of their params.
package struct PipelineDefinition: Sendable, Hashable {
    package private(set) var steps: [StepDefinition]
    package var params: [String: String]

    /// - Throws: `invalid_argument` for an unknown or circular `needs`, a repeated name, or more than 1,000 steps.
    package init(steps: [StepDefinition], params: [String: String]) throws {
        let names = steps.map(\.name)
        guard Set(names).count == names.count else { throw JidokaError.invalidArgument("two steps share a name") }
        guard steps.count <= 1_000 else { throw JidokaError.invalidArgument("a pipeline has at most 1,000 steps") }
        for step in steps {
            for need in step.needs where !names.contains(need) {
                throw JidokaError.invalidArgument(
                    "step `\(step.name)` needs `\(need)`, which is no step",
                    hint: nearestName(to: need, among: names).map { "did you mean `\($0)`?" })
            }
        }
        self.params = params
        self.steps = try PipelineDefinition.inOrder(steps)
    }

    /// Topological order (Kahn 1962), keeping the written order where the graph leaves it open.
    private static func inOrder(_ steps: [StepDefinition]) throws -> [StepDefinition] {
        var ordered: [StepDefinition] = []
        var done: Set<String> = []
        var rest = steps
        while !rest.isEmpty {
            guard let index = rest.firstIndex(where: { $0.needs.allSatisfy(done.contains) }) else {
                throw JidokaError.invalidArgument(
                    "the steps \(rest.map { "`\($0.name)`" }.joined(separator: ", ")) need each other in a circle")
            }
            done.insert(rest[index].name)
            ordered.append(rest.remove(at: index))
        }
        return ordered
    }
}

/// One node of the graph.
package struct StepDefinition: Sendable, Hashable {
    package var name: String
    /// The command as written, with `${…}` still in it.
    package var run: String
    package var needs: [String]
    /// Files of the project whose content the step depends on: part of the cache key.
    package var inputs: [String]
    /// Whether a success is remembered: the same command on the same data, params and inputs is then not run again.
    package var cache: Bool
    /// Further attempts after the first fails; not used for exit status 3, which is a verdict and not a mishap.
    package var retries: Int
    package var timeout: Duration

    package init(
        name: String, run: String, needs: [String] = [], inputs: [String] = [], cache: Bool = false, retries: Int = 0,
        timeout: Duration = .seconds(3_600)
    ) {
        self.name = name
        self.run = run
        self.needs = needs
        self.inputs = inputs
        self.cache = cache
        self.retries = retries
        self.timeout = timeout
    }
}
