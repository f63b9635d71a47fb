import Errors
import Filters
import Testing
import Tracking

@Suite struct RunFilterTests {
    @Test(arguments: [
        ("metrics.m > 1", RunField.metric("m")), ("metric.m > 1", .metric("m")), ("params.p = '1'", .param("p")),
        ("parameters.p = '1'", .param("p")), ("tag.t = '1'", .tag("t")), ("tags.a.b.c = '1'", .tag("a.b.c")),
        ("attributes.status = 'x'", .attribute(.status)), ("attr.status = 'x'", .attribute(.status)),
        ("run.status = 'x'", .attribute(.status)),
        ("status = 'x'", .attribute(.status)), ("`run name` = 'x'", .attribute(.name)), ("Created > 1", .attribute(.startTime)),
        ("datasets.context = 'x'", .dataset(.context)),
    ])
    func `a field is found by any of its names`(text: String, field: RunField) throws {
        #expect(try RunFilter.parse(text).leaves.map(\.field) == [field])
    }

    static let refused: [(String, String)] = [
        ("metrics.m = '1'", "Expected numeric value type for metric. Found '1'"),
        ("params.p LIKE 1", "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 1"),
        ("tags.t = 1", "Expected a quoted string value for tag (e.g. 'my-value'). Got value 1"),
        ("foo.m > 1", "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']"),
        ("status = 1", "Expected a quoted string value for attributes. Got value 1"),
        ("start_time > '1'", "Expected numeric value type for numeric attribute: start_time. Found '1'"),
        ("run_id IN (1)", "While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type"),
        ("run_id IN ('a', 1)", "While parsing a list in the query, expected string value, punctuation, or whitespace, but got different"),
        ("tags.t IN (1)", "While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type"),
        ("metrics.m IN ('a')", "Expected numeric value type for metric. Found ('a')"),
        ("run_name BETWEEN 1 AND 2", "Invalid comparator 'BETWEEN' not one of '{'!=', '=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'}'"),
        ("dataset.name = 1", "Expected a quoted string value for dataset attributes. Got value 1"),
        ("dataset.foo = 'x'", "Invalid dataset key 'foo' specified. Valid keys are '{'name', 'digest', 'context'}'"),
        ("status IS NULL", "IS NULL / IS NOT NULL is only supported for tags and params, not for 'attribute' 'status'"),
        ("lifecycle_stage = 'active'", "Invalid attribute key 'lifecycle_stage' specified."),
        ("metrics.m LIKE 1", "Invalid comparator 'LIKE' not one of '{'>', '>=', '!=', '=', '<', '<='}'"),
        ("params.p > '1'", "Invalid comparator '>' not one of '{'!=', '=', 'LIKE', 'ILIKE', 'IS NULL', 'IS NOT NULL'}'"),
        ("run_id IN 'a'", "Expected a quoted string value for attributes. Got value 'a'"),
    ]

    @Test(arguments: refused) func `a filter that makes no sense is refused in MLflow's words`(text: String, message: String) {
        let error = #expect(throws: JidokaError.self) { try RunFilter.parse(text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        "params.p = 1", "params.p IN (1, 2)", "params.p NOT BETWEEN 1 AND 2", "params.p IN ('a')", "status IN ('FINISHED', 'FAILED')",
        "metrics.m IS NULL", "metrics.m BETWEEN 0 AND 1", "start_time IN (1, 2)", "end_time IS NOT NULL", "dataset.name IS NULL",
        "NOT (tags.t NOT IN ('a') OR metrics.m IN (0.5))",
    ])
    func `what goes beyond MLflow is understood`(text: String) throws { _ = try RunFilter.parse(text) }

    @Test func `the same key twice in an order is refused`() {
        #expect(throws: JidokaError.self) { try RunFilter.orders(["metrics.m", "metrics.m DESC"]) }
        #expect(throws: JidokaError.self) { try RunFilter.orders(["dataset.name"]) }
    }

    @Test func `short names of a logged model's status are understood`() throws {
        let values = try ["READY", "FAILED", "LOGGED_MODEL_PENDING"].map {
            try LoggedModelFilter.parse("status = '\($0)'").leaves[0].value
        }
        #expect(values == [.text("LOGGED_MODEL_READY"), .text("LOGGED_MODEL_UPLOAD_FAILED"), .text("LOGGED_MODEL_PENDING")])
    }
}
