import Errors
import Testing
import Tracking

@testable import MLflowAPI

@Suite struct LogBatchReaderTests {
    @Test func `a plain batch is read straight from its text`() throws {
        let text = """
            {"run_id": "r", "metrics": [{"key": "a", "value": 1, "timestamp": 5, "step": -2}, {"key": "b", "value": 0.5, "timestamp": 6}],
             "params": [{"key": "p", "value": "1"}], "tags": [{"key": "t", "value": ""}]}
            """
        let batch = try #require(LogBatchReader.batch(Array(text.utf8)))
        #expect(batch.runID == "r")
        #expect(batch.metrics == [Metric(key: "a", value: 1, timestamp: 5, step: -2), Metric(key: "b", value: 0.5, timestamp: 6)])
        #expect(batch.params == [Param(key: "p", value: "1")])
        #expect(batch.tags == [Tag(key: "t", value: "")])
    }

    @Test func `a bare NaN is a number`() throws {
        let batch = try #require(LogBatchReader.batch(Array(#"{"run_id":"r","metrics":[{"key":"a","value":NaN,"timestamp":1}]}"#.utf8)))
        #expect(batch.metrics.first?.value.isNaN == true)
    }

    /// All of these have a meaning or a refusal that the other reader knows.
    @Test(arguments: [
        #"{"metrics":[]}"#, #"{"run_uuid":"r"}"#, #"{"run_id":""}"#, #"{"runId":"r"}"#, #"{"run_id":"r","run_id":"s"}"#, #"{"run_id":1}"#,
        #"{"run_id":"r","metrics":[{"key":"a","value":"1","timestamp":1}]}"#, #"{"run_id":"r","metrics":[{"key":"a","value":1}]}"#,
        #"{"run_id":"r","metrics":[{"key":"a","value":1,"timestamp":"1"}]}"#,
        #"{"run_id":"r","metrics":[{"key":"","value":1,"timestamp":1}]}"#,
        #"{"run_id":"r","metrics":[{"key":"a","key":"b","value":1,"timestamp":1}]}"#, #"{"run_id":"r","metrics":{}}"#,
        #"{"run_id":"r","metrics":[{"key":"a","value":1,"timestamp":1,"step":1.5}]}"#,
        #"{"run_id":"r","metrics":[{"key":"a","value":1,"timestamp":1,"model_id":"m-1"}]}"#, #"{"run_id":"r","params":[{"key":"a"}]}"#,
        #"{"run_id":"r","tags":[{"key":"a","value":1}]}"#, "\"{}\"", "[]", "", "{", #"{"run_id":"r"} x"#,
    ])
    func `anything else is left to the reader that knows every form`(text: String) {
        #expect(LogBatchReader.batch(Array(text.utf8)) == nil)
    }

    @Test func `one metric is read with its run`() throws {
        let text = #"{"run_uuid":"r","run_id":"r","key":"a","value":2.5,"timestamp":7,"step":3}"#
        let (run, metric) = try #require(LogBatchReader.single(Array(text.utf8)))
        #expect(run == "r")
        #expect(metric == Metric(key: "a", value: 2.5, timestamp: 7, step: 3))
        #expect(LogBatchReader.single(Array(#"{"run_uuid":"r","key":"a","value":2.5,"timestamp":7}"#.utf8)) == nil)
    }
}
