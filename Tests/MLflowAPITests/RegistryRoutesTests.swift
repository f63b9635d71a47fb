import Testing

/// Shapes and words as the MLflow server's, byte for byte (recorded from version 3.17.2).
@Suite struct RegistryRoutesTests {
    private let run = "00000000000000000000000000000001"

    private func with(_ body: (APIFixture) async throws -> Void) async throws {
        let fixture = try await APIFixture()
        defer { fixture.close() }
        _ = await fixture.post("runs/create", #"{"experiment_id":"0","start_time":5,"run_name":"r"}"#)
        _ = await fixture.post("registered-models/create", #"{"name":"m"}"#)
        try await body(fixture)
    }

    private func upload(_ api: APIFixture) async {
        _ = await api.send("PUT", "/api/2.0/mlflow-artifacts/artifacts/0/\(run)/artifacts/model/MLmodel", "flavors: {}", type: nil)
    }

    private func register(_ api: APIFixture) async -> (status: Int, text: String) {
        await api.post("model-versions/create", #"{"name":"m","source":"runs:/\#(run)/model","run_id":"\#(run)"}"#)
    }

    private func version(
        _ number: Int, stage: String = "None", status: String = #""READY","status_message":"not loaded""#, rest: String = #""run_link":"""#
    ) -> String {
        #"""
        {"name":"m","version":"\#(number)","creation_timestamp":1700000000000,\#
        "last_updated_timestamp":1700000000000,"current_stage":"\#(stage)","description":"",\#
        "source":"runs:/\#(run)/model","run_id":"\#(run)","status":\#(status),\#(rest)}
        """#
    }

    @Test func `a model is made and read`() async throws {
        try await with { api in
            let made = await api.post("registered-models/create", #"{"name":"n","tags":[{"key":"a","value":"b"}],"description":"d"}"#)
            let model =
                #"""
                {"name":"n","creation_timestamp":1700000000000,"last_updated_timestamp":1700000000000,\#
                "description":"d","tags":[{"key":"a","value":"b"}]}
                """#
            #expect(made == (200, #"{"registered_model":\#(model)}"#))
            #expect(await api.get("registered-models/get?name=n") == (200, #"{"registered_model":\#(model)}"#))
            #expect(await api.get("registered-models/search?filter=name%20ILIKE%20'N%25'").text == #"{"registered_models":[\#(model)]}"#)
            #expect(
                await api.post("registered-models/create", #"{"name":"n"}"#)
                    == (400, refusal("RESOURCE_ALREADY_EXISTS", "Registered Model (name=n) already exists.")))
            #expect(
                await api.get("registered-models/get?name=zz")
                    == (404, refusal("RESOURCE_DOES_NOT_EXIST", "Registered Model with name=zz not found")))
        }
    }

    @Test func `a version with files is ready, one without has failed`() async throws {
        try await with { api in
            let empty = await register(api)
            let failed =
                #""FAILED_REGISTRATION","status_message":"there is no `MLmodel` in `mlflow-artifacts:/0/\#(run)/artifacts/model`""#
            #expect(empty == (200, #"{"model_version":\#(version(1, status: failed))}"#))
            await upload(api)
            #expect(await register(api) == (200, #"{"model_version":\#(version(2))}"#))
            #expect(await api.get("model-versions/get?name=m&version=2").text == #"{"model_version":\#(version(2))}"#)
            #expect(
                await api.get("model-versions/get-download-uri?name=m&version=2").text
                    == #"{"artifact_uri":"mlflow-artifacts:/0/\#(run)/artifacts/model"}"#)
            #expect(await api.get("model-versions/search?filter=version_number%3D2").text == #"{"model_versions":[\#(version(2))]}"#)
            #expect(
                await api.get("model-versions/get?name=m&version=9")
                    == (404, refusal("RESOURCE_DOES_NOT_EXIST", "Model Version (name=m, version=9) not found")))
            #expect(
                await api.get("model-versions/get?name=m&version=abc")
                    == (400, refusal("INVALID_PARAMETER_VALUE", "Parameter 'version' must be an integer, got 'abc'.")))
        }
    }

    @Test func `stages, aliases and tags move a version`() async throws {
        try await with { api in
            await upload(api)
            for _ in 0..<2 { _ = await register(api) }
            let moved = await api.post("model-versions/transition-stage", #"{"name":"m","version":"1","stage":"production"}"#)
            #expect(moved == (200, #"{"model_version":\#(version(1, stage: "Production"))}"#))
            let archived = #"{"name":"m","version":"2","stage":"Production","archive_existing_versions":true}"#
            _ = await api.post("model-versions/transition-stage", archived)
            #expect(await api.post("registered-models/alias", #"{"name":"m","alias":"champion","version":"1"}"#) == (200, "{}"))
            let withAlias = version(1, stage: "Archived", rest: #""run_link":"","aliases":["champion"]"#)
            #expect(await api.get("registered-models/alias?name=m&alias=champion").text == #"{"model_version":\#(withAlias)}"#)
            let latest = await api.post("registered-models/get-latest-versions", #"{"name":"m","stages":["Production"]}"#)
            #expect(latest.text == #"{"model_versions":[\#(version(2, stage: "Production"))]}"#)
            #expect(
                await api.get("registered-models/get?name=m").text
                    == #"""
                    {"registered_model":{"name":"m","creation_timestamp":1700000000000,\#
                    "last_updated_timestamp":1700000000000,"latest_versions":[\#
                    \#(version(1, stage: "Archived")),\#(version(2, stage: "Production"))],\#
                    "aliases":[{"alias":"champion","version":"1"}]}}
                    """#
            )
            #expect(await api.send("DELETE", "registered-models/alias", #"{"name":"m","alias":"champion"}"#) == (200, "{}"))
            #expect(
                await api.get("registered-models/alias?name=m&alias=champion")
                    == (400, refusal("INVALID_PARAMETER_VALUE", "Registered model alias champion not found.")))
            #expect(await api.post("model-versions/set-tag", #"{"name":"m","version":"1","key":"a","value":"b"}"#) == (200, "{}"))
            let described = await api.send("PATCH", "model-versions/update", #"{"name":"m","version":"1","description":"hi"}"#)
            #expect(described.text.contains(#""description":"hi""#) && described.text.contains(#""tags":[{"key":"a","value":"b"}]"#))
        }
    }

    @Test func `a delete takes its fields from the body only`() async throws {
        try await with { api in
            #expect(await api.send("DELETE", "registered-models/delete?name=m").status == 400)
            #expect(await api.send("DELETE", "registered-models/delete", #"{"name":"m"}"#) == (200, "{}"))
            #expect(await api.get("registered-models/get?name=m").status == 404)
        }
    }

    @Test func `a rename takes everything along`() async throws {
        try await with { api in
            await upload(api)
            _ = await register(api)
            _ = await api.post("registered-models/alias", #"{"name":"m","alias":"a","version":"1"}"#)
            let renamed = await api.post("registered-models/rename", #"{"name":"m","new_name":"n"}"#)
            #expect(renamed.text.contains(#""aliases":[{"alias":"a","version":"1"}]"#))
            #expect(await api.get("model-versions/get?name=n&version=1").status == 200)
            #expect(await api.get("model-versions/get?name=m&version=1").status == 404)
        }
    }
}
