import HTTP
import JSON
import Serving
import Testing

@testable import OpenInferenceAPI

struct MetadataTests {
    @Test func `health tells by status with an empty body`() async throws {
        let world = World()
        for path in ["/v2/health/live", "/v2/health/ready"] {
            let response = await world.send("GET", path)
            #expect(response.status == 200 && response.bytes.isEmpty)
        }
        try await world.serve()
        #expect(await world.send("GET", "/v2/models/half/ready").status == 200)
        #expect(await world.send("GET", "/v2/models/half/versions/3/ready").status == 200)
        #expect(await world.send("GET", "/v2/models/half/versions/9/ready").status == 400)
        #expect(await world.send("GET", "/v2/models/none/ready").status == 400)
        try await world.serving.create("empty", model: "m", actor: "user:test", reason: "test")
        #expect(await world.send("GET", "/v2/models/empty/ready").status == 400)
        #expect(await world.send("GET", "/v2/health/ready").status == 200, "an endpoint that waits for its first version is no fault")
    }

    @Test func `the server names itself and its extensions`() async throws {
        let response = await World().send("GET", "/v2")
        #expect(
            response.text
                == #"{"name":"jidoka","version":"0.1.0","extensions":["binary_tensor_data","classification","#
                + #""model_configuration","model_repository","parameters","statistics","system_shared_memory"]}"#
        )
    }

    @Test func `a model's metadata has its tensors and names`() async throws {
        let world = try await World().serve()
        let response = await world.send("GET", "/v2/models/half")
        let inputs = #"[{"name":"X","datatype":"FP32","shape":[-1,4]}]"#
        let outputs = #"[{"name":"label","datatype":"INT64","shape":[-1]},{"name":"probabilities","datatype":"FP32","shape":[-1,2]}]"#
        let parameters = #"{"jidoka_model":"half","jidoka_model_version":"3","feature_names":["a","b","c","d"]}"#
        #expect(
            response.text
                == #"{"name":"half","versions":["3"],"platform":"onnxruntime_onnx","inputs":\#(inputs),"#
                + #""outputs":\#(outputs),"parameters":\#(parameters)}"#
        )
        #expect(await world.send("GET", "/v2/models/half/versions/3").text == response.text)
        #expect(await world.send("GET", "/v2/models/none").status == 404)
        #expect(await world.send("GET", "/v2/models").text == #"{"models":["half"]}"#)
    }

    @Test func `the configuration speaks Triton's words`() async throws {
        let world = try await World().serve()
        let config = try JSONValue.parse(await world.send("GET", "/v2/models/half/config").bytes)
        #expect(config["name"] == "half" && config["max_batch_size"] == 64 && config["backend"] == "onnxruntime")
        #expect(config["input"] == [["name": "X", "data_type": "TYPE_FP32", "dims": [4]]])
        #expect(config["version_policy"] == ["specific": ["versions": [3]]])
        #expect(config["dynamic_batching"]?["preferred_batch_size"] == [64])
        #expect(config["instance_group"]?[0]?["name"] == "half_0")
    }

    @Test func `statistics count requests and rows`() async throws {
        let world = try await World().serve()
        for _ in 0..<3 {
            _ = await world.infer(#"{"inputs":[{"name":"X","shape":[2,4],"datatype":"FP32","data":[1,2,3,4,5,6,7,8]}]}"#)
        }
        for path in ["/v2/models/stats", "/v2/models/half/stats", "/v2/models/half/versions/3/stats"] {
            let stats = try #require(try JSONValue.parse(await world.send("GET", path).bytes)["model_stats"]?[0])
            #expect(stats["name"] == "half" && stats["version"] == "3" && stats["inference_count"] == 6 && stats["execution_count"] == 3)
            #expect(stats["inference_stats"]?["success"]?["count"] == 3 && stats["inference_stats"]?["fail"]?["count"] == 0)
            #expect(stats["batch_stats"]?[0]?["batch_size"] == 2 && stats["batch_stats"]?[0]?["compute_infer"]?["count"] == 3)
            #expect((stats["last_inference"]?.intValue ?? 0) > 0)
        }
        #expect(await world.send("GET", "/v2/models/none/stats").status == 404)
    }

    @Test func `the repository index lists what is there and what is not`() async throws {
        let world = try await World().serve()
        try await world.serving.create("empty", model: "m", actor: "user:test", reason: "test")
        let waiting = #"{"name":"empty","version":"","state":"UNAVAILABLE","reason":"no version was promoted yet"}"#
        let ready = #"{"name":"half","version":"3","state":"READY","reason":""}"#
        #expect(await world.send("POST", "/v2/repository/index").text == "[\(waiting),\(ready)]")
        #expect(await world.send("POST", "/v2/repository/index", Array(#"{"ready":true}"#.utf8)).text == "[\(ready)]")
    }
}
