import Testing

/// Shapes and words as the MLflow server's, byte for byte (recorded from version 3.17.2).
@Suite struct TrackingRoutesTests {
    private func with(_ body: (APIFixture) async throws -> Void) async throws {
        let fixture = try await APIFixture()
        defer { fixture.close() }
        try await body(fixture)
    }

    private let run = "00000000000000000000000000000001"

    private func start(_ api: APIFixture) async {
        _ = await api.post("experiments/create", #"{"name":"e"}"#)
        _ = await api.post("runs/create", #"{"experiment_id":"1","start_time":5,"run_name":"r"}"#)
    }

    @Test func `service routes answer what clients ask first`() async throws {
        try await with { api in
            #expect(await api.get("/health") == (200, "OK"))
            #expect(await api.get("/version") == (200, "3.17.2"))
            #expect(
                await api.get("/api/3.0/mlflow/server-info").text
                    == #"""
                    {"store_type":"SqlStore","workspaces_enabled":false,"trace_archival_enabled":false,\#
                    "multipart_uploads_enabled":false,"multipart_downloads_enabled":false,"presigned_upload_run_id_supported":false,\#
                    "presigned_upload_model_id_supported":false,"features_enabled":{"gateway":false}}
                    """#
            )
        }
    }

    @Test func `an experiment is made, found and listed`() async throws {
        try await with { api in
            #expect(
                await api.post("experiments/create", #"{"name":"e","tags":[{"key":"a","value":"b"}]}"#) == (200, #"{"experiment_id":"1"}"#))
            let one =
                #"""
                {"experiment_id":"1","name":"e","artifact_location":"mlflow-artifacts:/1",\#
                "lifecycle_stage":"active","last_update_time":1700000000000,"creation_time":1700000000000,\#
                "tags":[{"key":"a","value":"b"}],"workspace":"default"}
                """#
            #expect(await api.get("experiments/get?experiment_id=1") == (200, #"{"experiment":\#(one)}"#))
            #expect(await api.get("experiments/get-by-name?experiment_name=e") == (200, #"{"experiment":\#(one)}"#))
            #expect(await api.get("/ajax-api/2.0/mlflow/experiments/get?experiment_id=1").status == 200)
            #expect(
                await api.post("experiments/search", #"{"max_results":10,"filter":"tags.a = 'b'"}"#) == (200, #"{"experiments":[\#(one)]}"#)
            )
            #expect(await api.post("experiments/search", #"{"max_results":10,"filter":"name = 'x'"}"#) == (200, "{}"))
        }
    }

    @Test func `a run is made, logged to and read`() async throws {
        try await with { api in
            await start(api)
            let head =
                #"""
                {"run_uuid":"\#(run)","experiment_id":"1","run_name":"r","user_id":"","status":"RUNNING",\#
                "start_time":5,"artifact_uri":"mlflow-artifacts:/1/\#(run)/artifacts",\#
                "lifecycle_stage":"active","run_id":"\#(run)"}
                """#
            #expect(await api.post("runs/log-metric", #"{"run_id":"\#(run)","key":"m","value":1.5,"timestamp":5}"#) == (200, "{}"))
            #expect(
                await api.post("runs/log-metric", #"{"run_id":"\#(run)","key":"nan","value":"NaN","timestamp":"5","step":3}"#) == (
                    200, "{}"
                ))
            #expect(
                await api.post("runs/log-metric", #"{"run_uuid":"\#(run)","key":"inf","value":-Infinity,"timestamp":6}"#) == (200, "{}"))
            #expect(await api.post("runs/log-parameter", #"{"run_id":"\#(run)","key":"p","value":""}"#) == (200, "{}"))
            #expect(await api.post("runs/set-tag", #"{"run_id":"\#(run)","key":"t","value":"v"}"#) == (200, "{}"))
            let inputs =
                #"""
                [{"tags":[{"key":"mlflow.data.context","value":"training"}],"dataset":{"name":"ds",\#
                "digest":"d1","source_type":"local","source":"{}","schema":"{}"}}]
                """#
            #expect(await api.post("runs/log-inputs", #"{"run_id":"\#(run)","datasets":\#(inputs)}"#) == (200, "{}"))
            #expect(await api.post("runs/outputs", #"{"run_id":"\#(run)","models":[{"model_id":"m-1","step":0}]}"#) == (200, "{}"))
            let data =
                #"""
                {"metrics":[{"key":"inf","value":-1.7976931348623157e+308,"timestamp":6,"step":0},{"key":"m",\#
                "value":1.5,"timestamp":5,"step":0},{"key":"nan","value":"NaN","timestamp":5,"step":3}],\#
                "params":[{"key":"p","value":""}],"tags":[{"key":"mlflow.runName","value":"r"},{"key":"t",\#
                "value":"v"}]}
                """#
            let full =
                #"""
                {"info":\#(head),"data":\#(data),"inputs":{"dataset_inputs":\#(inputs)},\#
                "outputs":{"model_outputs":[{"model_id":"m-1","step":0}]}}
                """#
            #expect(await api.get("runs/get?run_id=\(run)&run_uuid=\(run)") == (200, #"{"run":\#(full)}"#))
            #expect(await api.get("runs/get?run_uuid=\(run)").text == #"{"run":\#(full)}"#)
            #expect(await api.post("runs/search", #"{"experiment_ids":["1"],"filter":"metrics.m > 1"}"#).text == #"{"runs":[\#(full)]}"#)
            #expect(await api.post("runs/search", #"{"experiment_ids":[]}"#) == (200, "{}"))
        }
    }

    @Test func `creating and updating a run answer with what it is`() async throws {
        try await with { api in
            let made = await api.post("runs/create", #"{"experiment_id":"0","start_time":5,"run_name":"r","user_id":"al"}"#)
            let head = #"{"run_uuid":"\#(run)","experiment_id":"0","run_name":"r","user_id":"al","status":"#
            let tail = #""artifact_uri":"mlflow-artifacts:/0/\#(run)/artifacts","lifecycle_stage":"active","run_id":"\#(run)"}"#
            #expect(
                made.text
                    == #"""
                    {"run":{"info":\#(head)"RUNNING","start_time":5,\#(tail),\#
                    "data":{"tags":[{"key":"mlflow.runName","value":"r"}]},"inputs":{}}}
                    """#
            )
            let ended = await api.post("runs/update", #"{"run_id":"\#(run)","status":"FINISHED","end_time":9}"#)
            #expect(ended.text == #"{"run_info":\#(head)"FINISHED","start_time":5,"end_time":9,\#(tail)}"#)
        }
    }

    @Test func `history is paged by token or given whole`() async throws {
        try await with { api in
            await start(api)
            for step in 0..<3 {
                _ = await api.post(
                    "runs/log-metric", #"{"run_id":"\#(run)","key":"m","value":\#(step),"timestamp":\#(step),"step":\#(step)}"#)
            }
            let points = (0..<3).map { #"{"key":"m","value":\#($0).0,"timestamp":\#($0),"step":\#($0)}"# }
            let target = "metrics/get-history?run_id=\(run)&metric_key=m"
            #expect(await api.get(target).text == #"{"metrics":[\#(points.joined(separator: ","))]}"#)
            let first = await api.get(target + "&max_results=2").text
            #expect(first == #"{"metrics":[\#(points[0]),\#(points[1])],"next_page_token":"eyJvZmZzZXQiOiAyfQ=="}"#)
            #expect(await api.get(target + "&max_results=2&page_token=eyJvZmZzZXQiOiAyfQ==").text == #"{"metrics":[\#(points[2])]}"#)
            #expect(await api.get("metrics/get-history?run_id=zz&metric_key=q") == (200, "{}"))
        }
    }

    static let refusals: [(method: String, target: String, body: String?, status: Int, code: String, message: String)] = [
        (
            "POST", "experiments/create", "{}", 400, "INVALID_PARAMETER_VALUE",
            "Missing value for required parameter 'name'. See the API docs for more information about request parameters."
        ),
        (
            "POST", "experiments/create", #"{"name":123}"#, 400, "INVALID_PARAMETER_VALUE",
            """
            Invalid value 123 for parameter 'name' supplied:  Hint: Value was of type 'int'. See the API docs \
            for more information about request parameters.
            """
        ),
        (
            "POST", "experiments/create", "{not json", 400, "INVALID_PARAMETER_VALUE",
            "Missing value for required parameter 'name'. See the API docs for more information about request parameters."
        ),
        (
            "GET", "experiments/get-by-name?experiment_name=nope", nil, 404, "RESOURCE_DOES_NOT_EXIST",
            "Could not find experiment with name 'nope'"
        ),
        ("GET", "experiments/get?experiment_id=99", nil, 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=99 exists"),
        (
            "GET", "experiments/search", nil, 400, "INVALID_PARAMETER_VALUE",
            "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer"
        ),
        ("GET", "runs/get?run_id=zzz", nil, 404, "RESOURCE_DOES_NOT_EXIST", "Run with id=zzz not found"),
        (
            "POST", "runs/log-metric", #"{"run_id":"r","key":"m","value":1}"#, 400, "INVALID_PARAMETER_VALUE",
            "Missing value for required parameter 'timestamp'. See the API docs for more information about request parameters."
        ),
        (
            "POST", "runs/log-metric", #"{"run_id":"r","key":"m","value":"abc","timestamp":1}"#, 400, "INVALID_PARAMETER_VALUE",
            """
            Invalid value \\\"abc\\\" for parameter 'value' supplied:  Hint: Value was of type 'str'. See the \
            API docs for more information about request parameters.
            """
        ),
        (
            "POST", "runs/log-batch", #"{"run_id":"r","metrics":[{"key":"m","timestamp":7}]}"#, 400, "INVALID_PARAMETER_VALUE",
            "Missing value for required parameter 'metrics[0].value'. See the API docs for more information about request parameters."
        ),
        (
            "POST", "runs/log-batch", #"{"run_id":"r","metrics":5}"#, 400, "INVALID_PARAMETER_VALUE",
            """
            Invalid value 5 for parameter 'metrics' supplied:  Hint: Value was of type 'int'. See the API \
            docs for more information about request parameters.
            """
        ),
        (
            "POST", "runs/search", #"{"experiment_ids":["0"],"page_token":"zzz"}"#, 400, "INVALID_PARAMETER_VALUE",
            "Invalid page token, could not base64-decode"
        ),
        (
            "POST", "runs/log-metric", #"{"run_id":"r","runId":"r"}"#, 400, "INVALID_PARAMETER_VALUE",
            "Request specifies both 'run_id' and 'runId'; provide only one of them."
        ),
        ("GET", "logged-models/m-zz", nil, 404, "RESOURCE_DOES_NOT_EXIST", "Logged model with ID 'm-zz' not found."),
    ]

    @Test(arguments: refusals)
    func `a refusal has the reference's code and words`(
        method: String, target: String, body: String?, status: Int, code: String, message: String
    ) async throws {
        try await with { api in
            let answer = await api.send(method, target, body)
            #expect(answer == (status, refusal(code, message)))
        }
    }

    @Test func `a taken name is what register and create look for`() async throws {
        try await with { api in
            _ = await api.post("experiments/create", #"{"name":"e"}"#)
            let again = await api.post("experiments/create", #"{"name":"e"}"#)
            #expect(again.status == 400)
            #expect(again.text.hasPrefix(#"{"error_code":"RESOURCE_ALREADY_EXISTS""#))
        }
    }

    @Test func `a body without its type is refused, one encoded twice is read`() async throws {
        try await with { api in
            #expect(
                await api.send("POST", "experiments/create", #"{"name":"e"}"#, type: nil)
                    == (
                        400,
                        #"""
                        {"error_code":"INVALID_PARAMETER_VALUE","message":"Bad Request. Content-Type must be \#
                        one of ['application/json'].","sqlstate":"KAM00","error_class":"INVALID_PARAMETER_VALUE"}
                        """#
                    ))
            #expect(
                await api.send("POST", "experiments/create", #""{\"name\":\"e\"}""#, type: "application/json; charset=utf-8").text
                    == #"{"experiment_id":"1"}"#)
        }
    }

    @Test func `a logged model goes from pending to ready, with the metrics that name it`() async throws {
        try await with { api in
            await start(api)
            let id = "m-00000000000000000000000000000002"
            func model(_ status: String, _ data: String, tags: String = "") -> String {
                #"""
                {"model":{"info":{"model_id":"\#(id)","experiment_id":"1","name":"model",\#
                "creation_timestamp_ms":1700000000000,"last_updated_timestamp_ms":1700000000000,\#
                "artifact_uri":"mlflow-artifacts:/1/models/\#(id)/artifacts","status":"\#(status)",\#
                "model_type":"","source_run_id":"\#(run)"\#(tags)},"data":{\#(data)}}}
                """#
            }
            let params = #""params":[{"key":"x","value":"1"}]"#
            let body = #"{"experiment_id":"1","name":"model","source_run_id":"\#(run)","params":[{"key":"x","value":"1"}]}"#
            #expect(await api.post("logged-models", body) == (200, model("LOGGED_MODEL_PENDING", params)))
            let metric = #"{"key":"m","value":2,"timestamp":7,"step":1,"model_id":"\#(id)","dataset_name":"ds","dataset_digest":"d1"}"#
            #expect(await api.post("runs/log-batch", #"{"run_id":"\#(run)","metrics":[\#(metric)]}"#) == (200, "{}"))
            let point =
                #"""
                "metrics":[{"key":"m","value":2.0,"timestamp":7,"step":1,"dataset_name":"ds",\#
                "dataset_digest":"d1","model_id":"\#(id)","run_id":"\#(run)"}]
                """#
            let ready = await api.send("PATCH", "logged-models/\(id)", #"{"model_id":"\#(id)","status":"LOGGED_MODEL_READY"}"#)
            #expect(ready == (200, model("LOGGED_MODEL_READY", "\(params),\(point)")))
            #expect(await api.send("PATCH", "logged-models/\(id)/tags", #"{"tags":[{"key":"q","value":"r"}]}"#) == (200, "{}"))
            let tagged = model("LOGGED_MODEL_READY", "\(params),\(point)", tags: #","tags":[{"key":"q","value":"r"}]"#)
            #expect(await api.get("logged-models/\(id)") == (200, tagged))
            let found = await api.post("logged-models/search", #"{"experiment_ids":["1"],"max_results":1,"filter":"metrics.m > 1"}"#)
            #expect(found.text == #"{"models":["# + tagged.dropFirst(#"{"model":"#.count).dropLast() + "]}")
        }
    }

    @Test func `a page token of one model search is refused by another`() async throws {
        try await with { api in
            for _ in 0..<2 { _ = await api.post("logged-models", #"{"experiment_id":"0"}"#) }
            let first = await api.post("logged-models/search", #"{"experiment_ids":["0"],"max_results":1}"#).text
            let token: Substring = try #require(first.split(separator: "\"" as Character).dropLast().last)
            let second = await api.post("logged-models/search", #"{"experiment_ids":["0"],"max_results":1,"page_token":"\#(token)"}"#)
            #expect(second.text.contains("models") && !second.text.contains("next_page_token"))
            let other = await api.post("logged-models/search", #"{"experiment_ids":["1"],"max_results":1,"page_token":"\#(token)"}"#)
            #expect(other.status == 400)
        }
    }

    @Test func `an unknown path is 404 and a wrong method 405`() async throws {
        try await with { api in
            #expect(await api.get("nope").status == 404)
            #expect(await api.get("runs/create").status == 405)
        }
    }

    @Test func `the web interface finds datasets, uploads a file and reads it back`() async throws {
        try await with { api in
            await start(api)
            let run = "00000000000000000000000000000001"
            let dataset = #"{"name":"d","digest":"1","source_type":"local","source":"s"}"#
            let tags = #"[{"key":"mlflow.data.context","value":"training"}]"#
            _ = await api.post("runs/log-inputs", #"{"run_id":"\#(run)","datasets":[{"dataset":\#(dataset),"tags":\#(tags)}]}"#)
            #expect(
                await api.post("/ajax-api/2.0/mlflow/experiments/search-datasets", #"{"experiment_ids":["1","99"]}"#).text
                    == #"{"dataset_summaries":[{"experiment_id":"1","name":"d","digest":"1","context":"training"}]}"#)
            #expect(await api.post("/ajax-api/2.0/mlflow/experiments/search-datasets", #"{"experiment_ids":[]}"#).status == 400)
            let upload = "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=\(run)&path"
            #expect(await api.post("\(upload)=notes/a.txt", "hello").status == 200)
            #expect(await api.get("/get-artifact?run_id=\(run)&path=notes/a.txt").text == "hello")
            #expect(await api.post("\(upload)=../a.txt", "hello").status == 400)
            #expect(await api.post("\(upload)=big", String(repeating: "x", count: (10 << 20) + 1)).status == 413)
        }
    }

    @Test func `a body is as large as its route has need of`() async throws {
        try await with { api in
            await start(api)
            let run = "00000000000000000000000000000001"
            let long = String(repeating: "x", count: 9 << 20)
            #expect(await api.post("runs/set-tag", #"{"run_id":"\#(run)","key":"k","value":"\#(long)"}"#).status == 413)
            let dataset = #"{"name":"d","digest":"1","source_type":"local","source":"s","profile":"\#(long)"}"#
            #expect(await api.post("runs/log-inputs", #"{"run_id":"\#(run)","datasets":[{"dataset":\#(dataset)}]}"#).status == 200)
            // Values beyond their length are cut, as in MLflow, also in a body that is large because of them.
            let tags = #"[{"key":"k","value":"\#(long)"}]"#
            #expect(await api.post("runs/log-batch", #"{"run_id":"\#(run)","tags":\#(tags)}"#).status == 200)
        }
    }

    @Test(arguments: ["/graphql", "/gateway/x/invocations", "/api/3.0/mlflow/gateway/endpoints/create"])
    func `what is not spoken says so`(path: String) async throws {
        try await with { api in
            let answer = await api.post(path, "{}")
            #expect(answer.status == 501)
            #expect(answer.text.hasPrefix(#"{"error_code":"NOT_IMPLEMENTED""#))
        }
    }
}
