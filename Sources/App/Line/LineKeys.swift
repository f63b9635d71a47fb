/// Every key of `jidoka.yaml`, by the mapping that it stands in. The reader refuses all others; docs/reference/line.md explains each.
package enum LineKeys {
    static let line = ["line", "data", "pipeline", "params", "model", "gate", "endpoint", "monitor", "alerts", "channels", "policy"]
    static let data = ["path", "time", "key", "label", "holdout", "expect"]
    static let pipeline = ["steps", "triggers"]
    static let step = ["run", "needs", "inputs", "outputs", "cache", "retries", "timeout"]
    static let trigger = ["drift"]
    static let gate = ["data", "checks"]
    static let check = ["metric", "min", "max", "better_than", "by", "slices", "max_gap", "latency_p99_ms"]
    static let endpoint = ["name", "batch", "rollout"]
    static let batch = ["max", "delay_us"]
    static let rollout = ["canary", "guard", "goal", "margin", "min_effect", "min_labels", "alpha", "bake_requests", "patience"]
    static let monitor = ["reference", "window", "drift", "performance"]
    static let window = ["rows"]
    static let drift = ["features", "share", "persist"]
    static let performance = ["metric", "drop"]
    static let alert = ["on", "level", "to"]
    static let channel = ["webhook"]
    static let webhook = ["url_env", "secret_env"]
    static let retrain = ["on", "do", "rows", "cooldown", "budget"]
    static let rollback = ["on", "do"]

    /// The mappings with the headings under which the reference page explains them.
    package static let all: [(heading: String, keys: [String])] = [
        ("The line", line), ("`data`", data), ("`pipeline`", pipeline), ("A step", step), ("A trigger", trigger), ("`gate`", gate),
        ("A check", check), ("`endpoint`", endpoint), ("`batch`", batch), ("`rollout`", rollout), ("`monitor`", monitor),
        ("`window`", window), ("`drift`", drift), ("`performance`", performance), ("An alert", alert), ("A channel", channel),
        ("`webhook`", webhook), ("A policy", retrain),
    ]

    /// The events that an alert may name: all that the program writes. docs/format/events.md says what each tells.
    package static let events = [
        "alert.acknowledged", "alert.dead_lettered", "alert.delivered", "alert.fired", "alert.resolved", "dataset_version.added",
        "drift.cleared",
        "drift.confirmed", "drift.suspected", "endpoint.batching_changed", "endpoint.created", "endpoint.deleted", "endpoint.plan_changed",
        "experiment.created", "experiment.deleted", "experiment.renamed", "experiment.restored", "gate.failed", "gate.passed",
        "line.applied",
        "logged_model.created", "logged_model.deleted", "logged_model.failed", "logged_model.pending", "logged_model.ready",
        "model_version.alias_removed", "model_version.alias_set", "model_version.deleted", "model_version.promoted",
        "model_version.registered",
        "model_version.rejected", "model_version.stage_changed", "model_version.tag_deleted", "model_version.tag_set",
        "model_version.verified", "monitor.enabled", "performance.dropped",
        "pipeline_run.cancelled", "pipeline_run.failed", "pipeline_run.queued", "pipeline_run.resumed", "pipeline_run.started",
        "pipeline_run.succeeded", "registered_model.created", "registered_model.deleted", "registered_model.renamed",
        "registered_model.tag_deleted", "registered_model.tag_set", "retrain.failed",
        "retrain.gate_refused", "retrain.held", "retrain.produced", "retrain.promoted", "retrain.released", "retrain.requested",
        "retrain.rolled_back", "retrain.started", "retrain.suppressed", "rollout.advanced", "rollout.done", "rollout.harm_detected",
        "rollout.paused",
        "rollout.promoted", "rollout.promoting", "rollout.resumed", "rollout.rolled_back", "rollout.rolling_back", "rollout.started",
        "run.created", "run.deleted", "run.failed", "run.finished",
        "run.restored", "server.started", "server.stopped", "validation.failed", "validation.passed", "window.evaluated",
    ]
    /// Those of an endpoint that may ask for a retrain.
    package static let retrainEvents = ["drift.suspected", "drift.confirmed", "performance.dropped"]
    package static let rollbackEvents = ["rollout.harm_detected"]
    /// What the gate measures on the holdout rows.
    package static let metrics = ["accuracy", "f1", "precision", "recall"]
}
