import Errors
import JSON
import Tracing

extension RequestFields {
    /// `{"trace_info": {…}}` under `trace`.
    func traceInfo() throws -> TraceInfo {
        guard let trace = try object("trace") else { throw missing("trace") }
        guard let info = try trace.object("trace_info") else { throw trace.missing("trace_info") }
        guard let experiment = try info.object("trace_location")?.object("mlflow_experiment")?.text("experiment_id") else {
            throw JidokaError.invalidArgument(
                "only traces of MLflow experiments are kept", hint: "give `trace_location.mlflow_experiment.experiment_id`")
        }
        let id = try info.requiredText("trace_id")
        return TraceInfo(
            id: id, experimentID: experiment, requestTime: try info.time("request_time") ?? 0,
            duration: try info.duration("execution_duration"), state: try info.traceState("state"),
            clientRequestID: try info.nonEmpty("client_request_id"), requestPreview: try info.text("request_preview"),
            responsePreview: try info.text("response_preview"), metadata: try info.map("trace_metadata"), tags: try info.map("tags"),
            assessments: try info.objects("assessments").map { try $0.assessment(traceID: id) })
    }

    func time(_ name: String) throws -> Int64? { try text(name).map { try ProtoTime.milliseconds($0, field: name) } }

    func duration(_ name: String) throws -> Int64? {
        try text(name).map { text in
            guard let duration = ProtoTime.milliseconds(duration: text) else {
                throw JidokaError.invalidArgument(
                    "Invalid value '\(text.prefix(100))' for parameter '\(name)': a number of seconds with an `s` is expected")
            }
            return duration
        }
    }

    func traceState(_ name: String) throws -> TraceState {
        switch try value(name) {
        case .string(let text)?: TraceState(rawValue: text) ?? .unspecified
        case .int(let number)? where (0...3).contains(number): [TraceState.unspecified, .ok, .error, .inProgress][Int(number)]
        default: .unspecified
        }
    }

    /// An object whose members are texts.
    func map(_ name: String) throws -> [String: String] {
        guard let found = try value(name) else { return [:] }
        guard let object = found.objectValue else { throw JidokaError.invalidArgument("`\(name)` must be an object of texts") }
        var values: [String: String] = [:]
        for (key, value) in object { values[key] = value.stringValue ?? value.text }
        return values
    }

    /// Pairs of the second protocol.
    func pairs(_ name: String) throws -> [String: String] {
        Dictionary(try objects(name).map { (try $0.requiredText("key"), try $0.text("value") ?? "") }) { $1 }
    }

    func assessment(traceID: String) throws -> Assessment {
        guard let value = try assessmentValue() else { throw JidokaError.invalidArgument("Unknown assessment type: None") }
        let source = try object("source")
        return Assessment(
            id: try text("assessment_id") ?? "", traceID: traceID, name: try text("assessment_name") ?? "", kind: value.kind,
            value: value.value, error: value.error,
            source: AssessmentSource(
                type: RequestFields.sourceType(try source?.text("source_type")), id: try source?.text("source_id") ?? ""),
            rationale: try nonEmpty("rationale"), metadata: try map("metadata"), spanID: try nonEmpty("span_id"),
            createdAt: try time("create_time") ?? 0, updatedAt: try time("last_update_time") ?? 0, overrides: try nonEmpty("overrides"),
            isValid: try flag("valid") ?? true)
    }

    /// Unknown names are those of no type, as in every enumeration of the protocol.
    private static func sourceType(_ name: String?) -> String {
        name.flatMap { ["HUMAN", "LLM_JUDGE", "CODE", "AI_JUDGE"].contains($0) ? $0 : nil } ?? "SOURCE_TYPE_UNSPECIFIED"
    }

