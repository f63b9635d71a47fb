import HTTP
import Serving

func inferenceRoutes(_ serving: ServingService, bodyMax: Int) -> [HTTP.Route] {
    modelRoute("POST", "/infer", "Predicts.") { request in
        let endpoint = try request.parameter("model")
        let version = request.parameters["version"]
        let body = try await request.collectBody(upTo: bodyMax)
        let decoded = try InferRequest(body, headerLength: request.headers["inference-header-content-length"]) {
            try serving.model(endpoint, version: version).signature
        }
        if let wanted = decoded.outputs {
            let signature = try serving.model(endpoint, version: version).signature
            for output in wanted where !signature.outputs.contains(where: { $0.name == output.name }) {
                throw unknownOutput(output.name, signature)
            }
        }
        let call = InferenceCall(
            endpoint: endpoint, version: version, inputs: decoded.inputs, unit: request.headers["x-jidoka-unit"],
            timeoutMicroseconds: decoded.timeout)
        return try inferResponse(try await serving.infer(call), to: decoded, endpoint: endpoint)
    }
}
