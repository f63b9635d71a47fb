import HTTP
import Serving

func inferenceRoutes(_ open: OpenInference, bodyMax: Int) -> [HTTP.Route] {
    modelRoute("POST", "/infer", "Predicts.") { request in
        let endpoint = try request.parameter("model")
        let version = request.parameters["version"]
        let body = try await request.collectBody(upTo: bodyMax)
        let decoded = try InferRequest(
            body, headerLength: request.headers["inference-header-content-length"], regions: open.regions
        ) {
            try open.serving.model(endpoint, version: version).signature
        }
        let call = try decoded.call(endpoint, version: version, unit: request.headers["x-jidoka-unit"], serving: open.serving)
        return try inferResponse(try await open.serving.infer(call), to: decoded, endpoint: endpoint, regions: open.regions)
    }
}
