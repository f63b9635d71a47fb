import Clockwork
import HTTP
import JSON
import Tracking

extension RouteTable {
    mutating func addExperiments() {
        let tracking = services.tracking
        add("POST", "experiments/create", .write) { call in
            let location = try call.fields.text("artifact_location").flatMap { $0.isEmpty ? nil : $0 }
            let experiment = try await tracking.createExperiment(
                name: try call.fields.requiredText("name"), artifactLocation: location, tags: try call.fields.tags("tags"),
                actor: call.actor)
            return .object { $0.member("experiment_id", experiment.id) }
        }
        add("GET", "experiments/get", .read) { call in
            .experiment(try await tracking.experiment(id: try call.fields.requiredText("experiment_id")))
        }
        add("GET", "experiments/get-by-name", .read) { call in
            .experiment(try await tracking.experiment(name: try call.fields.requiredText("experiment_name")))
        }
        for method in ["GET", "POST"] {
            add(method, "experiments/search", .read) { call in
                let page = try await tracking.searchExperiments(try call.fields.experimentSearch())
                return .object(capacity: 4_096) { writer in
                    writer.list("experiments", page.items) { $0.write($1) }
                    writer.member("next_page_token", ifPresent: PageToken.encode(page.nextOffset))
                }
            }
        }
        addExperimentChanges()
    }

    private mutating func addExperimentChanges() {
        let tracking = services.tracking
        add("POST", "experiments/update", .write) { call in
            let (id, name) = (try call.fields.requiredText("experiment_id"), try call.fields.requiredText("new_name"))
            try await tracking.renameExperiment(id: id, to: name, actor: call.actor)
            return .empty
        }
        add("POST", "experiments/delete", .write) { call in
            try await tracking.deleteExperiment(id: try call.fields.requiredText("experiment_id"), actor: call.actor)
            return .empty
        }
        add("POST", "experiments/restore", .write) { call in
            try await tracking.restoreExperiment(id: try call.fields.requiredText("experiment_id"), actor: call.actor)
            return .empty
        }
        add("POST", "experiments/set-experiment-tag", .write) { call in
            let id = try call.fields.requiredText("experiment_id")
            let tag = Tag(key: try call.fields.requiredText("key"), value: try call.fields.text("value") ?? "")
            try await tracking.setExperimentTag(id: id, tag)
            return .empty
        }
        add("POST", "experiments/delete-experiment-tag", .write) { call in
            let (id, key) = (try call.fields.requiredText("experiment_id"), try call.fields.requiredText("key"))
            try await tracking.deleteExperimentTag(id: id, key: key)
            return .empty
        }
    }
}

extension RequestFields {
    /// A list of `{key, value}`.
    func tags(_ name: String) throws -> [Tag] {
        try objects(name).map { Tag(key: try $0.requiredText("key"), value: try $0.text("value") ?? "") }
    }

    /// An enumeration by name or number; anything unknown is the default, as in the reference.
    func view(_ name: String) throws -> LifecycleView {
        switch try value(name) {
        case .string(let text)?: LifecycleView(rawValue: text) ?? .activeOnly
        case .int(2)?: .deletedOnly
        case .int(3)?: .all
        default: .activeOnly
        }
    }

    func limit(default value: Int) throws -> Int { try integer("max_results").map { Int(clamping: $0) } ?? value }

    fileprivate func experimentSearch() throws -> ExperimentSearch {
        ExperimentSearch(
            filter: try ExperimentFilter.parse(try text("filter")), view: try view("view_type"),
            orders: try ExperimentFilter.orders(try texts("order_by")), offset: try PageToken.decode(try text("page_token")),
            limit: try limit(default: 0))
    }
}

extension HTTPResponse {
    fileprivate static func experiment(_ experiment: Experiment) -> HTTPResponse {
        .object { writer in
            writer.key("experiment")
            writer.write(experiment)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ experiment: Experiment) {
        beginObject()
        member("experiment_id", experiment.id)
        member("name", experiment.name)
        member("artifact_location", experiment.artifactLocation)
        member("lifecycle_stage", experiment.lifecycle.rawValue)
        member("last_update_time", experiment.updatedAt.milliseconds)
        member("creation_time", experiment.createdAt.milliseconds)
        list("tags", experiment.tags) { $0.pair($1.key, $1.value) }
        member("workspace", "default")
        endObject()
    }
}
