package import HTTP
package import Serving

/// Open Inference v2 (KServe, Triton): what its two transports, HTTP (`mountOpenInference`) and gRPC (`methods`), answer from.
package struct OpenInference: Sendable {
    let serving: ServingService
    /// The program's version, told by the server's metadata.
    let version: String
    let regions = SharedRegions()

    package init(serving: ServingService, version: String) {
        self.serving = serving
        self.version = version
    }
}

/// Declares the protocol over HTTP under `/v2`.
/// - Parameter bodyMax: bytes of a request's body; more are refused with 413.
package func mountOpenInference(on router: inout Router, _ open: OpenInference, bodyMax: Int = 256 << 20) {
    let serving = open.serving
    for routes in [
        healthRoutes(serving), serverRoutes(open), modelRoutes(serving), configurationRoutes(serving), statisticsRoutes(serving),
        repositoryRoutes(serving), settingRoutes(serving), sharedMemoryRoutes(open.regions),
        inferenceRoutes(open, bodyMax: bodyMax),
    ] {
        for route in routes { router.add(route) }
    }
}

/// A route of this protocol. Its permission is `read` where it is not said: predicting changes nothing.
func route(
    _ method: String, _ pattern: String, _ summary: String, permission: Permission = .read, _ handler: @escaping HTTPHandler
) -> HTTP.Route {
    HTTP.Route(
        method: method, pattern: pattern, permission: permission, summary: summary, renderError: { error, _ in renderError(error) },
        handler: handler)
}

/// The same route with and without `/versions/{version}`.
func modelRoute(_ method: String, _ suffix: String, _ summary: String, _ handler: @escaping HTTPHandler) -> [HTTP.Route] {
    [
        route(method, "/v2/models/{model}" + suffix, summary, handler),
        route(method, "/v2/models/{model}/versions/{version}" + suffix, summary + " Of one version.", handler),
    ]
}
