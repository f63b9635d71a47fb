import HTTP
import JSON
import Serving

func configurationRoutes(_ serving: ServingService) -> [HTTP.Route] {
    modelRoute("GET", "/config", "A model's configuration in Triton's words.") { request in
        .json(configuration(try serving.model(try request.parameter("model"), version: request.parameters["version"])))
    }
}

/// Triton's words for who runs a model: none, and its `python` backend, for models of the Python pool.
func platform(_ model: ServedModelDescription) -> String { model.flavor == "python_function" ? "" : "onnxruntime_onnx" }
private func backend(_ model: ServedModelDescription) -> String { model.flavor == "python_function" ? "python" : "onnxruntime" }

/// Triton's ModelConfig as JSON: proto field names, enums as names, numbers as numbers, and only fields that are true of this server.
func configuration(_ model: ServedModelDescription) -> JSONValue {
    let batchable = model.signature.isBatchable
    let batching = model.batching
    func dimensions(_ spec: TensorSpec) -> JSONValue {
        .array((batchable ? Array(spec.shape.dropFirst()) : spec.shape).map { .int(Int64($0)) })
    }
    func dataType(_ type: TensorType) -> JSONValue { .string("TYPE_" + (type == .bytes ? "STRING" : type.rawValue)) }
    func tensors(_ specs: [TensorSpec]) -> JSONValue {
        .array(specs.map { ["name": .string($0.name), "data_type": dataType($0.type), "dims": dimensions($0)] })
    }
    let group: JSONValue = [
        "name": .string(model.endpoint + "_0"), "kind": "KIND_CPU", "count": .int(Int64(batching.instances)),
    ]
    var config: JSONObject = [
        "name": .string(model.endpoint), "platform": .string(platform(model)), "backend": .string(backend(model)),
        "version_policy": ["specific": ["versions": .array([Int64(model.version).map { .int($0) } ?? .string(model.version)])]],
        "max_batch_size": .int(batchable ? Int64(batching.rowsMax) : 0), "input": tensors(model.signature.inputs),
        "output": tensors(model.signature.outputs), "instance_group": .array([group]),
        "default_model_filename": model.flavor == "python_function" ? "MLmodel" : "model.onnx",
    ]
    if batchable {
        let preferred = batching.preferred.isEmpty ? [batching.rowsMax] : batching.preferred
        config["dynamic_batching"] = [
            "preferred_batch_size": .array(preferred.map { .int(Int64($0)) }),
            "max_queue_delay_microseconds": .int(Int64(batching.delayMicroseconds)),
            "default_queue_policy": [
                "timeout_action": "REJECT", "default_timeout_microseconds": .int(Int64(batching.timeoutMicroseconds)),
                "allow_timeout_override": true, "max_queue_size": .int(Int64(batching.queueMax)),
            ],
        ]
    }
    return .object(config)
}
