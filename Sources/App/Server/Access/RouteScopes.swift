import HTTP

/// On what each route acts: the table from the first word of a path, after its protocol's prefix, to a kind of thing.
///
/// A new family of routes needs a row here; without one the server does not start.
enum RouteScopes {
    /// Longest first: what stands before a protocol's own nouns.
    private static let prefixes = [
        "/ajax-api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow", "/ajax-api/3.0/mlflow", "/api/2.0/mlflow-artifacts", "/api/2.0/mlflow",
        "/api/3.0/mlflow", "/api/v1", "/v1", "/v2", "",
    ]

    private static let server = AccessScope("server")
    private static let nouns: [String: AccessScope] = [
        // MLflow
        "experiments": AccessScope("experiment", fields: ["experiment_id", "experiment_name", "name"]),
        "runs": AccessScope("run", fields: ["run_id", "run_uuid", "experiment_id"]),
        "metrics": AccessScope("run", fields: ["run_id", "run_uuid", "run_ids"]),
        "get-artifact": AccessScope("run", fields: ["run_id", "run_uuid"]),
        "artifacts": AccessScope("artifact", fields: ["run_id", "run_uuid", "path"]),
        "upload-artifact": AccessScope("run", fields: ["run_id", "run_uuid"]),
        "get-trace-artifact": AccessScope("trace", fields: ["request_id", "trace_id"]),
        "mpu": AccessScope("artifact", fields: ["path"]),
        "presigned": AccessScope("artifact", fields: ["path"]),
        "logged-models": AccessScope("logged_model", fields: ["model_id", "experiment_id"]),
        "traces": AccessScope("trace", fields: ["trace_id", "request_id", "experiment_id"]),
        "assessments": AccessScope("trace", fields: ["trace_id"]),
        "datasets": AccessScope("dataset", fields: ["dataset_id", "name"]),
        "scorers": AccessScope("experiment", fields: ["experiment_id"]),
        "registered-models": AccessScope("model", fields: ["name"]),
        "model-versions": AccessScope("model", fields: ["name"]),
        "prompts": AccessScope("model", fields: ["name"]),
        "webhooks": AccessScope("webhook", fields: ["webhook_id", "id"]),
        "webhook-deliveries": AccessScope("webhook", fields: ["id", "webhook"]),
        // Predictions, in every protocol
        "models": AccessScope("model", fields: ["model", "name"]),
        "archive": AccessScope("run", fields: ["ids", "experiment"]),
        "repository": server,
        "invocations": AccessScope("endpoint"), "predict": AccessScope("endpoint"),
        // Jidoka
        "endpoints": AccessScope("endpoint", fields: ["name"]),
        "rollouts": AccessScope("rollout", fields: ["id"]),
        "monitors": AccessScope("endpoint", fields: ["endpoint"]),
        "training": AccessScope("endpoint", fields: ["endpoint"]),
        "predictions": AccessScope("prediction", fields: ["id", "endpoint"]),
        "labels": AccessScope("prediction"),
        "pipeline": AccessScope("pipeline_run", fields: ["id"]),
        "alerts": AccessScope("alert", fields: ["id"]),
        "trace": AccessScope("prediction", fields: ["id"]),
    ]
    /// What belongs to the server as a whole.
    private static let whole: Set<String> = [
        "", "health", "ready", "version", "ping", "metrics", "stats", "config", "server-info", "server-features", "line", "status",
        "events", "gateway-proxy", "logging", "systemsharedmemory", "cudasharedmemory",
        "audit", "openapi.json", "graphql", "telemetry", "adopt", "projects", "gateway", "issues", "demo", "jobs", "assistant",
        "review-queues", "label-schemas",
    ]

    static func scope(_ route: Route) -> AccessScope? {
        for prefix in prefixes where route.pattern == prefix || route.pattern.hasPrefix(prefix + "/") {
            let noun = String(route.pattern.dropFirst(prefix.count).drop { $0 == "/" }.prefix { $0 != "/" && $0 != ":" })
            // `/metrics` itself is Prometheus'; under MLflow's prefix it is the metrics of runs.
            if prefix.isEmpty, noun == "metrics" { return server }
            // Elsewhere the trace of a prediction; under Triton's prefix the settings of all traces.
            if prefix == "/v2", noun == "trace" { return server }
            if let scope = nouns[noun] { return scope }
            if whole.contains(noun) { return server }
            return nil
        }
        return nil
    }
}
