"""Traces of both protocols, OTLP, assessments and figures."""

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from differential.pair import Pair

V3 = "/api/3.0/mlflow/traces"
V2 = "/api/2.0/mlflow/traces"

FILTERS = """
status = 'OK'
trace.status = 'OK'
attributes.status = 'ERROR'
status != 'OK'
status IN ('OK', 'ERROR')
status > 'OK'
status LIKE 'O%'
name = 'red'
trace.name LIKE 'r%'
name ILIKE 'RED'
timestamp > 1700000001500
timestamp_ms <= 1700000002000
trace.timestamp = 1700000001000
execution_time > 5
execution_time_ms >= 20
end_time > 1700000001000
timestamp > 'x'
request_id = 'tr-00000000000000000000000000000001'
trace.request_id IN ('tr-00000000000000000000000000000001', 'tr-00000000000000000000000000000002')
client_request_id = 'client-2'
client_request_id LIKE 'client%'
tags.team = 'red'
tag.team != 'red'
tag.team LIKE 'r%'
tag.team ILIKE 'R%'
tag.team RLIKE '^r.d$'
tag.`team` = 'red'
tag.none = 'x'
tag.team IS NULL
tag.team IS NOT NULL
metadata.build = '7'
request_metadata.build = '7'
metadata.build != '7'
metadata.`mlflow.sourceRun` = 'x'
run_id = 'none'
feedback.good = 'true'
feedback.good = 'false'
feedback.good != 'true'
feedback.score > 0.5
feedback.score = '0.75'
feedback.good IS NULL
feedback.good IS NOT NULL
expectation.fact = 'Paris'
expectation.fact LIKE 'P%'
span.name = 'child'
span.name LIKE 'ch%'
span.type = 'LLM'
span.status = 'OK'
span.attributes.color = 'blue'
span.content LIKE '%blue%'
trace.text LIKE '%question%'
status = 'OK' AND tag.team = 'red'
status = 'OK' OR tag.team = 'red'
NOT status = 'OK'
nothing.key = 'x'
nothing = 'x'
tag.team = red
tag.team =
= 'x'
status = 'OK' AND
prompt = 'none/1'
prompt = 'none'
prompt != 'none/1'
"""

ORDERS = [
    ["timestamp ASC"], ["timestamp_ms DESC"], ["timestamp"], ["execution_time DESC"], ["execution_time_ms ASC"], ["status ASC"], ["name DESC"], ["tag.team ASC"], ["client_request_id DESC"],
    ["request_id ASC"], ["nothing ASC"], ["timestamp SIDEWAYS"], ["status", "timestamp DESC"], ["timestamp", "timestamp"], "timestamp",
]  # fmt: skip


def identity(number: int) -> str:
    return f"tr-{number:032x}"


def info(number: int, experiment: str, **more: object) -> dict[str, object]:
    one = {
        "trace_id": identity(number), "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}},
        "request_time": f"2023-11-14T22:13:{20 + number:02d}Z", "execution_duration": f"0.0{number}0s", "state": "ERROR" if number == 2 else "OK",
        "request_preview": f"question {number}", "response_preview": f"answer {number}", "trace_metadata": {"build": str(6 + number), "mlflow.trace_schema.version": "3"},
        "tags": {"team": "red" if number < 3 else "blue", "mlflow.traceName": "red" if number == 1 else "other"}, "client_request_id": f"client-{number}", **more,
    }  # fmt: skip
    return {"trace": {"trace_info": {name: value for name, value in one.items() if value is not None}}}


def assessment(name: str, **more: object) -> dict[str, object]:
    times = {"create_time": "2023-11-14T22:14:00Z", "last_update_time": "2023-11-14T22:14:00Z"}
    return {"assessment": {"assessment_name": name, "source": {"source_type": "HUMAN", "source_id": "ann"}, **times, **more}}


