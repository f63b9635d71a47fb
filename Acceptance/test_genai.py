"""`mlflow.genai` without any model behind it: evaluation with scorers of one's own, datasets, prompts, scorers, feedback; and OpenTelemetry's own exporter."""

import uuid
from collections.abc import Iterator

import mlflow
import pytest
from mlflow.entities import Feedback
from mlflow.exceptions import MlflowException
from mlflow.genai.scorers import scorer

from jidoka import Jidoka


@pytest.fixture
def experiment(mlflow_url: str) -> Iterator[str]:
    mlflow.set_tracking_uri(mlflow_url)
    yield mlflow.set_experiment("genai-" + uuid.uuid4().hex[:12]).experiment_id
    while mlflow.active_run():
        mlflow.end_run()


@pytest.fixture
def name() -> str:
    return "n-" + uuid.uuid4().hex[:12]


@scorer
def exact(outputs: str, expectations: dict) -> bool:
    return outputs == expectations["expected_response"]


@scorer
def length(outputs: str) -> Feedback:
    return Feedback(value=len(outputs), rationale="characters")


ROWS = [
    {"inputs": {"question": "one"}, "expectations": {"expected_response": "ONE"}},
    {"inputs": {"question": "two"}, "expectations": {"expected_response": "2"}},
]


def predict(question: str) -> str:
    return question.upper()


def test_evaluation_with_own_scorers_leaves_a_run_traces_and_feedback(experiment: str) -> None:
    result = mlflow.genai.evaluate(data=ROWS, predict_fn=predict, scorers=[exact, length])
    assert result.metrics == {"exact/mean": 0.5, "length/mean": 3.0}
    run = mlflow.get_run(result.run_id)
    assert run.info.status == "FINISHED" and run.data.metrics["exact/mean"] == 0.5
    traces = mlflow.search_traces(run_id=result.run_id, return_type="list")
    assert len(traces) == 2
    found = {trace.data.spans[0].inputs["question"]: {one.name: one.value for one in trace.info.assessments} for trace in traces}
    assert found == {"one": {"exact": True, "length": 3, "expected_response": "ONE"}, "two": {"exact": False, "length": 3, "expected_response": "2"}}


def test_evaluation_of_outputs_at_hand(experiment: str) -> None:
    rows = [{**row, "outputs": "ONE"} for row in ROWS]
    assert mlflow.genai.evaluate(data=rows, scorers=[exact]).metrics == {"exact/mean": 0.5}


def test_evaluation_of_traces_that_are_there(experiment: str) -> None:
    for row in ROWS:
        with mlflow.start_span("answer") as span:
            span.set_inputs(row["inputs"])
            span.set_outputs(predict(**row["inputs"]))
    mlflow.flush_trace_async_logging()
    traces = mlflow.search_traces(locations=[experiment])
    assert mlflow.genai.evaluate(data=traces, scorers=[length]).metrics == {"length/mean": 3.0}


def test_evaluation_over_a_kept_dataset(experiment: str, name: str) -> None:
    dataset = mlflow.genai.datasets.create_dataset(name=name, experiment_id=[experiment], tags={"team": "red"})
    dataset.merge_records(ROWS)
    assert len(mlflow.genai.datasets.get_dataset(dataset_id=dataset.dataset_id).to_df()) == 2
    assert [one.name for one in mlflow.genai.datasets.search_datasets(experiment_ids=[experiment])] == [name]
    result = mlflow.genai.evaluate(data=dataset, predict_fn=predict, scorers=[exact])
    assert result.metrics == {"exact/mean": 0.5}
    assert [one.dataset.name for one in mlflow.get_run(result.run_id).inputs.dataset_inputs] == [name]
    mlflow.genai.datasets.set_dataset_tags(dataset_id=dataset.dataset_id, tags={"stage": "trial"})
    mlflow.genai.datasets.delete_dataset_tag(dataset_id=dataset.dataset_id, key="team")
    assert mlflow.genai.datasets.get_dataset(dataset_id=dataset.dataset_id).tags["stage"] == "trial"
    mlflow.genai.datasets.delete_dataset(dataset_id=dataset.dataset_id)
    with pytest.raises(MlflowException):
        mlflow.genai.datasets.get_dataset(dataset_id=dataset.dataset_id)


def test_dataset_takes_records_out_of_traces(experiment: str, name: str) -> None:
    with mlflow.start_span("answer") as span:
        span.set_inputs({"question": "three"})
        span.set_outputs("THREE")
    mlflow.flush_trace_async_logging()
    mlflow.log_expectation(trace_id=mlflow.get_last_active_trace_id(), name="expected_response", value="THREE")
    dataset = mlflow.genai.datasets.create_dataset(name=name, experiment_id=[experiment])
    dataset.merge_records(mlflow.search_traces(locations=[experiment]))
    row = dataset.to_df().iloc[0]
    assert row["inputs"] == {"question": "three"} and row["expectations"] == {"expected_response": "THREE"}


