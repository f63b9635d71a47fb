import Clockwork
import Conformance
import Errors
import HTTP
import JSON
import Serving
import Synchronization
import Telemetry
import Testing

@testable import ScoringAPI

private final class CountingIDs: IDSource {
    private let count = Atomic<Int>(0)
    func next() -> String { "id\(count.wrappingAdd(1, ordering: .relaxed).newValue)" }
}

/// The protocol over a simulated model of a number, a whole number and a text; it answers their sum and the text.
private struct World {
    let serving: ServingService
    let router: Router
    private let runtime = SimulatedModelRuntime()

    init(endpoints: [String] = ["mixed"], declared: String? = nil) async throws {
        serving = ServingService(
            store: MemoryEndpointStore(), source: runtime, runtimes: ModelRuntimes([runtime]), sink: RecordingSink(),
            metrics: MetricsRegistry(),
            log: Logger(sink: MemorySink()), time: SystemTime(), ids: CountingIDs())
        var router = Router()
        mountScoring(on: &router, serving: serving) { declared }
        self.router = router
        let signature = ModelSignature(
            inputs: [
                TensorSpec(name: "weight", type: .fp64, shape: [-1]), TensorSpec(name: "count", type: .int64, shape: [-1]),
                TensorSpec(name: "job", type: .bytes, shape: [-1]),
            ],
            outputs: [TensorSpec(name: "sum", type: .fp64, shape: [-1]), TensorSpec(name: "said", type: .bytes, shape: [-1])])
        let mixed = SimulatedModelRuntime.Version(signature: signature) { batch in
            let sums = (0..<batch.rows).map { (batch.tensors[0].number(at: $0) ?? 0) + (batch.tensors[1].number(at: $0) ?? 0) }
            let said = (0..<batch.rows).map { batch.tensors[2].text(at: $0) ?? "" }
            return TensorBatch([
                Tensor(name: "sum", type: .fp64, shape: [batch.rows], elements: sums),
                Tensor(name: "said", shape: [batch.rows], strings: said),
            ])
        }
        for name in endpoints {
            runtime.add(name, "3", mixed)
            try await serving.create(name, model: name, actor: "user:test", reason: "test")
            try await serving.promote("3", of: name, actor: "user:test", reason: "test")
        }
    }

    func send(
        _ body: String, to path: String = "/invocations", type: String? = "application/json", method: String = "POST"
    ) async -> (status: Int, text: String, headers: HTTPHeaders) {
        var request = HTTPRequest(method: method, path: path, body: body.isEmpty ? .empty : .bytes(Array(body.utf8)))
        if let type { request.headers["content-type"] = type }
        let response = await router.respond(to: request) { error, _ in .text(error.message, status: 404) }
        return (response.status, String(decoding: response.bytes, as: UTF8.self), response.headers)
    }
}

@Suite struct ScoringTests {
    private static let wanted = #"{"predictions":[{"sum":3.5,"said":"a"},{"sum":-2.0,"said":"b,\"c"}]}"#

