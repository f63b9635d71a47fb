"""What the stock MLflow client did to aliases and stages is known afterwards: who, when, why, and what was so before."""

import time
import uuid
from datetime import datetime, timezone

import pytest
import requests
from mlflow import MlflowClient

from jidoka import Jidoka


def now() -> str:
    return datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")


@pytest.fixture
def name() -> str:
    return "history-" + uuid.uuid4().hex[:12]


@pytest.fixture
def client(server: Jidoka) -> MlflowClient:
    return MlflowClient(server.url)


def registered(server: Jidoka, client: MlflowClient, name: str, versions: int) -> None:
    """Versions without files: history does not ask what they hold."""
    client.create_registered_model(name)
    run = client.create_run("0").info.run_id
    for _ in range(versions):
        version = {"name": name, "source": f"runs:/{run}/model", "run_id": run}
        server.post("/api/2.0/mlflow/model-versions/create", version)


def test_alias_and_stage_are_known_as_of_a_time(server: Jidoka, client: MlflowClient, name: str) -> None:
    registered(server, client, name, 2)
    before = now()
    client.set_registered_model_alias(name, "champion", "1")
    client.transition_model_version_stage(name, "1", "Production")
    first = now()
    time.sleep(0.005)
    client.set_registered_model_alias(name, "champion", "2")
    client.transition_model_version_stage(name, "2", "Production", archive_existing_versions=True)
    second = now()
    time.sleep(0.005)
    client.rename_registered_model(name, name + "-renamed")
    name += "-renamed"
    for uri in (f"models:/{name}@champion", f"models:/{name}/Production"):
        assert server.cli("models", "resolve", uri, "--at", first)["version"] == "1"
        assert server.cli("models", "resolve", uri, "--at", second)["version"] == "2"
        assert server.cli("models", "resolve", uri)["version"] == "2"
        server.cli("models", "resolve", uri, "--at", before, status=1)
    stages = server.cli("models", "history", name, "--stage", "production")
    assert [(move["version"], move["stage_before"], move["stage"]) for move in stages] == [
        ("2", "None", "Production"),
        ("1", "Production", "Archived"),
        ("1", "None", "Production"),
    ]
    client.delete_model_version(name, "2")
    moves = server.cli("models", "history", name, "--alias", "champion")
    assert [(move["version_before"], move["version"]) for move in moves] == [("2", None), ("1", "2"), (None, "1")]


def test_a_reason_goes_on_record_from_header_and_command(server: Jidoka, client: MlflowClient, name: str) -> None:
    registered(server, client, name, 1)
    answer = requests.post(
        f"{server.url}/api/2.0/mlflow/registered-models/alias",
        json={"name": name, "alias": "beta", "version": "1"},
        headers={"X-Jidoka-Reason": "passed review 114"},
        timeout=30,
    )
    assert answer.status_code == 200
    server.cli("models", "alias", name, "gamma", "1", "--reason", "a second name", "--actor", "user:ada")
    server.cli("models", "stage", name, "1", "staging", "--reason", "trial")
    moves = server.cli("models", "history", name)
    assert [move["reason"] for move in moves] == ["trial", "a second name", "passed review 114"]
    assert moves[1]["actor"] == "user:ada"
    assert client.get_model_version(name, "1").current_stage == "Staging"
    assert client.get_model_version_by_alias(name, "gamma").version == "1"
    events = server.get("/api/v1/events", limit=1000)
    events = events if isinstance(events, list) else events["events"]
    assert "passed review 114" in [event["reason"] for event in events]
