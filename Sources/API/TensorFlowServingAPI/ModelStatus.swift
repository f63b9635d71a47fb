import HTTP
import JSON
import Serving

func statusRoutes(_ serving: ServingService) -> [HTTP.Route] {
    [
        route("GET", "/v1/models", "The names of all models.") { _ in
            .json(["models": .array(serving.descriptions.map { .string($0.endpoint.name) })])
        },
        route("GET", "/v1/models/{model}", "Whether a model is ready, and its versions' states.") { request in
            let endpoint = try serving.description(of: try request.parameter("model"))
            return .json([
                "name": .string(endpoint.endpoint.name), "ready": .bool(endpoint.isReady), "model_version_status": .array(states(endpoint)),
            ])
        },
        route("GET", "/v1/models/{model}/versions/{version}", "The state of one version.") { request in
            let model = try serving.model(try request.parameter("model"), version: try request.parameter("version"))
            return .json(["model_version_status": .array([state(model.version, "AVAILABLE")])])
        },
        route("GET", "/v1/models/{model}/labels/{label}", "The state of the version that a label stands for.") { request in
            let version = try await serving.version(of: try request.parameter("model"), labelled: try request.parameter("label"))
            return .json(["model_version_status": .array([state(version, "AVAILABLE")])])
        },
    ]
}

/// One body for two protocols: KServe v1 reads `name` and `ready`, TensorFlow-Serving reads `model_version_status`.
private func states(_ endpoint: EndpointDescription) -> [JSONValue] {
    endpoint.versions.map { state($0.version, "AVAILABLE") }
        + endpoint.unavailable.sorted { $0.key < $1.key }.map { state($0.key, "END", code: "FAILED_PRECONDITION", message: $0.value) }
}

private func state(_ version: String, _ state: String, code: String = "OK", message: String = "") -> JSONValue {
    [
        "version": .string(version), "state": .string(state),
        "status": ["error_code": .string(code), "error_message": .string(message)],
    ]
}
