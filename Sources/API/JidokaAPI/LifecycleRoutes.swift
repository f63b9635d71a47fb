import Clockwork
import Errors
import HTTP
package import JSON

/// Experiments and runs beyond MLflow's protocol: moved, restored, deleted for good, corrected.
package protocol LifecycleControl: Sendable {
    func experiments(deleted: Bool, limit: Int) async throws -> [JSONObject]
    /// By id or name.
    func experiment(_ key: String) async throws -> JSONObject
    func renameExperiment(_ key: String, to name: String, actor: String) async throws -> JSONObject
    func setExperiment(_ key: String, deleted: Bool, actor: String) async throws -> JSONObject
    func setRuns(_ ids: [String], deleted: Bool, actor: String) async throws
    /// The ids of all that moved.
    func moveRuns(_ ids: [String], to experiment: String, children: Bool, actor: String, reason: String) async throws -> [String]
    /// What is, or without `confirmed` would be, removed, and what is kept because a registered version takes its files from there.
    func purge(
        kinds: [String], keys: [String], experiment: String?, olderThan: Duration, confirmed: Bool, actor: String, reason: String
    ) async throws -> JSONObject
    /// The value that was wrong.
    func correctParam(run: String, key: String, value: String, actor: String, reason: String) async throws -> String
}

extension JidokaRoutes {
    mutating func mountLifecycle(_ control: any LifecycleControl) {
        add("POST", "/runs/move", .operate, "Move runs to another experiment, with their datasets and logged models.") { request in
            let fields = try await RequestFields(request, known: ["runs", "experiment", "children", "actor", "reason"])
            let moved = try await control.moveRuns(
                try fields.ids("runs"), to: try fields.text("experiment"), children: try fields.flag("children"), actor: try fields.actor(),
                reason: try fields.optionalText("reason") ?? "")
            return .json(["moved": .array(moved.map(JSONValue.string))])
        }
        for (verb, deleted) in [("delete", true), ("restore", false)] {
            add("POST", "/runs/\(verb)", .write, deleted ? "Delete runs; they can be restored." : "Restore deleted runs.") { request in
                let fields = try await RequestFields(request, known: ["runs", "actor"])
                let ids = try fields.ids("runs")
                try await control.setRuns(ids, deleted: deleted, actor: try fields.actor())
                return .json(["runs": .array(ids.map(JSONValue.string))])
            }
            add("POST", "/experiments/{experiment}/\(verb)", .write, deleted ? "Delete with all runs." : "Restore with all runs.") {
                request in
                let fields = try await RequestFields(request, known: ["actor"])
                return .json(
                    .object(
                        try await control.setExperiment(try request.parameter("experiment"), deleted: deleted, actor: try fields.actor())))
            }
        }
        add("POST", "/runs/{run}/params", .operate, "Correct a param that was logged with a wrong value.") { request in
            let fields = try await RequestFields(request, known: ["key", "value", "actor", "reason"])
            let before = try await control.correctParam(
                run: try request.parameter("run"), key: try fields.text("key"), value: try fields.optionalText("value") ?? "",
                actor: try fields.actor(), reason: try fields.text("reason"))
            return .json(["before": .string(before)])
        }
        mountExperiments(control)
        mountPurge(control)
    }

    private mutating func mountExperiments(_ control: any LifecycleControl) {
        add("GET", "/experiments", .read, "The experiments, the newest first; with `deleted=true` the deleted ones.") { request in
            let found = try await control.experiments(deleted: request.query("deleted") == "true", limit: try request.limit(default: 100))
            return .json(.array(found.map(JSONValue.object)))
        }
        add("GET", "/experiments/{experiment}", .read, "One experiment, by id or name.") { request in
            .json(.object(try await control.experiment(try request.parameter("experiment"))))
        }
        add("POST", "/experiments/{experiment}/rename", .write, "Give an experiment another name.") { request in
            let fields = try await RequestFields(request, known: ["name", "actor"])
            return .json(
                .object(
                    try await control.renameExperiment(
                        try request.parameter("experiment"), to: try fields.text("name"), actor: try fields.actor())))
        }
    }

    private mutating func mountPurge(_ control: any LifecycleControl) {
        add("POST", "/archive/purge", .administer, "Remove deleted runs, models and experiments for good; a preview unless `confirm`.") {
            request in
            let known = ["kinds", "ids", "experiment", "older_than", "confirm", "actor", "reason"]
            let fields = try await RequestFields(request, known: known)
            let age = try fields.optionalText("older_than").map { try Duration.parse($0) } ?? .zero
            return .json(
                .object(
                    try await control.purge(
                        kinds: try fields.ids("kinds"), keys: (try fields.items("ids") ?? []).compactMap(\.stringValue),
                        experiment: try fields.optionalText("experiment"), olderThan: age, confirmed: try fields.flag("confirm"),
                        actor: try fields.actor(), reason: try fields.optionalText("reason") ?? "")))
        }
    }
}

extension RequestFields {
    /// A list of one to a thousand strings.
    func ids(_ name: String) throws -> [String] {
        let items = try items(name) ?? []
        let texts = items.compactMap(\.stringValue)
        guard (1...1_000).contains(items.count), texts.count == items.count else {
            throw JidokaError.invalidArgument("`\(name)` must be a list of 1 to 1000 strings")
        }
        return texts
    }
}
