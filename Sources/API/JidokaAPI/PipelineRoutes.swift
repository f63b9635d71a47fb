import HTTP
import JSON
import Pipelines

/// Pipeline runs.
extension JidokaRoutes {
    mutating func mountPipelines(_ services: JidokaServices) {
        let pipelines = services.pipelines
        add("POST", "/pipeline/runs", .write, "Start the pipeline.") { request in
            let fields = try await RequestFields(request, known: ["params", "data", "reason", "actor", "request"])
            let run = try await pipelines.start(
                PipelineService.Request(
                    params: try fields.texts("params"), data: try fields.texts("data"),
                    reason: try fields.optionalText("reason") ?? "started by hand",
                    actor: try fields.actor(), request: try fields.optionalText("request")))
            return .json(.object(run.json), status: 202)
        }
        add("GET", "/pipeline/runs", .read, "List pipeline runs, newest first.") { request in
            .json(.array(try await pipelines.runs(limit: try request.limit(default: 50)).map { .object($0.json) }))
        }
        add("GET", "/pipeline/runs/{id}", .read, "One pipeline run with its steps.") { request in
            .json(.object(try await pipelines.run(try request.parameter("id")).json))
        }
        add("GET", "/pipeline/runs/{id}/steps/{step}/log", .read, "What a step wrote, from `offset` bytes.") { request in
            let log = try await pipelines.log(
                run: try request.parameter("id"), step: try request.parameter("step"),
                offset: Int(try request.integer("offset", default: 0)))
            return HTTPResponse(
                headers: ["content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"], body: .bytes(log))
        }
        add("POST", "/pipeline/runs/{id}/cancel", .write, "Cancel a pipeline run.") { request in
            let fields = try await RequestFields(request, known: ["actor", "reason"])
            let run = try await pipelines.cancel(
                try request.parameter("id"), actor: try fields.actor(), reason: try fields.optionalText("reason") ?? "no reason given")
            return .json(.object(run.json), status: 202)
        }
    }
}
