"""Evaluation datasets and scorers of the stock MLflow client."""

import json
import uuid

import mlflow
import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException


@pytest.fixture(scope="module")
def client(mlflow_url: str) -> MlflowClient:
    mlflow.set_tracking_uri(mlflow_url)
    return MlflowClient(mlflow_url)


@pytest.fixture
def name() -> str:
    return "questions-" + uuid.uuid4().hex[:12]


@pytest.fixture
def experiment(client: MlflowClient, name: str) -> str:
    return client.create_experiment(name)


def test_dataset_is_created_found_tagged_and_deleted(client: MlflowClient, name: str, experiment: str) -> None:
    made = client.create_dataset(name, experiment_id=experiment, tags={"team": "red", "mlflow.user": "ada"})
    assert made.dataset_id.startswith("d-") and made.created_by == "ada" and made.experiment_ids == [experiment]
    client.set_dataset_tags(made.dataset_id, {"team": "blue", "stage": "trial"})
    client.delete_dataset_tag(made.dataset_id, "stage")
    found = client.get_dataset(made.dataset_id)
    assert found.name == name and found.tags["team"] == "blue" and "stage" not in found.tags

    def search(filter_string: str, **more) -> list[str]:
        return [one.dataset_id for one in client.search_datasets(filter_string=filter_string, **more)]

    assert search(f"name = '{name}'") == [made.dataset_id]
    assert search(f"name LIKE '{name[:-1]}%' AND tags.team = 'blue'", experiment_ids=[experiment]) == [made.dataset_id]
    assert search(f"name = '{name}'", experiment_ids=["0"]) == []
    client.delete_dataset(made.dataset_id)
    with pytest.raises(MlflowException) as gone:
        client.get_dataset(made.dataset_id)
    assert gone.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_records_are_merged_by_their_inputs(client: MlflowClient, name: str, experiment: str) -> None:
    dataset = client.create_dataset(name, experiment_id=experiment)
    before = dataset.digest
    dataset.merge_records(
        [
            {"inputs": {"question": "a", "k": 1}, "expectations": {"answer": "A"}},
            {"inputs": {"question": "b"}, "outputs": "B", "tags": {"hard": "yes"}},
        ]
    )
    dataset.merge_records([{"inputs": {"k": 1, "question": "a"}, "expectations": {"style": "short"}}, {"inputs": {"question": "c"}}])
    records = {record.inputs["question"]: record for record in client.get_dataset(dataset.dataset_id).records}
    assert set(records) == {"a", "b", "c"}
    assert records["a"].expectations == {"answer": "A", "style": "short"}
    assert records["b"].outputs == "B" and records["b"].tags["hard"] == "yes"
    found = client.get_dataset(dataset.dataset_id)
    assert found.digest != before and json.loads(found.profile) == {"num_records": 3}
    assert json.loads(found.schema)["inputs"] == {"question": "string", "k": "integer"}
    assert found.delete_records([records["c"].dataset_record_id]) == 1
    assert len(client.get_dataset(dataset.dataset_id).records) == 2
    assert len(client.get_dataset(dataset.dataset_id).to_df()) == 2


def test_records_come_in_pages(client: MlflowClient, name: str, experiment: str, mlflow_url: str) -> None:
    dataset = client.create_dataset(name, experiment_id=experiment)
    dataset.merge_records([{"inputs": {"n": n}} for n in range(25)])
    path, token, seen = f"{mlflow_url}/api/3.0/mlflow/datasets/{dataset.dataset_id}/records", None, []
    while True:
        page = requests.get(path, params={"max_results": 10, "page_token": token}, timeout=30).json()
        seen += [record["inputs"]["n"] for record in json.loads(page["records"])]
        token = page.get("next_page_token")
        if not token:
            break
    assert sorted(seen) == list(range(25))


def test_a_trace_becomes_a_record(client: MlflowClient, name: str) -> None:
    experiment = mlflow.set_experiment(name).experiment_id

    @mlflow.trace
    def answer(question: str) -> str:
        return question.upper()

    answer("why?")
    mlflow.flush_trace_async_logging()
    trace = mlflow.get_trace(mlflow.get_last_active_trace_id())
    dataset = client.create_dataset(name, experiment_id=experiment)
    dataset.merge_records([trace])
    record = client.get_dataset(dataset.dataset_id).records[0]
    assert record.inputs == {"question": "why?"} and record.source.source_data["trace_id"] == trace.info.trace_id


def test_experiments_are_added_and_removed(client: MlflowClient, name: str, experiment: str) -> None:
    dataset = client.create_dataset(name, experiment_id=experiment)
    other = client.create_experiment(name + "-other")
    client.add_dataset_to_experiments(dataset.dataset_id, [other])
    assert set(client.get_dataset(dataset.dataset_id).experiment_ids) == {experiment, other}
    client.remove_dataset_from_experiments(dataset.dataset_id, [experiment])
    assert client.get_dataset(dataset.dataset_id).experiment_ids == [other]


def test_scorers_have_versions(experiment: str, mlflow_url: str) -> None:
    def call(method: str, path: str, status: int = 200, **more) -> dict:
        answer = requests.request(method, f"{mlflow_url}/api/3.0/mlflow/scorers/{path}", timeout=30, **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    one = {"experiment_id": experiment, "name": "polite"}
    for version in (1, 2):
        made = call("POST", "register", json={**one, "serialized_scorer": json.dumps({"instructions": f"v{version}"})})
        assert made["version"] == version
    assert [scorer["scorer_version"] for scorer in call("GET", "list", params={"experiment_id": experiment})["scorers"]] == [2]
    assert [scorer["scorer_version"] for scorer in call("GET", "versions", params=one)["scorers"]] == [1, 2]
    assert json.loads(call("GET", "get", params={**one, "version": 1})["scorer"]["serialized_scorer"]) == {"instructions": "v1"}
    call("POST", "register", 400, json={**one, "serialized_scorer": json.dumps({"call_source": "import os"})})
    call("DELETE", "delete", json={**one, "version": 2})
    assert call("GET", "get", params=one)["scorer"]["scorer_version"] == 1
    call("DELETE", "delete", json=one)
    call("GET", "versions", 404, params=one)
    assert call("GET", "online-configs", params={"scorer_ids": "x"}) == {"configs": []}
    call("PUT", "online-config", 501, json={"experiment_id": experiment, "name": "x"})
