package import HTTP
package import Serving

/// Declares MLflow's scoring protocol, and the small one that hand-written services have.
///
/// `/invocations`, `/ping` and `/predict` ask the server's main endpoint; `/endpoints/NAME/invocations` asks any.
/// - Parameters:
///   - main: the name of the endpoint that the project declares; nil when it declares none.
///   - bodyMax: bytes of a request's body; more are refused with 413.
package func mountScoring(
    on router: inout Router, serving: ServingService, main: @escaping @Sendable () -> String?, bodyMax: Int = 64 << 20
) {
    let endpoint = MainEndpoint(serving: serving, declared: main)
    for route in [
        invocations("/invocations", serving, bodyMax) { _ in try endpoint.name() },
        invocations("/endpoints/{endpoint}/invocations", serving, bodyMax) { try $0.parameter("endpoint") },
        ping(endpoint), predict(endpoint, serving, bodyMax),
    ] {
        router.add(route)
    }
}

private func invocations(
    _ pattern: String, _ serving: ServingService, _ bodyMax: Int, _ endpoint: @escaping @Sendable (HTTPRequest) throws -> String
) -> HTTP.Route {
    HTTP.Route(
        method: "POST", pattern: pattern, permission: .read, summary: "Predicts tables and tensors, as `mlflow models serve` does.",
        renderError: { error, _ in renderError(error) }
    ) { request in
        let endpoint = try endpoint(request)
        let form = try ContentForm(request.headers["content-type"])
        let signature = try serving.model(endpoint, version: nil).signature
        let body = try await request.collectBody(upTo: bodyMax)
        let asked = try ScoringRequest(body, form, signature: signature)
        let answer = try await serving.infer(
            InferenceCall(endpoint: endpoint, inputs: asked.inputs, unit: request.headers["x-jidoka-unit"]))
        return scoringResponse(answer, asTable: asked.isTable)
    }
}

private func ping(_ endpoint: MainEndpoint) -> HTTP.Route {
    HTTP.Route(
        method: "GET", pattern: "/ping", permission: .read, summary: "200 when the main endpoint can answer, else 404.",
        renderError: { error, _ in renderError(error) }
    ) { _ in
        HTTPResponse(status: endpoint.isReady ? 200 : 404, headers: ["content-type": "application/json"], body: .bytes([0x0A]))
    }
}

private func predict(_ endpoint: MainEndpoint, _ serving: ServingService, _ bodyMax: Int) -> HTTP.Route {
    HTTP.Route(
        method: "POST", pattern: "/predict", permission: .read,
        summary: "Predicts `{\"features\": [[…], …]}`: `predictions`, and the version that made them.",
        renderError: { error, _ in renderError(error) }
    ) { request in
        let endpoint = try endpoint.name()
        let signature = try serving.model(endpoint, version: nil).signature
        let body = try await request.collectBody(upTo: bodyMax)
        let inputs = try featureRows(body, signature: signature)
        let answer = try await serving.infer(
            InferenceCall(endpoint: endpoint, inputs: inputs, unit: request.headers["x-jidoka-unit"]))
        return predictResponse(answer)
    }
}
