import HTTP
import JSON
import Serving

func metadataRoutes(_ serving: ServingService) -> [HTTP.Route] {
    ["/v1/models/{model}/metadata", "/v1/models/{model}/versions/{version}/metadata"].map { pattern in
        route("GET", pattern, "A model's inputs and outputs as a TensorFlow signature.") { request in
            .json(metadata(try serving.model(try request.parameter("model"), version: request.parameters["version"])))
        }
    }
}

private func metadata(_ model: ServedModelDescription) -> JSONValue {
    let signature: JSONValue = [
        "inputs": tensors(model.signature.inputs), "outputs": tensors(model.signature.outputs), "method_name": "tensorflow/serving/predict",
    ]
    return [
        "model_spec": ["name": .string(model.endpoint), "signature_name": "", "version": .string(model.version)],
        "metadata": ["signature_def": ["signature_def": ["serving_default": signature]]],
    ]
}

private func tensors(_ specs: [TensorSpec]) -> JSONValue {
    .object(
        JSONObject(
            specs.map { spec in
                let dimensions: [JSONValue] = spec.shape.map { ["size": .string(String($0)), "name": ""] }
                let shape: JSONValue = ["dim": .array(dimensions), "unknown_rank": false]
                return (key: spec.name, value: ["dtype": .string(dataType(spec.type)), "tensor_shape": shape, "name": .string(spec.name)])
            }))
}

private func dataType(_ type: TensorType) -> String {
    switch type {
    case .bool: "DT_BOOL"
    case .uint8: "DT_UINT8"
    case .uint16: "DT_UINT16"
    case .uint32: "DT_UINT32"
    case .uint64: "DT_UINT64"
    case .int8: "DT_INT8"
    case .int16: "DT_INT16"
    case .int32: "DT_INT32"
    case .int64: "DT_INT64"
    case .fp16: "DT_HALF"
    case .fp32: "DT_FLOAT"
    case .fp64: "DT_DOUBLE"
    case .bf16: "DT_BFLOAT16"
    case .bytes: "DT_STRING"
    }
}
