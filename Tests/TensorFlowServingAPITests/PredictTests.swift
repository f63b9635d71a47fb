import Clockwork
import Conformance
import Errors
import HTTP
import JSON
import Serving
import Synchronization
import Telemetry
import Testing

@testable import TensorFlowServingAPI

private final class CountingIDs: IDSource {
    private let count = Atomic<Int>(0)
    func next() -> String { "id\(count.wrappingAdd(1, ordering: .relaxed).newValue)" }
}

/// The protocol over simulated models; version 3 answers.
private struct World {
    let runtime = SimulatedModelRuntime()
    let sink = RecordingSink()
    let serving: ServingService
    let router: Router

    init(_ version: SimulatedModelRuntime.Version = .classifier()) async throws {
        serving = ServingService(
            store: MemoryEndpointStore(), source: runtime, runtimes: ModelRuntimes([runtime]), sink: sink, metrics: MetricsRegistry(),
            log: Logger(sink: MemorySink()), time: SystemTime(), ids: CountingIDs())
        var router = Router()
        mountTensorFlowServing(on: &router, serving: serving)
        self.router = router
        runtime.add("half", "3", version)
        try await serving.create("half", model: "half", actor: "user:test", reason: "test")
        try await serving.promote("3", of: "half", actor: "user:test", reason: "test")
    }

    func send(_ method: String, _ path: String, _ body: String = "") async -> (status: Int, text: String, headers: HTTPHeaders) {
        let request = HTTPRequest(method: method, path: path, body: body.isEmpty ? .empty : .bytes(Array(body.utf8)))
        let response = await router.respond(to: request) { error, _ in .text(error.message, status: 404) }
        return (response.status, String(decoding: response.bytes, as: UTF8.self), response.headers)
    }

    func predict(_ body: String, _ path: String = "/v1/models/half:predict") async -> (status: Int, text: String, headers: HTTPHeaders) {
        await send("POST", path, body)
    }
}

/// Two columns of different types in, one number out: their product and the text's length.
private func twoColumns() -> SimulatedModelRuntime.Version {
    let signature = ModelSignature(
        inputs: [TensorSpec(name: "age", type: .int64, shape: [-1, 1]), TensorSpec(name: "job", type: .bytes, shape: [-1, 1])],
        outputs: [TensorSpec(name: "value", type: .fp32, shape: [-1, 1])])
    return .init(signature: signature) { batch in
        let values = (0..<batch.rows).map { row in
            Float((batch.tensors[0].number(at: row) ?? 0) + Double(batch.tensors[1].text(at: row)?.utf8.count ?? 0))
        }
        return TensorBatch([Tensor(name: "value", shape: [batch.rows, 1], floats: values)])
    }
}

/// Gives its one FP32 input back under the name of the output.
private func echo(_ shape: [Int], type: TensorType = .fp32, output: String = "out") -> SimulatedModelRuntime.Version {
    let signature = ModelSignature(
        inputs: [TensorSpec(name: "in", type: type, shape: shape)], outputs: [TensorSpec(name: output, type: type, shape: shape)])
    return .init(signature: signature) { batch in
        var tensor = batch.tensors[0]
        tensor.name = output
        return TensorBatch([tensor])
    }
}

