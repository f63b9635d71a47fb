import HTTP
import Serving

func predictRoutes(_ serving: ServingService, bodyMax: Int) -> [HTTP.Route] {
    verb("predict", "Predicts rows (`instances`) or columns (`inputs`).", serving, bodyMax) { body, signature in
        let decoded = try PredictRequest(body, signature: signature)
        return (decoded.inputs, { predictBody($0, form: decoded.form) })
    }
        + verb("classify", "Gives each example's classes with their scores.", serving, bodyMax) { body, signature in
            (try ExamplesRequest(body, signature: signature).inputs, ExampleResults.classified)
        }
        + verb("regress", "Gives each example's number.", serving, bodyMax) { body, signature in
            (try ExamplesRequest(body, signature: signature).inputs, ExampleResults.regressed)
        }
}

/// A request's inputs, and how its answer is written.
private typealias Decoded = (inputs: [Tensor], body: @Sendable (InferenceAnswer) throws -> [UInt8])

/// The routes of one verb: the plan's version, a version by number, a version by label.
private func verb(
    _ verb: String, _ summary: String, _ serving: ServingService, _ bodyMax: Int,
    decode: @escaping @Sendable ([UInt8], ModelSignature) throws -> Decoded
) -> [HTTP.Route] {
    ["", "/versions/{version}", "/labels/{label}"].map { place in
        route("POST", "/v1/models/{model}\(place):\(verb)", summary) { request in
            let endpoint = try request.parameter("model")
            var version = request.parameters["version"]
            if let label = request.parameters["label"] { version = try await serving.version(of: endpoint, labelled: label) }
            let body = try await request.collectBody(upTo: bodyMax)
            let decoded = try decode(body, try serving.model(endpoint, version: version).signature)
            let answer = try await serving.infer(
                InferenceCall(endpoint: endpoint, version: version, inputs: decoded.inputs, unit: request.headers["x-jidoka-unit"]))
            let headers: HTTPHeaders = [
                "content-type": "application/json", "x-jidoka-prediction-id": answer.predictionID,
                "x-jidoka-model-version": answer.version, "x-jidoka-route": answer.route.rawValue,
            ]
            return HTTPResponse(headers: headers, body: .bytes(try decoded.body(answer)))
        }
    }
}
