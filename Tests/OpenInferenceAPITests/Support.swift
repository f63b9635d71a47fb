import Clockwork
import Conformance
import Errors
import HTTP
import Serving
import Synchronization
import Telemetry

@testable import OpenInferenceAPI

/// Ids that count.
final class CountingIDs: IDSource {
    private let count = Atomic<Int>(0)
    func next() -> String { "id\(count.wrappingAdd(1, ordering: .relaxed).newValue)" }
}

/// The whole protocol over simulated models.
struct World {
    let runtime = SimulatedModelRuntime()
    let sink = RecordingSink()
    let serving: ServingService
    let open: OpenInference
    let router: Router

    init() {
        serving = ServingService(
            store: MemoryEndpointStore(), source: runtime, runtimes: ModelRuntimes([runtime]), sink: sink, metrics: MetricsRegistry(),
            log: Logger(sink: MemorySink()), time: SystemTime(), ids: CountingIDs())
        var router = Router()
        open = OpenInference(serving: serving, version: "0.1.0")
        mountOpenInference(on: &router, open)
        self.router = router
    }

    /// An endpoint `NAME` with version 3 of a model that behaves so as its champion.
    @discardableResult
    func serve(_ name: String = "half", _ version: SimulatedModelRuntime.Version = .classifier()) async throws -> World {
        runtime.add(name, "3", version)
        try await serving.create(name, model: name, actor: "user:test", reason: "test")
        try await serving.promote("3", of: name, actor: "user:test", reason: "test")
        return self
    }

    func send(_ method: String, _ path: String, _ body: [UInt8] = [], headers: HTTPHeaders = [:]) async -> HTTPResponse {
        let request = HTTPRequest(method: method, path: path, headers: headers, body: body.isEmpty ? .empty : .bytes(body))
        return await router.respond(to: request) { error, _ in renderError(error) }
    }

    func infer(_ json: String, blob: [UInt8]? = nil, path: String = "/v2/models/half/infer") async -> HTTPResponse {
        let header: HTTPHeaders = blob == nil ? [:] : ["Inference-Header-Content-Length": String(json.utf8.count)]
        return await send("POST", path, Array(json.utf8) + (blob ?? []), headers: header)
    }
}

extension HTTPResponse {
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

func bytes<Element: BitwiseCopyable>(_ elements: [Element]) -> [UInt8] { elements.withUnsafeBytes { Array($0) } }

/// Takes one tensor of each type and gives them back.
func echo(_ type: TensorType) -> SimulatedModelRuntime.Version {
    let signature = ModelSignature(
        inputs: [TensorSpec(name: "in", type: type, shape: [-1, 2])], outputs: [TensorSpec(name: "out", type: type, shape: [-1, 2])])
    return .init(signature: signature) { batch in
        var tensor = batch.tensors[0]
        tensor.name = "out"
        return TensorBatch([tensor])
    }
}
