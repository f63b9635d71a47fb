import Errors
import Filters
import JSON
import Statistics
import Testing
import Tracing

@Suite struct SpanTests {
    @Test func `attribute texts are written as Python writes JSON`() {
        let value: JSONValue = ["x": [1, 2.5, nil, true, "é\n"], "nan": .double(.nan)]
        #expect(AttributeText.dump(value) == #"{"x": [1, 2.5, null, true, "é\n"], "nan": NaN}"#)
        #expect(AttributeText.load("no json") == .string("no json"))
    }

    @Test func `a figure covers what lies below it`() {
        let nodes = [
            SpanTree.Node(id: "a", parent: nil, figures: [:]), .init(id: "b", parent: "a", figures: ["t": 5]),
            .init(id: "c", parent: "b", figures: ["t": 4]), .init(id: "d", parent: "a", figures: ["t": 1]),
            .init(id: "e", parent: "lost", figures: ["t": 2]), .init(id: "f", parent: "g", figures: ["t": 9]),
            .init(id: "g", parent: "f", figures: ["t": 9]),
        ]
        #expect(SpanTree.total(nodes) == ["t": 8])
    }

    @Test(arguments: [
        "status > 'OK'", "timestamp = 'x'", "feedback.q > 'x'", "feedback.q = 1", "span.foo = 'x'", "span.content = 'x'",
        "issue.name = 'x'",
        "prompt LIKE 'x'", "prompt = 'x'", "nothing = 'x'", "metrics.x > 1", "status", "span.attributes. = 'x'",
    ]) func `a filter that means nothing is refused`(filter: String) {
        #expect(throws: JidokaError.self) { try TraceFilter.parse(filter) }
    }

    @Test func `a sort key is taken once`() throws {
        #expect(try TraceFilter.orders(["timestamp DESC", "name"]).map(\.ascending) == [false, true])
        #expect(throws: JidokaError.self) { try TraceFilter.orders(["timestamp", "timestamp_ms DESC"]) }
        #expect(throws: JidokaError.self) { try TraceFilter.orders(["span.name"]) }
    }

    /// Values of MLflow's own function for the same counts.
    @Test func `correlations agree with the reference`() {
        let found = TraceCorrelation(total: 100, first: 20, second: 15, joint: 10)
        #expect(abs(found.npmi - 0.522878745280337) < 1e-12)
        #expect(TraceCorrelation(total: 10, first: 3, second: 3, joint: 0).npmi == -1)
        #expect(TraceCorrelation(total: 10, first: 0, second: 3, joint: 0).npmi.isNaN)
        #expect(TraceCorrelation(total: 4, first: 4, second: 4, joint: 4).smoothedNPMI == 1)
    }
}
