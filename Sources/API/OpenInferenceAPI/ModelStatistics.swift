import Clockwork
import HTTP
import JSON
import Serving

func statisticsRoutes(_ serving: ServingService) -> [HTTP.Route] {
    [
        route("GET", "/v2/models/stats", "What every model has done since it was loaded.") { _ in
            .json(try statistics(of: nil, version: nil, serving))
        }
    ]
        + modelRoute("GET", "/stats", "What a model has done since it was loaded.") { request in
            .json(try statistics(of: try request.parameter("model"), version: request.parameters["version"], serving))
        }
}

/// Of all models without a name, of all its versions without a version.
func statistics(of name: String?, version: String?, _ serving: ServingService) throws -> JSONValue {
    let models =
        if let name {
            if let version { [try serving.model(name, version: version)] } else { try serving.description(of: name).versions }
        } else {
            serving.descriptions.flatMap(\.versions)
        }
    return ["model_stats": .array(models.map(statistics))]
}

/// The statistics extension. Making and reading tensors is part of the run here: `compute_input` and `compute_output` count, and are 0
/// ns long.
private func statistics(_ model: ServedModelDescription) -> JSONValue {
    func total(_ total: InferenceCounts.Total) -> JSONValue {
        ["count": .int(Int64(clamping: total.count)), "ns": .int(Int64(clamping: total.nanoseconds))]
    }
    let counts = model.counts
    var none = InferenceCounts.Total()
    let absent = total(none)
    none.count = counts.compute.count
    let untimed = total(none)
    let batches: [JSONValue] = counts.runsByRows.sorted { $0.key < $1.key }.map { rows, runs in
        let run = total(runs)
        return ["batch_size": .int(Int64(rows)), "compute_input": absent, "compute_infer": run, "compute_output": absent]
    }
    let durations: JSONValue = [
        "success": total(counts.successes), "fail": total(counts.failures), "queue": total(counts.queue), "compute_input": untimed,
        "compute_infer": total(counts.compute), "compute_output": untimed, "cache_hit": absent, "cache_miss": absent,
    ]
    return [
        "name": .string(model.endpoint), "version": .string(model.version), "last_inference": .int(counts.lastInference.milliseconds),
        "inference_count": .int(Int64(clamping: counts.rows)), "execution_count": .int(Int64(clamping: counts.runs)),
        "inference_stats": durations, "response_stats": [:], "batch_stats": .array(batches), "memory_usage": [],
    ]
}
