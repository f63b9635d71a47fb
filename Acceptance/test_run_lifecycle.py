"""Runs move between experiments, are restored, corrected and removed for good; the stock client sees each of it."""

import uuid

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException

from jidoka import Jidoka


@pytest.fixture
def client(server: Jidoka) -> MlflowClient:
    mlflow.set_tracking_uri(server.url)
    return MlflowClient(server.url)


@pytest.fixture
def experiments(client: MlflowClient) -> tuple[str, str]:
    name = "lifecycle-" + uuid.uuid4().hex[:12]
    return client.create_experiment(name), client.create_experiment(name + "-other")


def full_run(client: MlflowClient, experiment: str, **tags: str) -> str:
    run = client.create_run(experiment, tags=tags).info.run_id
    client.log_param(run, "rate", "0.O1")
    client.log_metric(run, "loss", 0.5)
    client.log_text(run, "kept", "notes/a.txt")
    return run


def test_moved_run_keeps_everything_and_its_artifacts_stay_readable(server, client, experiments) -> None:
    here, there = experiments
    parent = full_run(client, here)
    child = full_run(client, here, **{"mlflow.parentRunId": parent})
    moved = server.cli("runs", "move", parent, "--to", there, "--children", "--reason", "wrong place")["moved"]
    assert set(moved) == {parent, child}
    assert client.search_runs([here]) == []
    assert {run.info.run_id for run in client.search_runs([there])} == {parent, child}
    run = client.get_run(parent)
    assert run.info.experiment_id == there and run.data.metrics == {"loss": 0.5}
    assert [entry.path for entry in client.list_artifacts(parent, "notes")] == ["notes/a.txt"]
    assert mlflow.artifacts.load_text(f"runs:/{parent}/notes/a.txt") == "kept"
    client.log_text(parent, "later", "notes/b.txt")
    assert mlflow.artifacts.load_text(f"runs:/{parent}/notes/b.txt") == "later"


def test_param_is_corrected_and_found_by_its_number(server, client, experiments) -> None:
    run = full_run(client, experiments[0])
    with pytest.raises(MlflowException):
        client.log_param(run, "rate", "0.01")
    server.cli("runs", "set-param", run, "rate", "0.01", "--override", "--reason", "typo")
    assert client.get_run(run).data.params == {"rate": "0.01"}
    event = [one for one in server.listed("/api/v1/events", "events", limit=1000, kinds="run.param_corrected")][-1]
    assert event["payload"] == {"key": "rate", "before": "0.O1", "after": "0.01"} and event["reason"] == "typo"


def test_run_is_deleted_restored_and_removed_for_good(server, client, experiments) -> None:
    here, _ = experiments
    kept, gone = full_run(client, here), full_run(client, here)
    server.cli("runs", "delete", "--permanent", gone, status=1)
    server.cli("runs", "delete", gone)
    server.cli("runs", "restore", gone)
    assert client.get_run(gone).info.lifecycle_stage == "active"
    client.delete_run(gone)
    assert server.cli("runs", "delete", "--permanent", "--experiment", here, "--older-than", "1h")["items"] == []
    preview = server.cli("runs", "delete", "--permanent", "--experiment", here)
    assert [item["id"] for item in preview["items"]] == [gone] and preview["purged"] is False
    assert client.get_run(gone).info.lifecycle_stage == "deleted"
    uri = client.get_run(gone).info.artifact_uri.removeprefix("mlflow-artifacts:/")
    done = server.cli("runs", "delete", "--permanent", "--experiment", here, "--yes", "--reason", "old")
    assert done["purged"] is True
    with pytest.raises(MlflowException):
        client.get_run(gone)
    assert [run.info.run_id for run in client.search_runs([here], run_view_type=ViewType.ALL)] == [kept]
    assert server.get(f"/api/2.0/mlflow-artifacts/artifacts?path={uri}").get("files", []) == []
    assert mlflow.artifacts.load_text(f"runs:/{kept}/notes/a.txt") == "kept"


def test_run_that_a_version_takes_its_files_from_is_kept(server, client, experiments) -> None:
    here, _ = experiments
    run = full_run(client, here)
    name = "lifecycle-" + uuid.uuid4().hex[:12]
    client.create_registered_model(name)
    server.post("/api/2.0/mlflow/model-versions/create", {"name": name, "source": f"runs:/{run}/notes", "run_id": run})
    client.delete_run(run)
    done = server.cli("runs", "delete", "--permanent", run, "--yes", "--reason", "old")
    assert done["items"] == [] and f"{name}/1" in done["kept"][0]["because"]
    client.delete_model_version(name, "1")
    assert len(server.cli("runs", "delete", "--permanent", run, "--yes", "--reason", "old")["items"]) == 1


def test_experiment_is_renamed_deleted_restored_and_removed_for_good(server, client, experiments) -> None:
    here, _ = experiments
    run = full_run(client, here)
    model = client.create_logged_model(here, name="m", source_run_id=run).model_id
    name = client.get_experiment(here).name
    server.cli("experiments", "rename", name, name + "-renamed")
    server.cli("experiments", "delete", here)
    assert here in [one["id"] for one in server.cli("experiments", "list", "--deleted")]
    server.cli("experiments", "restore", name + "-renamed")
    assert server.cli("experiments", "show", here)["lifecycle"] == "active"
    assert client.get_run(run).info.lifecycle_stage == "active"
    server.cli("experiments", "delete", "--permanent", here, status=1)
    server.cli("experiments", "delete", here)
    preview = server.cli("experiments", "delete", "--permanent", here)
    assert [item["id"] for item in preview["items"]] == [run, model, here]
    server.cli("experiments", "delete", "--permanent", here, "--yes", "--reason", "over")
    with pytest.raises(MlflowException):
        client.get_experiment(here)
    assert client.create_experiment(name + "-renamed") != here
