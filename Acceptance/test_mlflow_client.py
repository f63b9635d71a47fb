"""The stock MLflow client: experiments, runs, metrics, search, artifacts, models, registry."""

import math
import time
import uuid
from pathlib import Path

import mlflow
import mlflow.onnx
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

from deployment import log_model


@pytest.fixture(scope="module")
def client(mlflow_url: str) -> MlflowClient:
    mlflow.set_tracking_uri(mlflow_url)
    return MlflowClient(mlflow_url)


@pytest.fixture
def name() -> str:
    return "acceptance-" + uuid.uuid4().hex[:12]


@pytest.fixture
def experiment(client: MlflowClient, name: str) -> str:
    return client.create_experiment(name)


def test_experiment_is_created_found_renamed_deleted_and_restored(client: MlflowClient, name: str) -> None:
    identity = client.create_experiment(name, tags={"team": "census"})
    assert client.get_experiment(identity).tags["team"] == "census"
    assert client.get_experiment_by_name(name).experiment_id == identity
    with pytest.raises(MlflowException) as twice:
        client.create_experiment(name)
    assert twice.value.error_code == "RESOURCE_ALREADY_EXISTS"
    client.rename_experiment(identity, name + "-renamed")
    client.set_experiment_tag(identity, "stage", "trial")
    client.delete_experiment(identity)
    assert client.get_experiment(identity).lifecycle_stage == "deleted"
    client.restore_experiment(identity)
    assert client.get_experiment_by_name(name + "-renamed").tags["stage"] == "trial"
    found = client.search_experiments(filter_string=f"name LIKE '{name}%'")
    assert [one.experiment_id for one in found] == [identity]


def test_experiment_that_is_not_there_is_none(client: MlflowClient, name: str) -> None:
    assert client.get_experiment_by_name(name) is None
    with pytest.raises(MlflowException) as missing:
        client.get_experiment("999999999")
    assert missing.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_run_keeps_params_metrics_and_tags(client: MlflowClient, experiment: str) -> None:
    run = client.create_run(experiment, tags={"owner": "ada"}, run_name="first")
    identity = run.info.run_id
    client.log_param(identity, "trees", 60)
    client.log_metric(identity, "loss", 0.5, step=1)
    client.log_metric(identity, "loss", 0.25, step=2)
    client.set_tag(identity, "note", "zwei Bäume 木")
    client.set_terminated(identity, "FINISHED")
    read = client.get_run(identity)
    assert read.info.run_name == "first" and read.info.status == "FINISHED"
    assert read.info.end_time >= read.info.start_time
    assert read.data.params == {"trees": "60"} and read.data.metrics == {"loss": 0.25}
    assert read.data.tags["owner"] == "ada" and read.data.tags["note"] == "zwei Bäume 木"
    client.delete_tag(identity, "note")
    assert "note" not in client.get_run(identity).data.tags


def test_metric_history_keeps_every_point_in_order(client: MlflowClient, experiment: str) -> None:
    identity = client.create_run(experiment).info.run_id
    start = int(time.time() * 1000)
    client.log_batch(identity, metrics=[Metric("m", float(step) / 7, start + step, step) for step in range(1000)])
    client.log_metric(identity, "m", float("nan"), timestamp=start + 1000, step=1000)
    history = client.get_metric_history(identity, "m")
    assert [point.step for point in history] == list(range(1001))
    assert [point.value for point in history[:1000]] == [step / 7 for step in range(1000)]
    assert math.isnan(history[1000].value)
    # The latest is the one of the highest step, not the one written last.
    client.log_metric(identity, "m", 5.0, timestamp=start, step=3)
    assert math.isnan(client.get_run(identity).data.metrics["m"])


