import Errors
package import HTTP
import JSON
package import Tracking

/// Declares the routes of runs: search, one run, trees of nested runs. Called before `mountJidoka`, which describes them.
package func mountRuns(on router: inout Router, tracking: TrackingService) {
    var routes = JidokaRoutes(router: router)
    routes.mountRuns(tracking)
    router = routes.router
}

extension JidokaRoutes {
    fileprivate mutating func mountRuns(_ tracking: TrackingService) {
        add("POST", "/runs/search", .read, "Search runs by a filter, count them, or read some of their fields.") { request in
            let fields = try await RequestFields(request, known: RunRequest.known)
            let search = try await RunRequest.search(fields, tracking)
            let countsOnly = try fields.flag("count_only")
            var answer = JSONObject()
            if try fields.flag("with_count") || countsOnly { answer["total"] = .int(Int64(try await tracking.countRuns(search))) }
            if !countsOnly {
                let page = try await tracking.searchRuns(search)
                answer["runs"] = .array(page.items.map { .object($0.json) })
                answer["next_offset"] = page.nextOffset.map { .int(Int64($0)) }
            }
            return .json(.object(answer))
        }
        add("GET", "/runs/{run}", .read, "One run with all its data.") { request in
            .json(.object(try await tracking.run(id: try request.parameter("run")).json))
        }
        add("GET", "/runs/{run}/tree", .read, "A run with the runs nested below it, to any depth.") { request in
            .json(.object(try await tracking.runTree(id: try request.parameter("run")).json))
        }
        add("GET", "/experiments/{experiment}/tree", .read, "The runs of an experiment, named by name or id, as trees.") { request in
            let id = try await RunRequest.experiment(try request.parameter("experiment"), tracking)
            return .json(.array(try await tracking.runForest(experimentID: id).map { .object($0.json) }))
        }
    }
}

/// The body of a search.
private enum RunRequest {
    static let known = ["experiments", "filter", "order_by", "view", "limit", "offset", "fields", "with_count", "count_only"]

    /// Without `experiments` all active ones are searched.
    static func search(_ fields: RequestFields, _ tracking: TrackingService) async throws -> RunSearch {
        var experiments: [String] = []
        if let named = try fields.items("experiments") {
            for name in named { experiments.append(try await experiment(name.stringValue ?? name.text, tracking)) }
        } else {
            experiments = try await tracking.searchExperiments(ExperimentSearch(limit: TrackingLimits.experimentsInSearch)).items.map(\.id)
        }
        let views: [String: LifecycleView] = ["active": .activeOnly, "deleted": .deletedOnly, "all": .all]
        let view = try fields.optionalText("view") ?? "active"
        guard let view = views[view] else {
            throw JidokaError.invalidArgument("`view` is `\(view)`", hint: "known: active, deleted, all")
        }
        return RunSearch(
            experimentIDs: experiments, filter: try RunFilter.parse(try fields.optionalText("filter")), view: view,
            orders: try RunFilter.orders(try texts("order_by", fields)), offset: try number("offset", fields, 0...(1 << 40)) ?? 0,
            limit: try number("limit", fields, 1...TrackingLimits.runsPerSearch) ?? 100, fields: try RunFields(try texts("fields", fields)))
    }

    /// The id of an experiment that is named by its name or its id.
    static func experiment(_ name: String, _ tracking: TrackingService) async throws -> String {
        do { return try await tracking.experiment(name: name).id } catch let error as JidokaError where error.code == .notFound {
            guard Int64(name) != nil else { throw error }
            return try await tracking.experiment(id: name).id
        }
    }

    private static func texts(_ name: String, _ fields: RequestFields) throws -> [String] {
        try (fields.items(name) ?? []).map { item in
            guard let text = item.stringValue else { throw JidokaError.invalidArgument("`\(name)` must be a list of strings") }
            return text
        }
    }

    private static func number(_ name: String, _ fields: RequestFields, _ range: ClosedRange<Int>) throws -> Int? {
        guard let value = try fields.integer(name) else { return nil }
        guard let number = Int(exactly: value), range.contains(number) else {
            throw JidokaError.invalidArgument("`\(name)` must be a number between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }
}

extension RunInfo {
    /// Times in milliseconds since 1970, as clients said them.
    fileprivate var json: JSONObject {
        var json: JSONObject = [
            "run_id": .string(id), "experiment_id": .string(experimentID), "name": .string(name), "user": .string(userID),
            "status": .string(status.rawValue), "lifecycle": .string(lifecycle.rawValue), "start_time": .int(startTime),
        ]
        json["end_time"] = endTime.map(JSONValue.int)
        json["artifact_uri"] = .string(artifactURI)
        return json
    }
}

extension Run {
    /// Metrics by their latest value. Groups without members are left out.
    fileprivate var json: JSONObject {
        var json = info.json
        func put(_ name: String, _ pairs: [(key: String, value: JSONValue)]) {
            if !pairs.isEmpty { json[name] = .object(JSONObject(pairs)) }
        }
        put("metrics", metrics.map { ($0.key, .double($0.value)) })
        put("params", params.map { ($0.key, .string($0.value)) })
        put("tags", tags.map { ($0.key, .string($0.value)) })
        if !datasets.isEmpty {
            json["datasets"] = .array(datasets.map { ["name": .string($0.name), "digest": .string($0.digest)] })
        }
        if !modelInputs.isEmpty { json["model_inputs"] = .array(modelInputs.map(JSONValue.string)) }
        if !modelOutputs.isEmpty { json["model_outputs"] = .array(modelOutputs.map { .string($0.modelID) }) }
        return json
    }
}

extension RunTree {
    fileprivate var json: JSONObject {
        var json = run.json
        json["children"] = .array(children.map { .object($0.json) })
        return json
    }
}
