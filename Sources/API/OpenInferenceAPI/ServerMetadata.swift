import HTTP
import JSON
import Serving

/// The extensions that are spoken in full.
private let extensions = ["binary_tensor_data", "classification", "model_configuration", "parameters", "statistics"]

func serverRoutes(_ serving: ServingService, version: String) -> [HTTP.Route] {
    [
        route("GET", "/v2", "The server's name, version and extensions.") { _ in
            .json(["name": "jidoka", "version": .string(version), "extensions": .array(extensions.map { .string($0) })])
        },
        route("GET", "/v2/models", "The names of all models.") { _ in
            .json(["models": .array(serving.descriptions.map { .string($0.endpoint.name) })])
        },
    ]
}