def test_param_cannot_change(client: MlflowClient, experiment: str) -> None:
    identity = client.create_run(experiment).info.run_id
    client.log_param(identity, "p", "1")
    client.log_param(identity, "p", "1")
    with pytest.raises(MlflowException) as changed:
        client.log_param(identity, "p", "2")
    assert changed.value.error_code == "INVALID_PARAMETER_VALUE"
    assert client.get_run(identity).data.params == {"p": "1"}


def test_refused_batch_leaves_nothing(client: MlflowClient, experiment: str) -> None:
    identity = client.create_run(experiment).info.run_id
    client.log_param(identity, "p", "1")
    with pytest.raises(MlflowException):
        client.log_batch(identity, metrics=[Metric("m", 1.0, 1, 0)], params=[Param("p", "2")], tags=[RunTag("t", "x")])
    data = client.get_run(identity).data
    assert data.metrics == {} and "t" not in data.tags


@pytest.mark.parametrize(
    ("filter_string", "wanted"),
    [
        ("", {"a", "b", "c"}),
        ("metrics.score > 0.5", {"b", "c"}),
        ("metrics.score > 0.5 and params.kind = 'forest'", {"c"}),
        ("params.kind != 'forest'", {"b"}),
        ("params.kind LIKE 'for%'", {"a", "c"}),
        ("tags.team ILIKE 'RED'", {"a"}),
        ("attributes.status = 'FINISHED'", {"a", "b"}),
        ("run_name IN ('a', 'b')", {"a", "b"}),
        ("metrics.score > 0.5 OR tags.team = 'red'", {"a", "b", "c"}),
        ("metrics.score > 'high'", None),
        ("attributes.run_name = 'c'", {"c"}),
        ("tags.`odd key` = 'x'", {"b"}),
    ],
)
def test_search_runs_filters(client: MlflowClient, searched: str, filter_string: str, wanted: set[str] | None) -> None:
    if wanted is None:
        with pytest.raises(MlflowException) as refused:
            client.search_runs([searched], filter_string)
        assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
        return
    assert {run.info.run_name for run in client.search_runs([searched], filter_string)} == wanted


@pytest.fixture(scope="module")
def searched(client: MlflowClient) -> str:
    identity = client.create_experiment("acceptance-search-" + uuid.uuid4().hex[:12])
    for run_name, score, kind, tags, status in (
        ("a", 0.4, "forest", {"team": "red"}, "FINISHED"),
        ("b", 0.6, "line", {"odd key": "x"}, "FINISHED"),
        ("c", 0.9, "forest", {}, "FAILED"),
    ):
        run = client.create_run(identity, run_name=run_name, tags=tags).info.run_id
        client.log_metric(run, "score", score)
        client.log_param(run, "kind", kind)
        client.set_terminated(run, status)
    return identity


def test_search_runs_orders_and_pages(client: MlflowClient, searched: str) -> None:
    first = client.search_runs([searched], order_by=["metrics.score DESC"], max_results=2)
    assert [run.info.run_name for run in first] == ["c", "b"] and first.token
    second = client.search_runs([searched], order_by=["metrics.score DESC"], max_results=2, page_token=first.token)
    assert [run.info.run_name for run in second] == ["a"] and not second.token


def test_deleted_run_is_found_only_among_the_deleted(client: MlflowClient, experiment: str) -> None:
    identity = client.create_run(experiment).info.run_id
    client.delete_run(identity)
    assert client.search_runs([experiment]) == []
    assert [run.info.run_id for run in client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)] == [identity]
    with pytest.raises(MlflowException):
        client.log_metric(identity, "m", 1.0)
    client.restore_run(identity)
    client.log_metric(identity, "m", 1.0)


