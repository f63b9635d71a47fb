import HTTP
import Serving

func predictRoutes(_ serving: ServingService, bodyMax: Int) -> [HTTP.Route] {
    ["/v1/models/{model}:predict", "/v1/models/{model}/versions/{version}:predict"].map { pattern in
        route("POST", pattern, "Predicts rows (`instances`) or columns (`inputs`).") { request in
            let endpoint = try request.parameter("model")
            let version = request.parameters["version"]
            let body = try await request.collectBody(upTo: bodyMax)
            let signature = try serving.model(endpoint, version: version).signature
            let decoded = try PredictRequest(body, signature: signature)
            let answer = try await serving.infer(
                InferenceCall(endpoint: endpoint, version: version, inputs: decoded.inputs, unit: request.headers["x-jidoka-unit"]))
            return predictResponse(answer, form: decoded.form)
        }
    }
}