def export(number: int, error: bool = False) -> bytes:
    """Two spans as OpenTelemetry's exporter sends them."""
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    begun = 1_700_000_000_000_000_000 + number * 1_000_000_000
    for index, name in enumerate(("root", "child")):
        span = scope.spans.add(trace_id=number.to_bytes(16, "big"), span_id=(index + 1).to_bytes(8, "big"), name=name, kind=Span.SPAN_KIND_INTERNAL)
        span.start_time_unix_nano, span.end_time_unix_nano = begun + index, begun + 10_000_000 * number
        if index:
            span.parent_span_id = (1).to_bytes(8, "big")
            for key, value in (("color", '"blue"'), ("mlflow.spanType", '"LLM"'), ("plain", "text"), ("json", '{"a": [1, null]}')):
                span.attributes.add(key=key).value.string_value = value
            span.attributes.add(key="count").value.int_value = 7
            span.attributes.add(key="share").value.double_value = 0.5
            span.attributes.add(key="flag").value.bool_value = True
            event = span.events.add(name="retry", time_unix_nano=begun + 5)
            event.attributes.add(key="attempt").value.int_value = 1
        span.status.code = Status.STATUS_CODE_ERROR if error and index else Status.STATUS_CODE_OK
        span.status.message = "boom" if error and index else ""
    return request.SerializeToString()


def traces(pair: Pair) -> None:
    home = pair.post("experiments/create", {"name": "traces"}).keep("experiment_id", "t home")
    for number in (1, 2, 3):
        pair.post(V3, info(number, home), "start")
        for path in (f"{V3}/{identity(number)}", f"{V2}/{identity(number)}/info"):
            pair.get(path)
    pair.post(V3, info(1, home), "again")
    rough = pair.post("experiments/create", {"name": "rough traces"}).keep("experiment_id", "t rough")
    for title, body in (
        ("no trace", {}), ("no info", {"trace": {}}), ("no id", info(8, rough, trace_id=None)), ("no place", info(8, rough, trace_location=None)), ("unknown experiment", info(8, "987654")),
        ("no time", info(11, rough, request_time=None)), ("a time that is none", info(12, rough, request_time="yesterday")), ("a state that is none", info(9, rough, state="BOGUS")),
        ("a duration that is none", info(13, rough, execution_duration="long")), ("no state", info(10, rough, state=None)),
    ):  # fmt: skip
        pair.post(V3, body, title)
    for number in (1, 2, 3):
        pair.ask("POST", "/v1/traces", raw=export(number, number == 2), headers={"Content-Type": "application/x-protobuf", "x-mlflow-experiment-id": home}, title="spans")
        pair.get(f"{V3}/get", trace_id=identity(number))
    for headers in ({}, {"x-mlflow-experiment-id": "987654"}, {"x-mlflow-experiment-id": "x"}):
        pair.ask("POST", "/v1/traces", raw=export(1), headers={"Content-Type": "application/x-protobuf", **headers}, title=f"place {headers}")
    for body, kind in ((b"\xff\xff", "application/x-protobuf"), (export(1), "text/plain"), (b"", "application/x-protobuf"), (b"{", "application/json")):
        pair.ask("POST", "/v1/traces", raw=body, headers={"Content-Type": kind, "x-mlflow-experiment-id": home}, title=f"{kind} {len(body)}")
    reading(pair, home)
    assessments(pair)
    searching(pair, home)
    tags_and_links(pair, home)
    figures(pair, home)
    deleting(pair, home)


def reading(pair: Pair, home: str) -> None:
    for path, query in (
        (f"{V3}/get", {}), (f"{V3}/get", {"trace_id": "tr-none"}), (f"{V3}/get", {"trace_id": identity(1), "allow_partial": "true"}), (f"{V3}/get", {"trace_id": identity(1), "allow_partial": "maybe"}),
        (f"{V3}/batchGet", {"trace_ids": [identity(1), identity(2), "tr-none"]}), (f"{V3}/batchGet", {}), (f"{V3}/tr-none", {}), (f"{V2}/tr-none/info", {}),
    ):  # fmt: skip
        pair.get(path, **query)
    for body in ({"trace_ids": [identity(1), identity(3)]}, {"trace_ids": []}, {}, {"trace_ids": ["tr-none"]}, {"trace_ids": "x"}):
        pair.post(f"{V3}/batchGetInfos", body)