    @Test(arguments: [
        #"{"dataframe_split":{"columns":["job","extra","weight","count"],"data":[["a",0,1.5,2],["b,\"c",0,-3,1]]}}"#,
        #"{"dataframe_split":{"index":[7,8],"columns":["weight","count","job"],"data":[[1.5,2,"a"],[-3,1,"b,\"c"]]}}"#,
        #"{"dataframe_records":[{"weight":1.5,"count":2,"job":"a"},{"job":"b,\"c","count":1,"weight":-3.0}]}"#,
    ]) func `a table is found by its columns' names`(body: String) async throws {
        let answer = try await World().send(body, type: "application/json; charset=utf-8")
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.text == Self.wanted)
        #expect(answer.headers["x-jidoka-model-version"] == "3")
    }

    @Test func `CSV is typed by the signature`() async throws {
        let csv = "weight,count,job\r\n1.5,2,a\r\n-3,1,\"b,\"\"c\"\r\n"
        let answer = try await World().send(csv, type: "text/csv")
        #expect(answer.text == Self.wanted)
    }

    @Test(arguments: [
        #"{"instances":[{"weight":1.5,"count":2,"job":"a"}]}"#, #"{"inputs":{"weight":[1.5],"count":[2],"job":["a"]}}"#,
    ]) func `tensors are answered by name`(body: String) async throws {
        let answer = try await World().send(body)
        #expect(answer.text == #"{"predictions":{"sum":[3.5],"said":["a"]}}"#)
    }

    @Test func `a missing number is NaN, a missing whole number is refused`() async throws {
        let world = try await World()
        let missing = await world.send(#"{"dataframe_records":[{"weight":null,"count":2,"job":null}]}"#)
        #expect(missing.text == #"{"predictions":[{"sum":NaN,"said":""}]}"# || missing.text.contains("NaN"))
        let refused = await world.send(#"{"dataframe_records":[{"weight":1,"count":null,"job":"a"}]}"#)
        #expect(refused.status == 400)
        #expect(refused.text.contains("column count"))
    }

    private static let refused: [(body: String, type: String?, status: Int, says: String)] = [
        (#"[1,2]"#, "application/json", 400, "no JSON object"), (#"{"rows":[]}"#, "application/json", 400, "exactly one of"),
        (#"{"inputs":[1],"instances":[1]}"#, "application/json", 400, "several"), ("{", "application/json", 400, ""),
        (#"{"dataframe_split":{"columns":["weight"],"data":[[1]]}}"#, "application/json", 400, "Model is missing inputs ['count', 'job']"),
        (#"{"dataframe_split":{"columns":["a","count","job"],"data":[[1,1,"x"]]}}"#, "application/json", 400, "extra inputs: ['a']"),
        (#"{"dataframe_split":{"columns":["weight","count","job"],"data":[[1,1]]}}"#, "application/json", 400, "2 cells for 3 columns"),
        (#"{"dataframe_split":{"columns":["weight"]}}"#, "application/json", 400, "no `data`"),
        (#"{"dataframe_records":[{"weight":"x","count":1,"job":"a"}]}"#, "application/json", 400, "column weight"),
        (#"{"dataframe_records":[{"weight":1,"count":1.5,"job":"a"}]}"#, "application/json", 400, "column count"),
        (#"{"dataframe_records":[{"weight":1,"count":1,"job":5}]}"#, "application/json", 400, "column job"),
        (#"{"dataframe_records":[]}"#, "application/json", 400, "no rows"),
        (#"{"dataframe_records":[1],"params":{}}"#, "application/json", 400, "list of objects"),
        (#"{"dataframe_records":[{"weight":1,"count":1,"job":"a"}],"params":{"t":1}}"#, "application/json", 400, "params"),
        ("weight,count,job\n1,2", "text/csv", 400, "line 2"), ("weight,count,job\n1,2,\"a", "text/csv", 400, "not closed"),
        ("x", "text/csv", 400, "no rows"),
        ("{}", nil, 415, "content types"), ("{}", "application/xml", 415, "content types"),
        ("{}", "application/json; charset=latin1", 415, "charset"),
    ]

    @Test(arguments: 0..<refused.count) func `what cannot be read is the caller's mistake`(index: Int) async throws {
        let (body, type, status, says) = Self.refused[index]
        let answer = try await World().send(body, type: type)
        #expect(answer.status == status, "\(body): \(answer.text)")
        #expect(answer.text.contains(says), "\(body): \(answer.text)")
        #expect(answer.text.contains(#""error_code":"BAD_REQUEST""#))
    }

    @Test func `paths without a name ask the declared endpoint, else the only one`() async throws {
        let body = #"{"dataframe_records":[{"weight":1,"count":1,"job":"a"}]}"#
        let several = try await World(endpoints: ["one", "two"])
        let unclear = await several.send(body)
        #expect(unclear.status == 400 && unclear.text.contains("/endpoints/NAME/invocations"))
        #expect(await several.send(body, to: "/endpoints/two/invocations").status == 200)
        #expect(await several.send(body, to: "/endpoints/three/invocations").status == 404)
        #expect(await several.send("", to: "/ping", method: "GET").status == 404)
        let declared = try await World(endpoints: ["one", "two"], declared: "two")
        #expect(await declared.send(body).status == 200)
        let ping = await declared.send("", to: "/ping", method: "GET")
        #expect(ping.status == 200 && ping.text == "\n")
        let none = try await World(endpoints: [])
        #expect(await none.send(body).status == 404)
    }

    @Test func `features in their order are answered with the version`() async throws {
        let world = try await World()
        let answer = await world.send(#"{"features":[[1.5,2,"a"],[1,1,"b"]]}"#, to: "/predict")
        let id = answer.headers["x-jidoka-prediction-id"] ?? ""
        #expect(answer.text == #"{"predictions":[3.5,2.0],"model_version":"3","prediction_id":"\#(id)"}"#)
        let one = await world.send(#"{"features":[1.5,2,"a"]}"#, to: "/predict")
        #expect(one.text.hasPrefix(#"{"predictions":[3.5],"#))
        let wrong = await world.send(#"{"features":[[1.5,2]]}"#, to: "/predict")
        #expect(wrong.status == 400 && wrong.text.contains("has 2 features, but the model takes 3"))
        #expect(await world.send("{}", to: "/predict").status == 400)
    }
}
