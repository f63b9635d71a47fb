import JSON
import Testing

/// Words and choices as the MLflow server's (3.17.2).
@Suite struct MetricHistoryRoutesTests {
    private let run = "00000000000000000000000000000001"
    private let other = "00000000000000000000000000000002"

    private func with(_ body: (APIFixture) async throws -> Void) async throws {
        let fixture = try await APIFixture()
        defer { fixture.close() }
        for name in ["a", "b"] { _ = await fixture.post("runs/create", #"{"experiment_id":"0","start_time":5,"run_name":"\#(name)"}"#) }
        let points = (0..<23).map { #"{"key":"m","value":\#(Double($0) / 2),"timestamp":\#(1_000 - $0),"step":\#($0)}"# }
        #expect(await fixture.post("runs/log-batch", #"{"run_id":"\#(run)","metrics":[\#(points.joined(separator: ","))]}"#).status == 200)
        _ = await fixture.post("runs/log-batch", #"{"run_id":"\#(other)","metrics":[{"key":"m","value":"NaN","timestamp":1,"step":3}]}"#)
        try await body(fixture)
    }

    /// Empty for what cannot be read: no answer here is.
    private func steps(_ answer: (status: Int, text: String)) -> [Int64] {
        guard let document = try? JSONValue.parse(answer.text) else { return [] }
        return document["metrics"]?.arrayValue?.compactMap { $0["step"]?.intValue } ?? []
    }

    @Test func `an interval is sampled as MLflow samples it`() async throws {
        try await with { api in
            let path = "metrics/get-history-bulk-interval?metric_key=m&run_ids=\(run)"
            #expect(await steps(api.get(path + "&max_results=5")) == [0, 5, 10, 15, 22])
            #expect(await steps(api.get(path + "&max_results=4&start_step=3&end_step=12")) == [3, 6, 9, 12])
            #expect(await steps(api.get(path)) == Array(0...22))
            #expect(await api.get(path + "&start_step=50&end_step=60") == (200, "{}"))
            let both = await api.get(path + "&run_ids=\(other)&max_results=1")
            #expect(
                both.text
                    == #"""
                    {"metrics":[{"key":"m","value":11.0,"timestamp":978,"step":22,"run_id":"\#(run)"},\#
                    {"key":"m","value":"NaN","timestamp":1,"step":3,"run_id":"\#(other)"}]}
                    """#)
            #expect(await steps(api.get("/ajax-api/2.0/mlflow/" + path + "&max_results=1")) == [22])
            #expect(await api.get("metrics/get-history-bulk-interval?metric_key=m&run_ids=none") == (200, "{}"))
        }
    }

    @Test(arguments: [
        ("run_ids=a", "Missing value for required parameter 'metric_key'."),
        ("metric_key=m", "Missing value for required parameter 'run_ids'."),
        ("run_ids=a&metric_key=m&max_results=0", "max_results must be between 1 and 2500."),
        ("run_ids=a&metric_key=m&max_results=2501", "max_results must be between 1 and 2500."),
        ("run_ids=a&metric_key=m&start_step=1", "If either start step or end step are specified, both must be specified."),
        (
            "run_ids=a&metric_key=m&start_step=5&end_step=1",
            "end_step must be greater than start_step. Found start_step=5 and end_step=1."
        ),
    ])
    func `a bad interval is refused in MLflow's words`(query: String, message: String) async throws {
        try await with { api in
            let answer = await api.get("metrics/get-history-bulk-interval?" + query)
            #expect(answer.status == 400)
            let said = try JSONValue.parse(answer.text)["message"]?.stringValue ?? ""
            #expect(said.hasPrefix(message), "\(said)")
        }
    }

    @Test func `whole histories of several runs come by run, and for the web interface only`() async throws {
        try await with { api in
            let path = "/ajax-api/2.0/mlflow/metrics/get-history-bulk?metric_key=m&run_id=\(other)&run_id=\(run)"
            let all = await steps(api.get(path))
            #expect(all.count == 24 && all.first == 22 && all.last == 3)
            #expect(await steps(api.get(path + "&max_results=2")) == [22, 21])
            #expect(await api.get("/ajax-api/2.0/mlflow/metrics/get-history-bulk?metric_key=x&run_id=a") == (200, #"{"metrics":[]}"#))
            #expect(await api.get("metrics/get-history-bulk?metric_key=m&run_id=a").status == 404)
            let many = (0...100).map { "run_id=r\($0)" }.joined(separator: "&")
            let refused = await api.get("/ajax-api/2.0/mlflow/metrics/get-history-bulk?metric_key=m&\(many)")
            #expect(refused.text.contains("GetMetricHistoryBulk request cannot specify more than 100 run_ids. Received 101 run_ids."))
        }
    }

    @Test func `a search counts and leaves out what is not asked for`() async throws {
        try await with { api in
            #expect(await api.post("runs/search", #"{"experiment_ids":["0"],"count_only":true}"#) == (200, #"{"total_count":2}"#))
            let page = try JSONValue.parse(
                await api.post(
                    "runs/search",
                    #"{"experiment_ids":["0"],"max_results":1,"order_by":["run_name"],"with_count":true,"fields":["metrics.m"]}"#
                ).text)
            #expect(page["total_count"] == 2)
            #expect(page["runs"]?.arrayValue?.count == 1)
            #expect(page["runs"]?[0]?["data"]?.objectValue?.keys == ["metrics"])
            let bare = await api.post("runs/search", #"{"experiment_ids":["0"],"fields":["info"]}"#)
            #expect(!bare.text.contains("metrics") && !bare.text.contains("tags"))
            #expect(await api.post("runs/search", #"{"experiment_ids":["0"],"fields":["metric"]}"#).status == 400)
        }
    }
}
