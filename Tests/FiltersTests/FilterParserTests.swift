import Errors
import Filters
import Testing

@Suite struct FilterParserTests {
    static let readable: [(String, [FilterComparison])] = [
        ("", []),
        (
            "metrics.accuracy > 0.9",
            [.init(field: .init(entity: "metrics", key: "accuracy"), comparator: .greater, value: .number(0.9, written: "0.9"))]
        ),
        (
            "metrics.a>-1e-3",
            [.init(field: .init(entity: "metrics", key: "a"), comparator: .greater, value: .number(-1e-3, written: "-1e-3"))]
        ),
        ("params.\"max depth\" = '5'", [.init(field: .init(entity: "params", key: "max depth"), comparator: .equal, value: .text("5"))]),
        (
            "tags.`mlflow.user` != \"al\"",
            [.init(field: .init(entity: "tags", key: "mlflow.user"), comparator: .notEqual, value: .text("al"))]
        ),
        (
            "tags.mlflow.source.name LIKE '%x'",
            [.init(field: .init(entity: "tags", key: "mlflow.source.name"), comparator: .like, value: .text("%x"))]
        ),
        ("params.a IS NOT NULL", [.init(field: .init(entity: "params", key: "a"), comparator: .isNotNull, value: .none)]),
        ("Run name = 'x'", [.init(field: .init(entity: nil, key: "run name"), comparator: .equal, value: .text("x"))]),
        ("run_id not in ('a', 'b')", [.init(field: .init(entity: nil, key: "run_id"), comparator: .notIn, value: .list(["a", "b"]))]),
        ("name = 'it''s'", [.init(field: .init(entity: nil, key: "name"), comparator: .equal, value: .text("it's"))]),
        (
            "metrics.a <= 1 and params.b ilike 'c'",
            [
                .init(field: .init(entity: "metrics", key: "a"), comparator: .lessOrEqual, value: .number(1, written: "1")),
                .init(field: .init(entity: "params", key: "b"), comparator: .ilike, value: .text("c")),
            ]
        ),
    ]

    @Test(arguments: readable) func `a filter is read into its comparisons`(text: String, expected: [FilterComparison]) throws {
        #expect(try FilterParser.parse(text).leaves == expected)
    }

    static let refused: [(String, String)] = [
        ("(metrics.a > 1", "Invalid clause(s) in filter string: '('"),
        ("metrics.a > 1)", "Invalid clause(s) in filter string: ')'"),
        ("()", "Invalid clause(s) in filter string: ')'"),
        ("metrics.a > 1 OR", "Invalid clause(s) in filter string: 'OR'"),
        ("OR metrics.a > 1", "Invalid clause(s) in filter string: 'OR'"),
        ("NOT", "Invalid clause(s) in filter string: 'NOT'"),
        ("metrics.a BETWEEN 1", "BETWEEN takes two numbers"),
        ("metrics.a NOT BETWEEN 'a' AND 'b'", "NOT BETWEEN takes two numbers"),
        ("metrics.a", "Invalid clause(s) in filter string: 'metrics.a'"),
        ("metrics.a > 1 metrics.b > 2", "Invalid clause(s) in filter string: 'metrics.b'"),
        ("metrics.a > 1 AND", "Invalid clause(s) in filter string: 'AND'"),
        ("metrics.a >", "Invalid comparison clause. Expected 3 tokens found 2"),
        ("params.a = b", "Invalid comparison clause. Expected value token found 'b'"),
        ("run_id IN ('a'", "Invalid clause(s) in filter string: '('"),
        ("params.a = 'open", "Invalid clause(s) in filter string: ''open'"),
        ("metrics.a > 1; DROP TABLE runs", "Invalid clause(s) in filter string: ';'"),
    ]

    @Test(arguments: refused) func `a filter that cannot be read names the clause`(text: String, message: String) {
        let error = #expect(throws: JidokaError.self) { try FilterParser.parse(text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message == message)
    }

    /// The tree in words: leaves by the name of their key.
    private func words(_ tree: FilterTree<FilterComparison>) -> String {
        switch tree {
        case .leaf(let comparison): comparison.field.key
        case .all(let parts): "(" + parts.map(words).joined(separator: " and ") + ")"
        case .any(let parts): "(" + parts.map(words).joined(separator: " or ") + ")"
        case .not(let part): "not " + words(part)
        }
    }