def test_artifacts_go_up_and_come_down_unchanged(client: MlflowClient, experiment: str, tmp_path: Path) -> None:
    identity = client.create_run(experiment).info.run_id
    content = np.random.default_rng(0).bytes(3_000_000)
    (tmp_path / "big.bin").write_bytes(content)
    client.log_artifact(identity, str(tmp_path / "big.bin"), artifact_path="deep/er")
    client.log_text(identity, "Grüße, 木", "notes/hello world.txt")
    client.log_dict(identity, {"a": [1, 2]}, "d.json")
    assert {file.path for file in client.list_artifacts(identity)} == {"deep", "notes", "d.json"}
    listed = client.list_artifacts(identity, "deep/er")
    assert [(file.path, file.is_dir, file.file_size) for file in listed] == [("deep/er/big.bin", False, len(content))]
    assert Path(client.download_artifacts(identity, "deep/er/big.bin", str(tmp_path))).read_bytes() == content
    assert Path(client.download_artifacts(identity, "notes/hello world.txt", str(tmp_path))).read_text() == "Grüße, 木"
    with pytest.raises(MlflowException, match="missing.txt"):
        client.download_artifacts(identity, "missing.txt", str(tmp_path))


def test_model_is_logged_registered_and_loaded_back(client: MlflowClient, mlflow_url: str, name: str) -> None:
    run_id, version, estimator, rows = log_model(mlflow_url, name)
    assert version == "1"
    read = client.get_model_version(name, version)
    assert read.run_id == run_id and read.status == "READY"
    assert client.get_registered_model(name).latest_versions[0].version in (version, int(version))
    client.set_registered_model_alias(name, "champion", version)
    client.transition_model_version_stage(name, version, "Staging")
    client.set_model_version_tag(name, version, "checked", "yes")
    client.update_model_version(name, version, description="of the acceptance tests")
    for uri in (f"models:/{name}/1", f"models:/{name}@champion", f"models:/{name}/Staging", f"runs:/{run_id}/model"):
        predicted = mlflow.pyfunc.load_model(uri)._model_impl.predict(rows)
        assert (predicted["label"] == estimator.predict(rows)).all()
        assert np.abs(predicted["probabilities"] - estimator.predict_proba(rows)).max() < 1e-5
    found = client.search_model_versions(f"name = '{name}'")
    assert [(one.tags.get("checked"), one.description, one.current_stage) for one in found] == [
        ("yes", "of the acceptance tests", "Staging")
    ]


def test_registry_counts_versions_and_moves_aliases(client: MlflowClient, mlflow_url: str, name: str) -> None:
    run_id, *_ = log_model(mlflow_url, name)
    second = mlflow.register_model(f"runs:/{run_id}/model", name)
    assert str(second.version) == "2"
    client.set_registered_model_alias(name, "best", "1")
    client.set_registered_model_alias(name, "best", "2")
    assert str(client.get_model_version_by_alias(name, "best").version) == "2"
    client.transition_model_version_stage(name, "1", "Production")
    client.transition_model_version_stage(name, "2", "Production", archive_existing_versions=True)
    assert client.get_model_version(name, "1").current_stage == "Archived"
    assert [str(one.version) for one in client.get_latest_versions(name, ["Production"])] == ["2"]
    client.delete_registered_model_alias(name, "best")
    with pytest.raises(MlflowException):
        client.get_model_version_by_alias(name, "best")
    client.delete_model_version(name, "2")
    with pytest.raises(MlflowException) as gone:
        client.get_model_version(name, "2")
    assert gone.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    client.delete_registered_model(name)
    with pytest.raises(MlflowException) as gone:
        client.get_registered_model(name)
    assert gone.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_dataset_of_a_run_is_kept(client: MlflowClient, experiment: str) -> None:
    import mlflow.data
    import pandas as pd

    dataset = mlflow.data.from_pandas(pd.DataFrame({"a": [1.0, 2.0]}), name="tiny", source="https://example.org/tiny.csv")
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_input(dataset, context="training")
    inputs = client.get_run(run.info.run_id).inputs.dataset_inputs
    assert [(one.dataset.name, one.dataset.digest) for one in inputs] == [("tiny", dataset.digest)]
    assert [(tag.key, tag.value) for tag in inputs[0].tags] == [("mlflow.data.context", "training")]