    func assessmentValue() throws -> (kind: Assessment.Kind, value: JSONValue, error: AssessmentError?)? {
        if let feedback = try object("feedback") {
            let error = try feedback.object("error").map {
                AssessmentError(
                    code: try $0.text("error_code") ?? "", message: try $0.nonEmpty("error_message"),
                    stackTrace: try $0.nonEmpty("stack_trace"))
            }
            return (.feedback, try feedback.value("value") ?? .null, error)
        }
        if let expectation = try object("expectation") {
            guard let serialized = try expectation.object("serialized_value") else {
                return (.expectation, try expectation.value("value") ?? .null, nil)
            }
            let text = try serialized.requiredText("value")
            guard let value = try? JSONValue.parse(text) else {
                throw JidokaError.invalidArgument("the serialized value of an expectation is not JSON")
            }
            return (.expectation, value, nil)
        }
        if let issue = try object("issue") { return (.issue, .string(try issue.text("issue_name") ?? ""), nil) }
        return nil
    }

    /// What `update_mask` names; names in snake_case or camelCase.
    func assessmentChange() throws -> AssessmentChange {
        guard let assessment = try object("assessment") else { throw missing("assessment") }
        guard let mask = try value("update_mask") else { throw missing("update_mask") }
        let paths = (mask.stringValue ?? mask["paths"]?.arrayValue?.compactMap(\.stringValue).joined(separator: ",") ?? "").split(
            separator: ",")
        guard !paths.isEmpty else { throw missing("update_mask") }
        var change = AssessmentChange()
        for path in paths {
            switch path {
            case "assessment_name", "assessmentName": change.name = try assessment.text("assessment_name")
            case "expectation", "feedback": change.value = try assessment.assessmentValue()
            case "rationale": change.rationale = try assessment.text("rationale") ?? ""
            case "metadata": change.metadata = try assessment.map("metadata")
            case "valid": change.isValid = try assessment.flag("valid")
            default: continue
            }
        }
        return change
    }

    func traceSearch(experiments: [String], filter: String?) throws -> TraceSearch {
        TraceSearch(
            experimentIDs: experiments, filter: try TraceFilter.parse(filter), orders: try TraceFilter.orders(try texts("order_by")),
            offset: try PageToken.decode(try text("page_token")), limit: try limit(default: 100))
    }

    func traceSelection() throws -> TraceSelection {
        let ids = try texts("request_ids") + texts("trace_ids")
        let older = try integer("max_timestamp_millis")
        let limit = try integer("max_traces")
        guard ids.isEmpty != (older == nil) else {
            throw JidokaError.invalidArgument(
                ids.isEmpty
                    ? "Either `max_timestamp_millis` or `trace_ids` must be specified."
                    : "Only one of `max_timestamp_millis` and `trace_ids` can be specified.")
        }
        if let older { return .older(than: older, limit: limit.map { Int(clamping: $0) }) }
        guard limit == nil else {
            throw JidokaError.invalidArgument("`max_traces` can't be specified if `trace_ids` is specified.")
        }
        return .ids(ids)
    }

    func traceMetricQuery() throws -> TraceMetricQuery {
        guard let view = TraceMetricView(rawValue: try requiredText("view_type")) else {
            throw JidokaError.invalidArgument("`view_type` must be one of \(TraceMetricView.allCases.map(\.rawValue))")
        }
        let aggregations = try objects("aggregations").map { one -> TraceAggregation in
            switch try one.requiredText("aggregation_type") {
            case "COUNT": .count
            case "SUM": .sum
            case "AVG": .average
            case "MIN": .minimum
            case "MAX": .maximum
            case "PERCENTILE": .percentile(try one.requiredNumber("percentile_value"))
            case let other: throw JidokaError.invalidArgument("Unsupported aggregation type: \(other)")
            }
        }
        guard !aggregations.isEmpty else { throw missing("aggregations") }
        return TraceMetricQuery(
            experimentIDs: try texts("experiment_ids"), view: view, metric: try requiredText("metric_name"), aggregations: aggregations,
            dimensions: try texts("dimensions"), filters: try texts("filters").map(TraceMetricFilter.parse),
            interval: try integer("time_interval_seconds"), from: try integer("start_time_ms"), to: try integer("end_time_ms"))
    }
}
