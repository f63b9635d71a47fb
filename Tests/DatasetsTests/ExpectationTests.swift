import Clockwork
import Datasets
import Errors
import JSON
import Testing

/// Not the type of that name in Testing.
typealias Expectation = Datasets.Expectation

@Suite struct ExpectationTests {
    @Test func `every name of the vocabulary can be written`() throws {
        let arguments: JSONObject = [
            "column": "AGEP", "columns": ["a", "b"], "type": "integer", "min": 0, "max": 1, "values": [1, "2", true], "regex": "^a",
        ]
        for (name, takes) in Expectation.vocabulary {
            var own = JSONObject()
            for argument in takes.map({ $0.hasSuffix("?") ? String($0.dropLast()) : $0 }) { own[argument] = arguments[argument] }
            let made = try Expectation(name: name, arguments: own)
            #expect(made.name == name)
            #expect(made.column == (takes.contains("column") ? "AGEP" : nil))
            #expect(made.mostly == 1 && made.severity == .error)
        }
    }

    @Test func `arguments become rules`() throws {
        #expect(
            try Expectation(name: "between", arguments: ["column": "AGEP", "min": 0, "max": 120.5, "mostly": 0.99, "severity": "warning"])
                == Expectation(.between(.init(min: 0, max: 120.5)), column: "AGEP", mostly: 0.99, severity: .warning))
        #expect(
            try Expectation(name: "in_set", arguments: ["column": "SEX", "values": ["1", 2, true]])
                == Expectation(.inSet([.text("1"), .number(2), .flag(true)]), column: "SEX"))
        #expect(try Expectation(name: "row_count_between", arguments: ["min": 10]) == Expectation(.rowCount(.init(min: 10))))
        #expect(
            try Expectation(name: "null_share_at_most", arguments: ["column": "x", "max": 0.1])
                == Expectation(.nullShareAtMost(0.1), column: "x"))
    }

    @Test(
        arguments: [
            ("betwen", ["column": "a", "min": 0], "unknown expectation `betwen`", "did you mean `between`?"),
            ("between", ["column": "a", "minimum": 0], "unknown argument `minimum`", "it takes: column, min, max"),
            ("between", ["colum": "a", "min": 0], "unknown argument `colum`", "did you mean `column`?"),
            ("between", ["column": "a"], "neither `min` nor `max`", "at least one"),
            ("between", ["min": 0], "`column` is missing", "column"),
            ("between", ["column": "a", "min": 2, "max": 1], "`min` is above `max`", "exchange"),
            ("between", ["column": "a", "min": "0"], "`min` must be a number", "min: 0"),
            ("not_null", ["column": "a", "mostly": 2], "`mostly` must be a share", "between 0 and 1"),
            ("column_type", ["column": "a", "type": "int"], "unknown type `int`", "integer, number, string, boolean, timestamp"),
            ("in_set", ["column": "a", "values": "x"], "`values` must be a list", "values: [a, b]"),
            ("mean_between", ["column": "a", "min": 0, "mostly": 0.5], "unknown argument `mostly`", "it takes"),
            ("unique", ["column": "a", "severity": "fatal"], "`severity` must be", "error"),
            ("columns_exist", ["columns": [1]], "list of names", "columns: [a, b]"),
            ("null_share_at_most", ["column": "a"], "`max` is missing", "between 0 and 1"),
        ] as [(String, JSONObject, String, String)])
    func `a mistake is told with what to do`(name: String, arguments: JSONObject, message: String, hint: String) {
        let error = #expect(throws: JidokaError.self) { _ = try Expectation(name: name, arguments: arguments) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        #expect(error?.hint?.contains(hint) == true, "\(error?.hint ?? "")")
    }

    @Test(arguments: [
        ("BIGINT", ColumnKind.integer), ("UTINYINT", .integer), ("DOUBLE", .number), ("DECIMAL(18,3)", .number), ("VARCHAR", .string),
        ("ENUM('a', 'b')", .string), ("BOOLEAN", .boolean), ("TIMESTAMP WITH TIME ZONE", .timestamp), ("DATE", .timestamp),
        ("INTEGER[]", .other),
        ("STRUCT(a INTEGER)", .other),
    ])
    func `types belong to families`(type: String, kind: ColumnKind) { #expect(ColumnKind(type: type) == kind) }

    @Test func `a warning that fails does not fail the result`() {
        func result(_ severity: Expectation.Severity) -> ValidationResult {
            let miss = ExpectationResult(Expectation(.notNull, column: "x", severity: severity), success: false, message: "m")
            return ValidationResult(
                id: "1", dataset: "d", digest: String(repeating: "a", count: 64), isVersion: true, rows: 1, expectations: [miss],
                checkedAt: .zero)
        }
        #expect(result(.warning).success)
        #expect(!result(.error).success)
        #expect(result(.error).json["version"] == "aaaaaaaaaaaa")
    }

    @Test(arguments: [
        ([UInt8]("PAR1".utf8), "x.csv", DatasetFormat.parquet), ([], "a.PQ", .parquet), ([0x61], "a", .csv), ([0x61], "a.csv", .csv),
    ])
    func `the format is told by the first bytes, then by the name`(bytes: [UInt8], name: String, format: DatasetFormat) {
        #expect(DatasetFormat(firstBytes: bytes, filename: name) == format)
    }
}