    @Test(arguments: [
        ("a = 1 OR b = 2", "(a or b)"), ("a = 1 or b = 2 and c = 3", "(a or (b and c))"),
        ("(a = 1 OR b = 2) AND c = 3", "((a or b) and c)"),
        ("NOT a = 1 AND b = 2", "(not a and b)"), ("NOT (a = 1 AND b = 2)", "not (a and b)"), ("NOT NOT a = 1", "not not a"),
        ("((a = 1))", "a"), ("a BETWEEN 1 AND 2 AND b = 3", "(a and b)"), ("a NOT IN (1, 2.5) OR NOT b IN ('x')", "(a or not b)"),
    ])
    func `NOT binds before AND, and AND before OR`(text: String, tree: String) throws {
        #expect(try words(FilterParser.parse(text)) == tree)
    }

    @Test(arguments: [
        ("a IN (1, -2.5)", FilterComparator.isIn, FilterLiteral.numbers([1, -2.5])),
        ("a BETWEEN -1 AND 2e3", .between, .range(-1, 2_000)), ("a not between 0 and 1", .notBetween, .range(0, 1)),
    ])
    func `lists and ranges of numbers are read`(text: String, comparator: FilterComparator, value: FilterLiteral) throws {
        let leaf = try #require(try FilterParser.parse(text).leaves.first)
        #expect(leaf.comparator == comparator)
        #expect(leaf.value == value)
    }

    @Test func `deep nesting is refused, not followed`() throws {
        let deep = String(repeating: "(", count: 10_000) + "a = 1" + String(repeating: ")", count: 10_000)
        #expect(throws: JidokaError.self) { try FilterParser.parse(deep) }
        #expect(throws: JidokaError.self) { try FilterParser.parse(String(repeating: "NOT ", count: 10_000) + "a = 1") }
        let fine = String(repeating: "(", count: 30) + "a = 1" + String(repeating: ")", count: 30)
        #expect(try FilterParser.parse(fine).leaves.count == 1)
    }

    @Test func `more than a hundred comparisons are refused`() throws {
        let many = Array(repeating: "a = 1", count: 101)
        #expect(throws: JidokaError.self) { try FilterParser.parse(many.joined(separator: " OR ")) }
        #expect(try FilterParser.parse(many.dropLast().joined(separator: " OR ")).leaves.count == 100)
    }

    @Test(arguments: [
        ("5", 5.0), ("-0.5", -0.5), ("+1e3", 1_000), (".5", 0.5), ("1e-05", 1e-5), ("007", 7),
    ])
    func `texts that are numbers are read as such`(text: String, number: Double) { #expect(FilterNumber.read(text) == number) }

    @Test(arguments: ["", "abc", "nan", "inf", "Infinity", "0x10", "1e999", " 5", "5 ", "5abc", "--1", "1e", "e5", "-", "1,5", "True"])
    func `texts that are no numbers are not`(text: String) { #expect(FilterNumber.read(text) == nil) }

    @Test(arguments: [
        ("metrics.m", FilterOrdering(field: .init(entity: "metrics", key: "m"), ascending: true)),
        ("metrics.`a b` DESC", FilterOrdering(field: .init(entity: "metrics", key: "a b"), ascending: false)),
        ("attributes.start_time asc", FilterOrdering(field: .init(entity: "attributes", key: "start_time"), ascending: true)),
        ("start_time", FilterOrdering(field: .init(entity: nil, key: "start_time"), ascending: true)),
    ])
    func `a sort key is read with its direction`(text: String, expected: FilterOrdering) throws {
        #expect(try FilterParser.ordering(text) == expected)
    }

    @Test func `a sort key with an unknown direction is refused`() {
        let error = #expect(throws: JidokaError.self) { try FilterParser.ordering("metrics.m DESCC") }
        #expect(error?.message == "Invalid ordering key in order_by clause 'metrics.m DESCC'.")
    }

    @Test func `any bytes are read or refused, never trapped on`() {
        let alphabet = Array("ab.'\"`=<>!() ,-+1e9ANDORNOTLIKE\n")
        var state: UInt64 = 7
        for _ in 0..<20_000 {
            var text = ""
            for _ in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text.append(alphabet[Int(state >> 33) % alphabet.count])
            }
            do { _ = try FilterParser.parse(text) } catch { #expect(error is JidokaError) }
            do { _ = try FilterParser.ordering(text) } catch { #expect(error is JidokaError) }
        }
    }
}
