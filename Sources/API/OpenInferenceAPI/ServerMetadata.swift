import HTTP
import JSON
import Serving

/// The extensions that are spoken in full.
private let extensions = [
    "binary_tensor_data", "classification", "model_configuration", "model_repository", "parameters", "statistics",
    "system_shared_memory",
]

func serverRoutes(_ open: OpenInference) -> [HTTP.Route] {
    [
        route("GET", "/v2", "The server's name, version and extensions.") { _ in .json(serverMetadata(open)) },
        route("GET", "/v2/models", "The names of all models.") { _ in
            .json(["models": .array(open.serving.descriptions.map { .string($0.endpoint.name) })])
        },
    ]
}

func serverMetadata(_ open: OpenInference) -> JSONValue {
    ["name": "jidoka", "version": .string(open.version), "extensions": .array(extensions.map { .string($0) })]
}