struct PredictTests {
    @Test func `rows with several outputs come back as objects`() async throws {
        let world = try await World()
        let response = await world.predict(#"{"signature_name":"serving_default","instances":[[1,2,3,4],[0,0,0,0.6]]}"#)
        #expect(response.status == 200)
        #expect(
            response.text
                == #"{"predictions":[{"label":10,"probabilities":[0.25,0.75]},{"label":1,"probabilities":[0.25,0.75]}]}"#)
        #expect(response.headers["x-jidoka-prediction-id"] == "id2")
        #expect(response.headers["x-jidoka-model-version"] == "3" && response.headers["x-jidoka-route"] == "champion")
        #expect(world.sink.records.map(\.id) == ["id2-0", "id2-1"])
    }

    @Test func `columns come back as columns`() async throws {
        let world = try await World()
        let response = await world.predict(#"{"inputs":{"X":[[1,2,3,4]]}}"#, "/v1/models/half/versions/3:predict")
        #expect(response.text == #"{"outputs":{"label":[10],"probabilities":[[0.25,0.75]]}}"#)
        #expect(response.headers["x-jidoka-route"] == "version")
        #expect(await world.predict(#"{"inputs":[[1,2,3,4]]}"#).text == response.text)
    }

    @Test func `rows of named values are cast to the inputs' types`() async throws {
        let world = try await World(twoColumns())
        let flat = await world.predict(#"{"instances":[{"age":1.0,"job":"abc"},{"job":"","age":40}]}"#)
        #expect(flat.text == #"{"predictions":[[4.0],[40.0]]}"#, "plain values fit inputs of one column")
        #expect(await world.predict(#"{"instances":[{"age":[1],"job":["abc"]},{"age":[40],"job":[""]}]}"#).text == flat.text)
        #expect(await world.predict(#"{"inputs":{"age":[1,40],"job":[["abc"],[""]]}}"#).text == #"{"outputs":[[4.0],[40.0]]}"#)
        #expect(await world.predict(#"{"instances":[{"age":1,"job":{"b64":"YWJj"}}]}"#).text == #"{"predictions":[[4.0]]}"#)
    }

    @Test func `NaN and the infinities are bare words both ways`() async throws {
        let world = try await World(echo([-1, 3]))
        #expect(await world.predict(#"{"instances":[[NaN,Infinity,-Infinity]]}"#).text == #"{"predictions":[[NaN,Infinity,-Infinity]]}"#)
    }

    @Test func `one output of one value a row is a list of bare values`() async throws {
        let world = try await World(echo([-1]))
        #expect(await world.predict(#"{"instances":[1,2.5]}"#).text == #"{"predictions":[1.0,2.5]}"#)
    }

    @Test func `more dimensions nest`() async throws {
        let world = try await World(echo([-1, 2, 2]))
        let tensor = "[[[1.0,2.0],[3.0,4.0]],[[5.0,6.0],[7.0,8.0]]]"
        #expect(await world.predict(#"{"instances":\#(tensor)}"#).text == #"{"predictions":\#(tensor)}"#)
        #expect(await world.predict(#"{"inputs":\#(tensor)}"#).text == #"{"outputs":\#(tensor)}"#)
    }

    @Test(arguments: [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("é?>", "w6k/Pg==")])
    func `names that end with _bytes are base64`(text: String, encoded: String) async throws {
        let world = try await World(echo([-1], type: .bytes, output: "raw_bytes"))
        let answer = #"{"predictions":[{"b64":"\#(encoded)"}]}"#
        #expect(await world.predict(#"{"instances":["\#(text)"]}"#).text == answer)
        #expect(await world.predict(#"{"instances":[{"b64":"\#(encoded)"}]}"#).text == answer)
    }

    @Test func `examples of named inputs are regressed`() async throws {
        let world = try await World(twoColumns())
        let body = #"{"context":{"job":"abc"},"examples":[{"age":1},{"age":[40],"job":"x"}]}"#
        #expect(await world.send("POST", "/v1/models/half:regress", body).text == #"{"results":[4.0,41.0]}"#)
        #expect(await world.send("POST", "/v1/models/half:classify", body).status == 400)
    }

    @Test func `examples of features side by side are classified`() async throws {
        let world = try await World()
        let body = #"{"examples":[{"a":1,"b":2,"c":3,"d":4}]}"#
        let answer = await world.send("POST", "/v1/models/half/versions/3:classify", body)
        #expect(answer.text == #"{"results":[[["0",0.25],["1",0.75]]]}"#)
        #expect(answer.headers["x-jidoka-route"] == "version")
        #expect(await world.send("POST", "/v1/models/half:regress", body).status == 400)
    }

    @Test func `a label stands for a version in memory`() async throws {
        let world = try await World()
        world.runtime.add("half", "4", .classifier())
        world.runtime.alias("gold", "half", "3")
        world.runtime.alias("old", "half", "2")
        let body = #"{"instances":[[1,2,3,4]]}"#
        for label in ["champion", "stable", "gold"] {
            let answer = await world.predict(body, "/v1/models/half/labels/\(label):predict")
            #expect(answer.status == 200 && answer.headers["x-jidoka-model-version"] == "3")
        }
        for label in ["challenger", "old", "none"] {
            let answer = await world.predict(body, "/v1/models/half/labels/\(label):predict")
            #expect(answer.status == 404 && answer.text.contains("version label: \(label)"))
        }
        try await world.serving.setChallenger("4", percent: 10, of: "half", actor: "user:test", reason: "test")
        #expect(await world.predict(body, "/v1/models/half/labels/canary:predict").headers["x-jidoka-model-version"] == "4")
    }

    @Test(arguments: [
        ("", "malformed JSON"), ("[]", "must be a JSON object"), ("{}", "Missing 'inputs' or 'instances' key"),
        (#"{"instances":[[1,2,3,4]],"inputs":[[1,2,3,4]]}"#, "not both"), (#"{"instances":[]}"#, "at least one row"),
        (#"{"instances":1}"#, "at least one row"), (#"{"instances":[[1,2,3,4],[1,2]]}"#, "differ in length"),
        (#"{"instances":[[1,2,3]]}"#, "unexpected shape"), (#"{"instances":[["a",2,3,4]]}"#, "input 'X'"),
        (#"{"instances":[{"Y":[1,2,3,4]}]}"#, "unexpected input 'Y'"),
        (#"{"instances":[{"X":[1,2,3,4]},[1]]}"#, "an instance has no input 'X'"),
        (#"{"inputs":{"X":[[1,2,3,4]],"Z":1}}"#, "unexpected input 'Z'"),
        (#"{"instances":[{"X":[1,2,3,4]},{"X":[1,2]}]}"#, "differ in length"),
    ])
    func `a client's mistake is 400 with the reason`(body: String, message: String) async throws {
        let world = try await World()
        let response = await world.predict(body)
        #expect(response.status == 400)
        let error = try #require(try JSONValue.parse(response.text)["error"]?.stringValue)
        #expect(error.contains(message), "\(error)")
    }

    @Test func `an integer input takes whole numbers only`() async throws {
        let world = try await World(twoColumns())
        #expect(await world.predict(#"{"instances":[{"age":1.5,"job":"a"}]}"#).status == 400)
        #expect(await world.predict(#"{"instances":[[1,2]]}"#).text.contains("the model has 2 inputs: name each one"))
    }

    @Test func `unknown models and versions are 404`() async throws {
        let world = try await World()
        #expect(await world.predict(#"{"instances":[1]}"#, "/v1/models/none:predict").status == 404)
        #expect(await world.predict(#"{"instances":[1]}"#, "/v1/models/half/versions/9:predict").status == 404)
        for path in ["/v1/models/none", "/v1/models/none/metadata", "/v1/models/half/versions/9"] {
            let response = await world.send("GET", path)
            #expect(response.status == 404 && response.text.hasPrefix(#"{"error":"#))
        }
    }
}

struct StatusTests {
    @Test func `one status body serves KServe v1 and TensorFlow-Serving`() async throws {
        let world = try await World()
        let state = #""model_version_status":[{"version":"3","state":"AVAILABLE","status":{"error_code":"OK","error_message":""}}]"#
        #expect(await world.send("GET", "/v1/models/half").text == #"{"name":"half","ready":true,\#(state)}"#)
        #expect(await world.send("GET", "/v1/models/half/versions/3").text == "{\(state)}")
        #expect(await world.send("GET", "/v1/models").text == #"{"models":["half"]}"#)
    }

    @Test func `metadata is a TensorFlow signature`() async throws {
        let world = try await World()
        let metadata = try JSONValue.parse(await world.send("GET", "/v1/models/half/metadata").text)
        #expect(metadata["model_spec"] == ["name": "half", "signature_name": "", "version": "3"])
        let signature = metadata["metadata"]?["signature_def"]?["signature_def"]?["serving_default"]
        #expect(signature?["inputs"]?["X"]?["dtype"] == "DT_FLOAT")
        #expect(signature?["inputs"]?["X"]?["tensor_shape"]?["dim"]?[1]?["size"] == "4")
        #expect(signature?["outputs"]?["label"]?["dtype"] == "DT_INT64")
        #expect(signature?["method_name"] == "tensorflow/serving/predict")
    }
}
