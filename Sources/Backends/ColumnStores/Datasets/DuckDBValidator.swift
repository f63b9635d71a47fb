import Clockwork
package import Columns
package import Datasets
import Errors
import JSON

/// Compiles expectations to SQL: one scan counts for all of them, then one short query fetches sample rows for each that failed.
package struct DuckDBValidator: DatasetValidator {
    private let engine: ColumnEngine

    package init(engine: ColumnEngine) { self.engine = engine }

    package func validate(_ file: DatasetFile, suite: ExpectationSuite) async throws -> (rows: Int64, results: [ExpectationResult]) {
        guard suite.expectations.count <= ExpectationSuite.countMax else {
            throw JidokaError.invalidArgument(
                "a suite of \(suite.expectations.count) expectations is larger than \(ExpectationSuite.countMax)")
        }
        return try await engine.session { session in
            try DuckDBValidator.checkPatterns(suite, session)
            return try SourceTable.with(file, session: session) { source in
                let plans = suite.expectations.map { ExpectationPlan($0, source) }
                let figures = ["count(*)"] + plans.flatMap(\.aggregates)
                let row = try session.query("SELECT \(figures.joined(separator: ",\n")) FROM \(source.relation)").row(0)
                let rows = row[0].integer ?? 0
                var at = 1
                let results = try plans.map { plan in
                    let own = Array(row[at..<at + plan.aggregates.count])
                    at += own.count
                    var result = plan.judge(own, rows: rows, source)
                    if !result.success, let condition = plan.unexpected, (result.unexpectedCount ?? 0) > 0 {
                        result.sample = try DuckDBValidator.sample(plan.expectation, condition, source, session)
                    }
                    return result
                }
                return (rows, results)
            }
        }
    }

    /// A malformed regular expression is told with the name of its expectation, before anything is read.
    private static func checkPatterns(_ suite: ExpectationSuite, _ session: ColumnSession) throws {
        for expectation in suite.expectations {
            guard case .matches(let pattern) = expectation.rule else { continue }
            do {
                _ = try session.query("SELECT regexp_matches('', \(SQLText.literal(pattern)))")
            } catch let error as JidokaError {
                throw JidokaError(
                    .invalidArgument, "the regular expression `\(pattern)` of `matches` on `\(expectation.column ?? "")` is malformed",
                    hint: "write it in RE2 syntax, https://github.com/google/re2/wiki/Syntax", cause: error)
            }
        }
    }

    private static func sample(
        _ expectation: Expectation, _ condition: String, _ source: SourceTable, _ session: ColumnSession
    ) throws -> [ExpectationResult.SampleRow] {
        let own = source.fields.filter { $0.name == expectation.column }
        let others = source.fields.filter { $0.name != expectation.column }
        let shown = (own + others).prefix(ExpectationResult.sampleCellsMax)
        let list = ([source.rowNumber] + shown.map(\.sql)).joined(separator: ", ")
        let rows = "SELECT \(list) FROM \(source.relation) WHERE \(condition) ORDER BY \(source.rowNumber)"
        let table = try session.query(rows + " LIMIT \(ExpectationResult.sampleRowsMax)")
        return (0..<table.rowCount).map { index in
            let cells = table.row(index)
            let members = zip(shown, cells.dropFirst()).map { (key: $0.name, value: $1.json) }
            return ExpectationResult.SampleRow(row: cells[0].integer ?? -1, cells: JSONObject(members))
        }
    }
}

extension ColumnValue {
    /// The cell as JSON; NaN as null, times as RFC 3339.
    var json: JSONValue {
        switch self {
        case .null: .null
        case .boolean(let value): .bool(value)
        case .integer(let value): .int(value)
        case .double(let value): value.isNaN ? .null : .double(value)
        case .string(let value): .string(String(value.prefix(200)))
        case .timestamp(let value): .string(Timestamp(microseconds: value).rfc3339)
        }
    }
}
