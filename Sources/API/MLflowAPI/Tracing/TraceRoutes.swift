import Errors
import HTTP
import JSON
import Tracing
import Tracking

extension RouteTable {
    /// Traces of the third protocol, and their assessments.
    mutating func addTraces() {
        let tracing = services.tracing
        add("POST", "traces", .write, version: "3.0", bodyMax: RequestFields.largeBodyMax) { call in
            .trace(try await tracing.start(try call.fields.traceInfo()))
        }
        add("GET", "traces/{trace_id}", .read, version: "3.0") { call in
            .trace(try await tracing.info(id: try call.fields.requiredText("trace_id")))
        }
        add("GET", "traces/get", .read, version: "3.0") { call in
            let trace = try await tracing.trace(
                id: try call.fields.requiredText("trace_id"), partial: try call.fields.flag("allow_partial") ?? false)
            return .object(capacity: 16_384) { writer in
                writer.key("trace")
                writer.write(trace)
            }
        }
        add("GET", "traces/batchGet", .read, version: "3.0") { call in
            let traces = try await tracing.traces(ids: try call.fields.traceIDs(), experiments: try call.fields.scope())
            return .object(capacity: 65_536) { $0.list("traces", traces) { $0.write($1) } }
        }
        add("POST", "traces/batchGetInfos", .read, version: "3.0") { call in
            let infos = try await tracing.infos(ids: try call.fields.traceIDs(), experiments: try call.fields.scope())
            return .object(capacity: 16_384) { $0.list("trace_infos", infos) { $0.write($1) } }
        }
        add("POST", "traces/search", .read, version: "3.0") { call in
            guard try call.fields.has("locations") else { throw call.fields.missing("locations") }
            let experiments = try call.fields.objects("locations").compactMap { try $0.object("mlflow_experiment")?.text("experiment_id") }
            let page = try await tracing.search(
                try call.fields.traceSearch(experiments: experiments, filter: try call.fields.text("filter")))
            return .object(capacity: 65_536) { writer in
                writer.list("traces", page.items) { $0.write($1) }
                writer.member("next_page_token", ifPresent: PageToken.encode(page.nextOffset))
            }
        }
        addTraceFigures()
        addAssessments()
    }

    private mutating func addTraceFigures() {
        let tracing = services.tracing
        add("POST", "traces/calculate-filter-correlation", .read, version: "3.0") { call in
            let found = try await tracing.correlation(
                experiments: try call.fields.texts("experiment_ids"), first: try call.fields.requiredText("filter_string1"),
                second: try call.fields.requiredText("filter_string2"), base: try call.fields.nonEmpty("base_filter"))
            return .object { writer in
                for (name, value) in [("npmi", found.npmi), ("npmi_smoothed", found.smoothedNPMI)] where !value.isNaN {
                    writer.key(name)
                    writer.value(value)
                }
                writer.member("filter1_count", Int64(found.first))
                writer.member("filter2_count", Int64(found.second))
                writer.member("joint_count", Int64(found.joint))
                writer.member("total_count", Int64(found.total))
            }
        }
        add("POST", "traces/metrics", .read, version: "3.0") { call in
            let points = try await tracing.metrics(try call.fields.traceMetricQuery(), limit: try call.fields.limit(default: 1_000))
            return .object(capacity: 4_096) { writer in
                writer.list("data_points", points) { writer, point in
                    writer.beginObject()
                    writer.member("metric_name", point.metric)
                    writer.map("dimensions", point.dimensions)
                    writer.key("values")
                    writer.beginObject()
                    for (label, value) in point.values.sorted(by: { $0.key < $1.key }) {
                        writer.key(label)
                        writer.value(value)
                    }
                    writer.endObject()
                    writer.endObject()
                }
            }
        }
    }

    private mutating func addAssessments() {
        let tracing = services.tracing
        add("POST", "traces/{trace_id}/assessments", .write, version: "3.0") { call in
            let trace = try call.fields.requiredText("trace_id")
            guard let fields = try call.fields.object("assessment") else { throw call.fields.missing("assessment") }
            return .assessment(try await tracing.assess(try fields.assessment(traceID: trace), actor: call.actor))
        }
        let one = "traces/{trace_id}/assessments/{assessment_id}"
        add("GET", one, .read, version: "3.0") { call in
            .assessment(try await tracing.assessment(id: try call.fields.assessmentID(), traceID: try call.fields.requiredText("trace_id")))
        }
        add("PATCH", one, .write, version: "3.0") { call in
            .assessment(
                try await tracing.update(
                    assessment: try call.fields.assessmentID(), traceID: try call.fields.requiredText("trace_id"),
                    try call.fields.assessmentChange(), actor: call.actor))
        }
        add("DELETE", one, .write, version: "3.0") { call in
            try await tracing.delete(
                assessment: try call.fields.assessmentID(), traceID: try call.fields.requiredText("trace_id"), actor: call.actor)
            return .empty
        }
    }

