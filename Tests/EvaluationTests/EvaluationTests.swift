import Errors
import Evaluation
import Filters
import JSON
import Testing

@Suite struct EvaluationTests {
    @Test(arguments: ["name > 'x'", "created_time = 'x'", "created_by IN ('x')", "nothing = 'x'", "metrics.x = 'x'", "tags.x IS NULL"])
    func `a filter that means nothing is refused`(filter: String) {
        #expect(throws: JidokaError.self) { try EvaluationFilter.parse(filter) }
    }

    @Test func `a schema keeps the first type of a field`() {
        let record = EvaluationRecord(
            id: "1", datasetID: "d", inputs: ["a": 1, "b": [true]], outputs: 0.5, expectations: ["c": nil], createdAt: 0, updatedAt: 0)
        let schema = EvaluationSchema.adding([record], to: nil)
        #expect(schema["inputs"] == ["a": "integer", "b": "array"])
        #expect(schema["outputs"] == "float")
        #expect(schema["expectations"] == ["c": "null"])
        var other = record
        other.inputs = ["a": "text", "d": [:]]
        #expect(EvaluationSchema.adding([other], to: schema)["inputs"] == ["a": "integer", "b": "array", "d": "object"])
    }
}
