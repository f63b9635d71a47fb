import HTTP
import JSON
import Serving

func modelRoutes(_ serving: ServingService) -> [HTTP.Route] {
    modelRoute("GET", "", "A model's versions, inputs and outputs.") { request in
        .json(try metadata(of: try request.parameter("model"), version: request.parameters["version"], serving))
    }
}

func metadata(of name: String, version: String?, _ serving: ServingService) throws -> JSONValue {
    metadata(try serving.model(name, version: version), versions: try serving.description(of: name).versions.map(\.version))
}

/// Class and feature names go into `parameters`, where clients that do not know them skip
/// them.
private func metadata(_ model: ServedModelDescription, versions: [String]) -> JSONValue {
    func tensors(_ specs: [TensorSpec]) -> JSONValue {
        .array(
            specs.map { spec in
                ["name": .string(spec.name), "datatype": .string(spec.type.rawValue), "shape": .array(spec.shape.map { .int(Int64($0)) })]
            })
    }
    func names(_ names: [String]) -> JSONValue { .array(names.map { .string($0) }) }
    var parameters: JSONObject = [
        "jidoka_model": .string(model.model), "jidoka_model_version": .string(model.version),
        "feature_names": names(model.signature.featureNames),
    ]
    if let labels = model.signature.classLabels { parameters["class_labels"] = names(labels) }
    return [
        "name": .string(model.endpoint), "versions": names(versions), "platform": .string(platform(model)),
        "inputs": tensors(model.signature.inputs),
        "outputs": tensors(model.signature.outputs), "parameters": .object(parameters),
    ]
}