    /// Tags, links and deletion, which both protocols share, and the second protocol's own routes.
    mutating func addTraceChanges() {
        let tracing = services.tracing
        for version in ["2.0", "3.0"] {
            add("PATCH", "traces/{trace_id}/tags", .write, version: version) { call in
                let (id, key) = (try call.fields.requiredText("trace_id"), try call.fields.requiredText("key"))
                try await tracing.setTag(key: key, value: try call.fields.text("value") ?? "", id: id)
                return .empty
            }
            add("DELETE", "traces/{trace_id}/tags", .write, version: version) { call in
                try await tracing.deleteTag(key: try call.fields.requiredText("key"), id: try call.fields.requiredText("trace_id"))
                return .empty
            }
            add("POST", "traces/delete-traces", .write, version: version) { call in
                let experiment = try call.fields.requiredText("experiment_id")
                let count = try await tracing.delete(try call.fields.traceSelection(), experimentID: experiment, actor: call.actor)
                return .object { $0.member("traces_deleted", Int64(count)) }
            }
            add("POST", "traces/link-to-run", .write, version: version) { call in
                try await tracing.link(traceIDs: try call.fields.traceIDs(), run: try call.fields.requiredText("run_id"))
                return .empty
            }
            add("POST", "traces/link-prompts", .write, version: version) { call in
                let prompts = try call.fields.objects("prompt_versions").map {
                    "\(try $0.requiredText("name"))/\(try $0.text("version") ?? String(try $0.requiredInteger("version")))"
                }
                try await tracing.link(prompts: prompts, traceID: try call.fields.requiredText("trace_id"))
                return .empty
            }
        }
        addSecondTraces()
    }

    private mutating func addSecondTraces() {
        let tracing = services.tracing
        add("POST", "traces", .write) { call in
            .secondTrace(
                try await tracing.begin(
                    experimentID: try call.fields.requiredText("experiment_id"),
                    requestTime: try call.fields.requiredInteger("timestamp_ms"),
                    metadata: try call.fields.pairs("request_metadata"), tags: try call.fields.pairs("tags")))
        }
        add("PATCH", "traces/{trace_id}", .write) { call in
            let ending = TraceEnding(
                endTime: try call.fields.requiredInteger("timestamp_ms"), state: try call.fields.traceState("status"),
                metadata: try call.fields.pairs("request_metadata"), tags: try call.fields.pairs("tags"))
            return .secondTrace(try await tracing.end(id: try call.fields.requiredText("trace_id"), ending))
        }
        add("GET", "traces/{trace_id}/info", .read) { call in
            .secondTrace(try await tracing.info(id: try call.fields.requiredText("trace_id")))
        }
        add("GET", "traces", .read) { call in
            guard try call.fields.has("experiment_ids") else { throw call.fields.missing("experiment_ids") }
            let page = try await tracing.search(
                try call.fields.traceSearch(experiments: try call.fields.texts("experiment_ids"), filter: try call.fields.text("filter")))
            return .object(capacity: 65_536) { writer in
                writer.list("traces", page.items) { $0.writeSecond($1) }
                writer.member("next_page_token", ifPresent: PageToken.encode(page.nextOffset))
            }
        }
    }

    /// The spans of a trace as the web UI reads them: from here, or the file that an older client put among the artifacts.
    mutating func addTraceArtifacts() {
        let (tracing, artifacts) = (services.tracing, services.artifacts)
        for version in ["2.0", "3.0"] {
            addRaw("GET", "/ajax-api/\(version)/mlflow/get-trace-artifact", .read) { request in
                let fields = try await RequestFields(request)
                let info = try await tracing.info(id: try fields.requiredText("request_id"))
                if let path = try fields.nonEmpty("path") {
                    guard !path.contains("/") else { throw JidokaError.invalidArgument("Invalid path") }
                    return try await .download(
                        try info.folder().appending(try ArtifactPath("attachments/\(path)")), from: artifacts, for: request)
                }
                guard info.isStoredHere else {
                    return try await .download(
                        try info.folder().appending(try ArtifactPath("traces.json")), from: artifacts, for: request)
                }
                let trace = try await tracing.trace(id: info.id, partial: true)
                var bytes = Array("{\"spans\":[".utf8)
                for (index, span) in trace.spans.enumerated() {
                    if index > 0 { bytes.append(UInt8(ascii: ",")) }
                    bytes.append(contentsOf: span.utf8)
                }
                bytes.append(contentsOf: "]}".utf8)
                return HTTPResponse(
                    headers: [
                        "content-type": "application/octet-stream", "content-disposition": MIMEType.disposition("traces.json"),
                        "x-content-type-options": "nosniff",
                    ], body: .bytes(bytes))
            }
        }
    }
}

extension TraceInfo {
    fileprivate func folder() throws -> ArtifactPath {
        guard let location = tags[TraceKey.artifactLocation] else { throw TracingErrors.notStoredHere(id) }
        return try ArtifactPath(uri: location)
    }
}

extension RequestFields {
    fileprivate func traceIDs() throws -> [String] {
        guard try has("trace_ids") else { throw missing("trace_ids") }
        return try texts("trace_ids")
    }

    /// The experiments that a batch is narrowed to; nil when none are named.
    fileprivate func scope() throws -> [String]? { try has("experiment_ids") ? try texts("experiment_ids") : nil }

    fileprivate func assessmentID() throws -> String { try requiredText("assessment_id") }
}

extension TraceMetricFilter {
    /// `trace.status = 'OK'`, `trace.tag.team = 'x'`, `span.name = 'f'`, `assessment.name = 'q'`.
    static func parse(_ text: String) throws -> TraceMetricFilter {
        let (entity, key, value) = try TraceMetricFilterText.read(text)
        switch (entity, key) {
        case ("trace", "status"): return .traceState(value)
        case ("trace", _) where key.hasPrefix("tag."): return .traceTag(key: String(key.dropFirst(4)), value: value)
        case ("trace", _) where key.hasPrefix("metadata."): return .traceMetadata(key: String(key.dropFirst(9)), value: value)
        case ("span", "name"): return .spanName(value)
        case ("span", "type"): return .spanType(value)
        case ("span", "status"): return .spanStatus(value)
        case ("assessment", "name"): return .assessmentName(value)
        case ("assessment", "type"): return .assessmentKind(value)
        default: throw JidokaError.invalidArgument("Invalid entity '\(key)' specified for view type '\(entity)'.")
        }
    }
}
