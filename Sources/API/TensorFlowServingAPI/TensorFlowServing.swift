import Errors
package import HTTP
import JSON
package import Serving

/// Declares TensorFlow-Serving's REST interface and KServe v1 under `/v1/models`.
/// - Parameter bodyMax: bytes of a request's body; more are refused with 413.
package func mountTensorFlowServing(on router: inout Router, serving: ServingService, bodyMax: Int = 256 << 20) {
    for routes in [predictRoutes(serving, bodyMax: bodyMax), statusRoutes(serving), metadataRoutes(serving)] {
        for route in routes { router.add(route) }
    }
}

/// A route of this protocol. Its permission is `read`: predicting changes nothing.
func route(_ method: String, _ pattern: String, _ summary: String, _ handler: @escaping HTTPHandler) -> HTTP.Route {
    HTTP.Route(
        method: method, pattern: pattern, permission: .read, summary: summary, renderError: { error, _ in renderError(error) },
        handler: handler)
}

/// `{"error": "…"}`, with the hint after the message. The hidden cause stays hidden; clients' mistakes are never 500.
private func renderError(_ error: JidokaError) -> HTTPResponse {
    let text = error.hint.map { "\(error.message) (\($0))" } ?? error.message
    return .json(["error": .string(text)], status: error.usualStatus)
}