def assessments(pair: Pair) -> None:
    place = f"{V3}/{identity(1)}/assessments"
    good = pair.post(place, assessment("good", feedback={"value": True}, rationale="short", metadata={"a": "1"})).keep("assessment.assessment_id", "good")
    fact = pair.post(place, assessment("fact", expectation={"value": "Paris"})).keep("assessment.assessment_id", "fact")
    pair.post(place, assessment("facts", expectation={"serialized_value": {"serialization_format": "JSON_FORMAT", "value": '["a", {"b": 1}]'}}))
    score = pair.post(place, assessment("score", feedback={"value": 0.75}, span_id="0000000000000001")).keep("assessment.assessment_id", "score")
    pair.post(place, assessment("failed", feedback={"value": None, "error": {"error_code": "TIMEOUT", "error_message": "too slow", "stack_trace": "at x"}}))
    for value in ("text", 5, None, [1, "a"], {"a": 1}, ""):
        pair.post(place, assessment("any", feedback={"value": value}), f"feedback {value!r}")
    pair.post(f"{V3}/{identity(3)}/assessments", assessment("good", feedback={"value": False}))
    pair.post(V3, info(14, pair.post("experiments/create", {"name": "rough assessments"}).keep("experiment_id", "t rough 2")))
    rough = f"{V3}/{identity(14)}/assessments"
    for title, body in (
        ("nothing", {}), ("no kind", assessment("x")), ("no name", {"assessment": {"feedback": {"value": 1}, "source": {"source_type": "HUMAN", "source_id": "a"}}}),
        ("no source", {"assessment": {"assessment_name": "bare", "feedback": {"value": 1}, "create_time": "2023-11-14T22:14:00Z", "last_update_time": "2023-11-14T22:14:00Z"}}),
        ("a source that is none", {"assessment": {**assessment("x", feedback={"value": 1})["assessment"], "source": {"source_type": "ROBOT", "source_id": "r"}}}),
    ):  # fmt: skip
        pair.post(rough, body, title)
    pair.post(f"{V3}/tr-none/assessments", assessment("x", feedback={"value": 1}), "unknown trace")
    for one in (good, fact, score, "a-none"):
        pair.get(f"{place}/{one}")
    change = {"assessment_id": good, "trace_id": identity(1), "assessment_name": "good", "feedback": {"value": False}, "rationale": "long", "metadata": {"b": "2"}}
    for mask in ("rationale", "feedback", "metadata", "assessmentName,feedback", "nothing", ""):
        pair.patch(f"{place}/{good}", {"assessment": change, "update_mask": mask}, f"mask {mask!r}")
    pair.patch(f"{place}/{good}", {"assessment": change}, "no mask")
    pair.patch(f"{place}/{good}", {"update_mask": "rationale"}, "no assessment")
    pair.patch(f"{place}/{good}", {"assessment": {"expectation": {"value": "x"}}, "update_mask": "expectation"}, "another kind")
    pair.patch(f"{place}/a-none", {"assessment": change, "update_mask": "rationale"}, "unknown")
    pair.post(place, assessment("good", feedback={"value": "better"}, overrides=good), "override")
    pair.get(f"{place}/{good}")
    pair.post(place, assessment("good", feedback={"value": 1}, overrides="a-none"), "override of nothing")
    pair.delete(f"{place}/{fact}")
    pair.delete(f"{place}/{fact}", title="twice")
    pair.delete(f"{place}/a-none")
    pair.get(f"{V3}/{identity(1)}")
    # Searches below want them.
    pair.post(place, assessment("fact", expectation={"value": "Paris"}))


