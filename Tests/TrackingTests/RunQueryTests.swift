import Errors
import Testing
import Tracking

@Suite struct RunQueryTests {
    /// Recorded from `mlflow server` 3.17.2: 23 points at steps 0 to 22, sampled by `metrics/get-history-bulk-interval`.
    @Test(arguments: [
        (23, 5, [0, 5, 10, 15, 22]), (23, 1, [22]), (23, 2, [0, 22]), (10, 4, [0, 3, 6, 9]), (7, 3, [0, 3, 6]),
        (23, 22, [0] + Array(2...22)), (23, 23, Array(0...22)), (3, 10, [0, 1, 2]), (0, 5, []),
    ])
    func `the points of a chart are those that MLflow chooses`(count: Int, limit: Int, places: [Int]) {
        #expect(MetricSampling.places(of: count, atMost: limit) == places)
    }

    @Test func `a sample has no more points than wanted, each once, with both ends`() {
        for count in [1, 2, 99, 100, 101, 1_000, 12_345] {
            for limit in [1, 2, 3, 7, 100, 2_500] {
                let places = MetricSampling.places(of: count, atMost: limit)
                #expect(places.count == min(count, limit))
                #expect(places.last == count - 1)
                #expect(limit == 1 || places.first == 0)
                #expect(Set(places).count == places.count && places == places.sorted())
            }
        }
    }

    private func info(_ id: String) -> RunInfo {
        RunInfo(id: id, experimentID: "0", name: id, userID: "", status: .running, startTime: 0, artifactURI: "")
    }

    private func drawn(_ tree: RunTree) -> String {
        tree.run.id + (tree.children.isEmpty ? "" : "(\(tree.children.map(drawn).joined(separator: " ")))")
    }

    @Test(
        arguments: [
            ([("a", nil), ("b", "a"), ("c", "b"), ("d", "a"), ("e", nil)], "a(b(c) d) e"), ([("b", "gone"), ("c", "b")], "b(c)"),
            ([("a", "a")], "a"), ([("a", "b"), ("b", "a"), ("c", "b")], "a(b(c))"), ([], ""),
        ] as [([(String, String?)], String)])
    func `runs form trees, whatever their tags say`(runs: [(String, String?)], expected: String) {
        let forest = RunTree.forest(runs.map { (info($0.0), $0.1) })
        #expect(forest.map(drawn).joined(separator: " ") == expected)
        #expect(forest.reduce(0) { $0 + $1.count } == runs.count)
    }

    @Test func `fields name whole groups or single keys`() throws {
        #expect(try RunFields([]) == .everything)
        #expect(try RunFields(["info"]) == RunFields())
        #expect(try RunFields(["metrics.a.b", "metrics.c", "tags"]) == RunFields(metrics: .some(["a.b", "c"]), tags: .all))
        #expect(try RunFields(["params", "params.a", "inputs", "outputs"]) == RunFields(params: .all, inputs: true, outputs: true))
        for wrong in ["metric", "", "info.x", "inputs.a", ".a"] {
            #expect(throws: JidokaError.self) { try RunFields([wrong]) }
        }
        #expect(throws: JidokaError.self) { try RunFields(Array(repeating: "info", count: 201)) }
    }

    @Test func `a tree goes as deep as runs are nested`() async throws {
        let fixture = try await TrackingFixture()
        defer { fixture.close() }
        var parent: String?
        var ids: [String] = []
        for start in 0..<5 as Range<Int64> {
            let tags = parent.map { [Tag(key: ReservedTag.parent, value: $0)] } ?? []
            let run = try await fixture.service.createRun(experimentID: "0", startTime: start, tags: tags, actor: "user:test")
            ids.append(run.info.id)
            parent = run.info.id
        }
        let other = try await fixture.service.createRun(experimentID: "0", startTime: 9, actor: "user:test")
        let tree = try await fixture.service.runTree(id: ids[1])
        #expect(drawn(tree) == "\(ids[1])(\(ids[2])(\(ids[3])(\(ids[4]))))")
        let forest = try await fixture.service.runForest(experimentID: "0")
        #expect(forest.map(\.run.id) == [ids[0], other.info.id])
        #expect(forest.first?.count == 5)
        let error = await #expect(throws: JidokaError.self) { try await fixture.service.runTree(id: "none") }
        #expect(error?.code == .notFound)
    }
}
