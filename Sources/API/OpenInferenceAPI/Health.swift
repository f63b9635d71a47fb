import HTTP
import Serving

/// Liveness and readiness: the status tells, the body is empty. An unknown model is not ready (400), as Triton has it.
func healthRoutes(_ serving: ServingService) -> [HTTP.Route] {
    [
        route("GET", "/v2/health/live", "Whether the server runs.") { _ in HTTPResponse() },
        route("GET", "/v2/health/ready", "Whether every endpoint with a champion can answer.") { _ in
            HTTPResponse(status: isReady(serving) ? 200 : 400)
        },
    ]
        + modelRoute("GET", "/ready", "Whether a model can answer.") { request in
            // Not ready, whatever the reason is: metadata and the index tell it.
            let model = try? serving.model(try request.parameter("model"), version: request.parameters["version"])
            return HTTPResponse(status: model == nil ? 400 : 200)
        }
}

/// Whether every endpoint with a champion can answer.
func isReady(_ serving: ServingService) -> Bool {
    !serving.descriptions.contains { $0.endpoint.plan.champion != nil && !$0.isReady }
}