def searching(pair: Pair, home: str) -> None:
    places = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": home}}]
    for text in FILTERS.strip().splitlines():
        pair.post(f"{V3}/search", {"locations": places, "filter": text}, text)
    for order in ORDERS:
        pair.post(f"{V3}/search", {"locations": places, "order_by": order})
    for body in ({}, {"locations": []}, {"locations": places, "max_results": 0}, {"locations": places, "max_results": 501}, {"locations": places, "max_results": 500}, {"locations": places, "page_token": "bogus"},
                 {"locations": [{"mlflow_experiment": {"experiment_id": "987654"}}]}, {"locations": [{"type": "MLFLOW_EXPERIMENT"}]}, {"locations": [{"type": "UC_SCHEMA", "uc_schema": {"catalog_name": "a", "schema_name": "b"}}]}):  # fmt: skip
        pair.post(f"{V3}/search", body)
    pair.get(V2, experiment_ids=[home], max_results=2, order_by="timestamp ASC")
    pair.get(V2, experiment_ids=[home], filter="status = 'OK'")
    pair.get(V2)


def tags_and_links(pair: Pair, home: str) -> None:
    one = f"{V3}/{identity(1)}"
    for version in (V2, V3):
        tags = f"{version}/{identity(1)}/tags"
        pair.patch(tags, {"key": "stage", "value": "trial"})
        pair.patch(tags, {"key": "stage", "value": "done"}, "again")
        pair.patch(tags, {"key": "long", "value": "x" * 9_000}, "long value")
        pair.patch(tags, {"key": "k" * 251, "value": "x"}, "long key")
        pair.patch(tags, {"value": "x"}, "no key")
        pair.patch(tags, {"key": "bare"}, "no value")
        pair.patch(tags, {"key": "bad\nkey", "value": "x"}, "bad key")
        pair.patch(f"{version}/tr-none/tags", {"key": "a", "value": "b"}, "unknown")
        pair.delete(tags, {"key": "stage"})
        pair.delete(tags, {"key": "stage"}, "twice")
        pair.delete(tags, {})
    pair.get(one)
    run = pair.post("runs/create", {"experiment_id": home, "start_time": 1, "run_name": "traced"}).keep("run.info.run_id", "t run")
    for body in ({"trace_ids": [identity(1), identity(2)], "run_id": run}, {"trace_ids": [identity(1)], "run_id": run}, {"trace_ids": [], "run_id": run}, {"trace_ids": [identity(1)]}, {"trace_ids": ["tr-none"], "run_id": run},
                 {"trace_ids": [identity(1)], "run_id": "0" * 32}, {"trace_ids": [identity(number) for number in range(101)], "run_id": run}):  # fmt: skip
        pair.post(f"{V2}/link-to-run", body)
    places = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": home}}]
    pair.post(f"{V3}/search", {"locations": places, "filter": f"run_id = '{run}'", "order_by": ["timestamp ASC"]}, "of the run")
    pair.post("registered-models/create", {"name": "t-prompt", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]})
    pair.post("model-versions/create", {"name": "t-prompt", "source": "dummy-source", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}, {"key": "mlflow.prompt.text", "value": "hello"}]})
    for body in ({"trace_id": identity(1), "prompt_versions": [{"name": "t-prompt", "version": "1"}]}, {"trace_id": identity(1), "prompt_versions": []}, {"prompt_versions": [{"name": "t-prompt", "version": "1"}]}, {"trace_id": "tr-none", "prompt_versions": [{"name": "t-prompt", "version": "1"}]}):
        pair.post(f"{V2}/link-prompts", body)
    pair.post(f"{V3}/search", {"locations": places, "filter": "prompt = 't-prompt/1'"}, "of the prompt")


