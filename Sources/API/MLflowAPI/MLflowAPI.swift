import Errors
package import Evaluation
package import HTTP
package import Registry
package import Tracing
package import Tracking
package import Webhooks

/// What the MLflow protocol is served from.
package struct MLflowServices: Sendable {
    package var tracking: TrackingService
    package var registry: RegistryService
    package var artifacts: any ArtifactStore
    package var tracing: TracingService
    package var evaluation: EvaluationService
    /// nil leaves their routes out.
    package var webhooks: WebhookService?
    /// What `/version` answers: the MLflow version whose protocol is spoken; clients switch features by it.
    package var version: String

    package init(
        tracking: TrackingService, registry: RegistryService, artifacts: any ArtifactStore, tracing: TracingService,
        evaluation: EvaluationService, webhooks: WebhookService? = nil,
        version: String = "3.17.2"
    ) {
        self.tracking = tracking
        self.registry = registry
        self.artifacts = artifacts
        self.tracing = tracing
        self.evaluation = evaluation
        self.webhooks = webhooks
        self.version = version
    }
}

/// Declares every route of MLflow REST and of the artifact proxy, for the Python client (`/api`) and for the web UI (`/ajax-api`).
package func mountMLflow(on router: inout Router, services: MLflowServices) {
    var table = RouteTable(services: services)
    table.addService()
    table.addExperiments()
    table.addRuns()
    table.addLogging()
    table.addMetrics()
    table.addMetricHistories()
    table.addLoggedModels()
    table.addRegisteredModels()
    table.addAliases()
    table.addModelVersions()
    table.addRunArtifacts()
    table.addArtifactProxy()
    table.addDirectTransfers()
    table.addTraces()
    table.addTraceChanges()
    table.addTraceArtifacts()
    table.addEvaluationDatasets()
    table.addScorers()
    if let webhooks = services.webhooks { table.addWebhooks(webhooks) }
    table.addInterface()
    for route in table.routes { router.add(route) }
}

/// Collects routes; each is declared once and mounted under every prefix.
struct RouteTable {
    let services: MLflowServices
    private(set) var routes: [Route] = []

    init(services: MLflowServices) { self.services = services }

    /// A route of the API proper: fields in, JSON out.
    mutating func add(
        _ method: String, _ path: String, _ permission: Permission, version: String = "2.0", bodyMax: Int = RequestFields.bodyMax,
        handler: @escaping @Sendable (MLflowCall) async throws -> HTTPResponse
    ) {
        for prefix in ["/api", "/ajax-api"] {
            addRaw(method, "\(prefix)/\(version)/mlflow/\(path)", permission) { request in
                try await handler(MLflowCall(request: request, fields: try await RequestFields(request, upTo: bodyMax)))
            }
        }
    }

    /// A route that is called all the time: `quick` takes bodies in their plain form and answers false when it cannot tell; then the body
    /// is read into fields as for any route.
    mutating func add(
        _ method: String, _ path: String, _ permission: Permission, quick: @escaping @Sendable ([UInt8]) async throws -> Bool,
        otherwise handler: @escaping @Sendable (MLflowCall) async throws -> HTTPResponse
    ) {
        for prefix in ["/api", "/ajax-api"] {
            addRaw(method, "\(prefix)/2.0/mlflow/\(path)", permission) { request in
                let body = try await RequestFields.bytes(of: request, upTo: RequestFields.largeBodyMax)
                if try await quick(body) { return .empty }
                return try await handler(MLflowCall(request: request, fields: RequestFields(RequestFields.object(body))))
            }
        }
    }

    /// A route that handles its request itself.
    mutating func addRaw(_ method: String, _ pattern: String, _ permission: Permission, handler: @escaping HTTPHandler) {
        routes.append(
            Route(method: method, pattern: pattern, permission: permission, renderError: { renderMLflowError($0, $1) }, handler: handler))
    }
}

/// One decoded call.
struct MLflowCall: Sendable {
    let request: HTTPRequest
    let fields: RequestFields

    /// Who calls, for events: MLflow's protocol carries no identity of its own before access control is on.
    var actor: String { "user:anonymous" }

    /// A user that the call names, when it does.
    func actor(named user: String?) -> String { user.flatMap { $0.isEmpty ? nil : "user:\($0)" } ?? actor }
}