def test_prompts_are_registered_aliased_tagged_and_searched(experiment: str, name: str) -> None:
    first = mlflow.genai.register_prompt(name=name, template="Say {{word}}", tags={"tone": "warm"}, commit_message="first")
    mlflow.genai.register_prompt(name=name, template=[{"role": "user", "content": "Say {{word}} twice"}])
    mlflow.genai.set_prompt_alias(name, alias="live", version=2)
    assert first.version == 1 and mlflow.genai.load_prompt(f"prompts:/{name}@live").format(word="hi") == [{"role": "user", "content": "Say hi twice"}]
    mlflow.genai.set_prompt_tag(name, "team", "red")
    assert mlflow.genai.get_prompt_tags(name)["team"] == "red"
    mlflow.genai.set_prompt_version_tag(name, 1, "checked", "yes")
    assert mlflow.genai.load_prompt(f"prompts:/{name}/1").tags["checked"] == "yes"
    mlflow.genai.delete_prompt_version_tag(name, 1, "checked")
    mlflow.genai.delete_prompt_tag(name, "team")
    assert [one.name for one in mlflow.genai.search_prompts(filter_string=f"name = '{name}'")] == [name]
    mlflow.genai.delete_prompt_alias(name, alias="live")
    with pytest.raises(MlflowException):
        mlflow.genai.load_prompt(f"prompts:/{name}@live")


def test_scorers_without_source_code_are_registered_and_listed(experiment: str) -> None:
    from mlflow.genai.scorers import RelevanceToQuery, delete_scorer, get_scorer, list_scorers

    RelevanceToQuery().register(name="relevance", experiment_id=experiment)
    RelevanceToQuery().register(name="relevance", experiment_id=experiment)
    assert [one.name for one in list_scorers(experiment_id=experiment)] == ["relevance"]
    assert get_scorer(name="relevance", experiment_id=experiment, version=1).name == "relevance"
    delete_scorer(name="relevance", experiment_id=experiment, version="all")
    assert list_scorers(experiment_id=experiment) == []


def test_scorer_of_python_source_is_refused_with_a_reason(experiment: str) -> None:
    """The stock client does not even send it, to any server but one."""
    with pytest.raises(MlflowException, match="(?i)scorer"):
        exact.register(experiment_id=experiment)


def test_feedback_and_expectations_on_a_trace(experiment: str) -> None:
    with mlflow.start_span("answer") as span:
        span.set_outputs("x")
    mlflow.flush_trace_async_logging()
    trace = mlflow.get_last_active_trace_id()
    mlflow.log_feedback(trace_id=trace, name="good", value=True, rationale="short", span_id=span.span_id)
    mlflow.log_feedback(trace_id=trace, name="broken", error=ValueError("no answer"))
    mlflow.log_expectation(trace_id=trace, name="fact", value={"city": "Paris", "parts": [1, 2]})
    found = {one.name: one for one in mlflow.get_trace(trace).info.assessments}
    assert found["good"].value is True and found["good"].span_id == span.span_id and found["good"].rationale == "short"
    assert found["broken"].error.error_message == "no answer" and found["fact"].value == {"city": "Paris", "parts": [1, 2]}


def test_opentelemetry_s_own_exporter_sends_to_the_server(experiment: str, mlflow_url: str) -> None:
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import Link, SpanKind, Status, StatusCode, format_trace_id

    ids = []
    for compression in (Compression.NoCompression, Compression.Gzip):
        exporter = OTLPSpanExporter(endpoint=f"{mlflow_url}/v1/traces", headers={"x-mlflow-experiment-id": experiment}, compression=compression)
        provider = TracerProvider(resource=Resource.create({"service.name": "shop", "deployment": "test"}))
        provider.add_span_processor(BatchSpanProcessor(exporter))
        tracer = provider.get_tracer("shop", "1.0")
        with tracer.start_as_current_span("order", kind=SpanKind.SERVER, attributes={"http.route": "/order", "sizes": [1, 2], "ratio": 0.5, "new": True}) as order:
            with tracer.start_as_current_span("pay", links=[Link(order.get_span_context())]) as pay:
                pay.add_event("declined", {"reason": "card"})
                pay.set_status(Status(StatusCode.ERROR, "declined"))
        assert provider.force_flush() and provider.shutdown() is None
        ids.append("tr-" + format_trace_id(order.get_span_context().trace_id))
    for identity in ids:
        trace = mlflow.get_trace(identity)
        root, child = trace.data.spans
        assert (root.name, child.name, child.parent_id) == ("order", "pay", root.span_id)
        assert root.attributes["http.route"] == "/order" and root.attributes["sizes"] == [1, 2] and root.attributes["ratio"] == 0.5 and root.attributes["new"] is True
        assert child.status.status_code == "ERROR" and child.status.description == "declined" and child.events[0].attributes == {"reason": "card"}
        assert trace.info.tags["service.name"] == "shop"
    assert {trace.info.trace_id for trace in mlflow.search_traces(locations=[experiment], return_type="list")} == set(ids)


def test_mlflow_s_traces_come_through_opentelemetry_too(experiment: str, mlflow_url: str, server: Jidoka, tmp_path) -> None:
    """With OTEL_EXPORTER_OTLP_TRACES_ENDPOINT the client sends its spans as any collector would get them."""
    import os
    import subprocess
    import sys

    script = "import mlflow\nwith mlflow.start_span('answer', span_type='LLM') as span:\n    span.set_inputs({'q': [1, None]})\n    span.set_outputs('yes')\n    print(span.trace_id)\nmlflow.flush_trace_async_logging()\n"
    variables = {
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{mlflow_url}/v1/traces", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS": f"x-mlflow-experiment-id={experiment}", "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/nothing.db",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", script], env={**os.environ, **variables}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    span = mlflow.get_trace(done.stdout.split()[-1]).data.spans[0]
    assert (span.span_type, span.inputs, span.outputs) == ("LLM", {"q": [1, None]}, "yes")
    assert len(mlflow.search_traces(locations=[experiment], filter_string="span.type = 'LLM'", return_type="list")) == 1