def figures(pair: Pair, home: str) -> None:
    def metrics(view: str, name: str, *aggregations: str, **more: object) -> None:
        wanted = [{"aggregation_type": one} for one in aggregations]
        pair.post(f"{V3}/metrics", {"experiment_ids": [home], "view_type": view, "metric_name": name, "aggregations": wanted, **more})

    metrics("TRACES", "trace_count", "COUNT")
    metrics("TRACES", "trace_count", "COUNT", dimensions=["trace_status"])
    metrics("TRACES", "latency", "AVG", "MIN", "MAX")
    metrics("TRACES", "trace_count", "COUNT", filters=["trace.status = 'OK'"])
    metrics("TRACES", "trace_count", "COUNT", filters=["trace.tag.team = 'red'"])
    metrics("SPANS", "span_count", "COUNT", dimensions=["span_name"])
    metrics("SPANS", "span_count", "COUNT", filters=["span.name = 'child'"])
    metrics("ASSESSMENTS", "assessment_count", "COUNT", dimensions=["assessment_name"])
    metrics("TRACES", "nothing", "COUNT")
    metrics("NOTHING", "trace_count", "COUNT")
    metrics("TRACES", "trace_count")
    metrics("TRACES", "trace_count", "COUNT", time_interval_seconds=60)
    for first, second in (("status = 'OK'", "tag.team = 'red'"), ("tag.team = 'blue'", "name = 'other'"), ("tag.none = 'x'", "status = 'OK'"), ("bad", "status = 'OK'"), ("", "status = 'OK'")):
        pair.post(f"{V3}/calculate-filter-correlation", {"experiment_ids": [home], "filter_string1": first, "filter_string2": second})


def deleting(pair: Pair, home: str) -> None:
    for body in ({}, {"experiment_id": home}, {"experiment_id": home, "request_ids": []}, {"experiment_id": home, "max_traces": 1}, {"experiment_id": home, "request_ids": [identity(1)], "max_timestamp_millis": 5},
                 {"experiment_id": home, "request_ids": ["tr-none"]}, {"experiment_id": "987654", "request_ids": [identity(1)]}, {"experiment_id": home, "request_ids": [identity(3)]}, {"experiment_id": home, "request_ids": [identity(3)]},
                 {"experiment_id": home, "max_timestamp_millis": 1_700_000_001_500}, {"experiment_id": home, "max_timestamp_millis": 1_800_000_000_000, "max_traces": 0}, {"experiment_id": home, "max_timestamp_millis": 1_800_000_000_000, "max_traces": 1}):  # fmt: skip
        pair.post(f"{V3}/delete-traces", body)
    pair.get(f"{V3}/{identity(3)}", title="deleted")
    pair.post("experiments/delete", {"experiment_id": home})
    pair.post(V3, info(20, home), "into a deleted experiment")


def second_traces(pair: Pair) -> None:
    home = pair.post("experiments/create", {"name": "second traces"}).keep("experiment_id", "t2 home")
    begun = {"experiment_id": home, "timestamp_ms": 1_700_000_000_000, "request_metadata": [{"key": "m", "value": "1"}], "tags": [{"key": "t", "value": "2"}]}
    one = pair.post(V2, begun, "start").keep("trace_info.request_id", "t2")
    for title, body in (("no experiment", {**begun, "experiment_id": ""}), ("unknown experiment", {**begun, "experiment_id": "987654"}), ("tags that are none", {**begun, "tags": "x"})):
        pair.post(V2, body, title)
    end = {"request_id": one, "timestamp_ms": 1_700_000_000_250, "status": "OK", "request_metadata": [{"key": "e", "value": "3"}], "tags": [{"key": "t", "value": "4"}]}
    pair.patch(f"{V2}/{one}", end)
    pair.get(f"{V2}/{one}/info")
    pair.patch(f"{V2}/tr-none", {**end, "request_id": "tr-none"}, "unknown")
    pair.get(V2, experiment_ids=[home])
    pair.get(f"{V3}/{one}")
    pair.patch(f"{V2}/{one}", {**end, "status": "BOGUS"}, "a status that is none")
    pair.patch(f"{V2}/{one}", {**end, "timestamp_ms": None}, "no time")
    pair.post(V2, {**begun, "timestamp_ms": None}, "no time")


SCENARIOS = [traces, second_traces]
