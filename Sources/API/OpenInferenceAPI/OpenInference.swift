package import HTTP
package import Serving

/// Declares Open Inference v2 (KServe, Triton) over HTTP under `/v2`.
/// - Parameters:
///   - version: the program's version, told by the server's metadata.
///   - bodyMax: bytes of a request's body; more are refused with 413.
package func mountOpenInference(on router: inout Router, serving: ServingService, version: String, bodyMax: Int = 256 << 20) {
    for routes in [
        healthRoutes(serving), serverRoutes(serving, version: version), modelRoutes(serving), configurationRoutes(serving),
        statisticsRoutes(serving), repositoryRoutes(serving), inferenceRoutes(serving, bodyMax: bodyMax),
    ] {
        for route in routes { router.add(route) }
    }
}

/// A route of this protocol. Its permission is `read`: predicting changes nothing.
func route(_ method: String, _ pattern: String, _ summary: String, _ handler: @escaping HTTPHandler) -> HTTP.Route {
    HTTP.Route(
        method: method, pattern: pattern, permission: .read, summary: summary, renderError: { error, _ in renderError(error) },
        handler: handler)
}

/// The same route with and without `/versions/{version}`.
func modelRoute(_ method: String, _ suffix: String, _ summary: String, _ handler: @escaping HTTPHandler) -> [HTTP.Route] {
    [
        route(method, "/v2/models/{model}" + suffix, summary, handler),
        route(method, "/v2/models/{model}/versions/{version}" + suffix, summary + " Of one version.", handler),
    ]
}
