import HTTP
import JSON
import Tracking

extension RouteTable {
    mutating func addRuns() {
        let tracking = services.tracking
        add("POST", "runs/create", .write) { call in
            let tags = try call.fields.tags("tags")
            let userID = try call.fields.text("user_id") ?? ""
            let user = tags.last { $0.key == ReservedTag.user }?.value ?? userID
            let run = try await tracking.createRun(
                experimentID: try call.fields.experimentOfRun(), userID: userID,
                startTime: try call.fields.integer("start_time") ?? 0, name: try call.fields.text("run_name"), tags: tags,
                actor: call.actor(named: user))
            return .run(run, outputs: false)
        }
        add("GET", "runs/get", .read) { call in .run(try await tracking.run(id: try call.fields.runID()), outputs: true) }
        add("POST", "runs/update", .write) { call in
            let change = RunChange(
                status: try call.fields.runStatus(), endTime: try call.fields.integer("end_time"), name: try call.fields.text("run_name"))
            let info = try await tracking.updateRun(id: try call.fields.runID(), change, actor: call.actor)
            return .object { writer in
                writer.key("run_info")
                writer.write(info)
            }
        }
        add("POST", "runs/delete", .write) { call in
            try await tracking.deleteRun(id: try call.fields.runID(), actor: call.actor)
            return .empty
        }
        add("POST", "runs/restore", .write) { call in
            try await tracking.restoreRun(id: try call.fields.runID(), actor: call.actor)
            return .empty
        }
        // Beyond MLflow: `count_only`, `with_count` and `fields`, which its clients do not send.
        add("POST", "runs/search", .read) { call in
            let search = try call.fields.runSearch()
            let countsOnly = try call.fields.flag("count_only") ?? false
            let total = try await call.fields.flag("with_count") ?? countsOnly ? tracking.countRuns(search) : nil
            let page = countsOnly ? Page(items: [], nextOffset: nil) : try await tracking.searchRuns(search)
            return .object(capacity: 65_536) { writer in
                writer.list("runs", page.items) { $0.write($1, outputs: true) }
                writer.member("next_page_token", ifPresent: PageToken.encode(page.nextOffset))
                if let total { writer.member("total_count", Int64(total)) }
            }
        }
    }
}

extension RequestFields {
    fileprivate func runStatus() throws -> RunStatus? {
        switch try value("status") {
        case nil: return nil
        case .string(let text)?: return RunStatus(rawValue: text)
        // The numbers of MLflow's protocol buffers.
        case .int(let number)? where number >= 1 && number <= 5: return RunStatus.allCases[Int(number) - 1]
        case .bool(true)?: return .running
        case let other?: throw wrongType(other, "status")
        }
    }

    fileprivate func experimentOfRun() throws -> String {
        guard let id = try text("experiment_id"), !id.isEmpty else { throw missing("experiment_id") }
        return id
    }

    fileprivate func runSearch() throws -> RunSearch {
        RunSearch(
            experimentIDs: try texts("experiment_ids"), filter: try RunFilter.parse(try text("filter")), view: try view("run_view_type"),
            orders: try RunFilter.orders(try texts("order_by")), offset: try PageToken.decode(try text("page_token")),
            limit: try limit(default: 1_000), fields: try RunFields(try texts("fields")))
    }
}

extension HTTPResponse {
    fileprivate static func run(_ run: Run, outputs: Bool) -> HTTPResponse {
        .object(capacity: 4_096) { writer in
            writer.key("run")
            writer.write(run, outputs: outputs)
        }
    }
}

extension JSONWriter {
    mutating func write(_ info: RunInfo) {
        beginObject()
        member("run_uuid", info.id)
        member("experiment_id", info.experimentID)
        member("run_name", info.name)
        member("user_id", info.userID)
        member("status", info.status.rawValue)
        member("start_time", info.startTime)
        if let end = info.endTime, end != 0 { member("end_time", end) }
        member("artifact_uri", info.artifactURI)
        member("lifecycle_stage", info.lifecycle.rawValue)
        member("run_id", info.id)
        endObject()
    }

    /// `outputs` is left out only in the answer to a run's creation.
    mutating func write(_ run: Run, outputs: Bool) {
        beginObject()
        key("info")
        write(run.info)
        key("data")
        beginObject()
        list("metrics", run.metrics) { $0.write($1) }
        list("params", run.params) { $0.pair($1.key, $1.value) }
        list("tags", run.tags) { $0.pair($1.key, $1.value) }
        endObject()
        key("inputs")
        beginObject()
        list("dataset_inputs", run.datasets) { $0.write($1) }
        list("model_inputs", run.modelInputs) { writer, id in
            writer.beginObject()
            writer.member("model_id", id)
            writer.endObject()
        }
        endObject()
        if outputs {
            key("outputs")
            beginObject()
            list("model_outputs", run.modelOutputs) { writer, output in
                writer.beginObject()
                writer.member("model_id", output.modelID)
                writer.member("step", output.step)
                writer.endObject()
            }
            endObject()
        }
        endObject()
    }

    mutating func write(_ metric: Metric) {
        beginObject()
        member("key", metric.key)
        key("value")
        value(metric.value)
        member("timestamp", metric.timestamp)
        member("step", metric.step)
        member("dataset_name", ifPresent: metric.datasetName)
        member("dataset_digest", ifPresent: metric.datasetDigest)
        member("model_id", ifPresent: metric.modelID)
        member("run_id", ifPresent: metric.runID)
        endObject()
    }

    private mutating func write(_ input: DatasetInput) {
        beginObject()
        list("tags", input.tags) { $0.pair($1.key, $1.value) }
        key("dataset")
        beginObject()
        member("name", input.name)
        member("digest", input.digest)
        member("source_type", input.sourceType)
        member("source", input.source)
        member("schema", ifPresent: input.schema)
        member("profile", ifPresent: input.profile)
        endObject()
        endObject()
    }
}
