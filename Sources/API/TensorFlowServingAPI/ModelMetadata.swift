import HTTP
import JSON
import Serving

func metadataRoutes(_ serving: ServingService) -> [HTTP.Route] {
    ["", "/versions/{version}", "/labels/{label}"].map { place in
        route("GET", "/v1/models/{model}\(place)/metadata", "A model's inputs and outputs as a TensorFlow signature.") { request in
            let name = try request.parameter("model")
            var version = request.parameters["version"]
            if let label = request.parameters["label"] { version = try await serving.version(of: name, labelled: label) }
            return .json(metadata(try serving.model(name, version: version)))
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
                return (
                    key: spec.name, value: ["dtype": .string(DataType.word(spec.type)), "tensor_shape": shape, "name": .string(spec.name)]
                )
            }))
}
