"""Prompts: registered models that hold text, through the prompt functions of the stock client."""

import uuid

import mlflow
import pytest
from mlflow import MlflowClient


@pytest.fixture(scope="module")
def client(mlflow_url: str) -> MlflowClient:
    mlflow.set_tracking_uri(mlflow_url)
    return MlflowClient(mlflow_url)


@pytest.fixture
def name() -> str:
    return "prompt-" + uuid.uuid4().hex[:12]


def test_prompt_versions_are_registered_loaded_and_aliased(client: MlflowClient, name: str) -> None:
    first = client.register_prompt(name, "Hello {{name}}", commit_message="first", tags={"tone": "warm"})
    second = client.register_prompt(name, "Good day {{name}}")
    assert (first.version, second.version) == (1, 2)
    assert client.load_prompt(f"prompts:/{name}/1").format(name="Ada") == "Hello Ada"
    client.set_prompt_alias(name, "production", 2)
    assert client.load_prompt(f"prompts:/{name}@production").template == "Good day {{name}}"
    client.delete_prompt_alias(name, "production")
    assert client.load_prompt(f"prompts:/{name}/1").tags["tone"] == "warm"
    assert client.load_prompt(name + "-none", allow_missing=True) is None


def test_chat_prompts_keep_their_messages(client: MlflowClient, name: str) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "{{question}}"}]
    client.register_prompt(name, messages)
    assert client.load_prompt(f"prompts:/{name}/1").template == messages


def test_prompts_are_searched_apart_from_models(client: MlflowClient, name: str) -> None:
    client.register_prompt(name, "text")
    client.create_registered_model(name + "-model")
    assert name in [prompt.name for prompt in client.search_prompts(filter_string=f"name LIKE '{name}%'")]
    models = [model.name for model in client.search_registered_models(filter_string=f"name LIKE '{name}%'")]
    assert models == [name + "-model"]


def test_a_trace_is_linked_to_the_prompt_that_it_loads(client: MlflowClient, name: str) -> None:
    experiment = mlflow.set_experiment(name).experiment_id
    prompt = client.register_prompt(name, "Hello {{name}}")

    @mlflow.trace
    def greet() -> str:
        return client.load_prompt(f"prompts:/{name}/1").format(name="Ada")

    greet()
    mlflow.flush_trace_async_logging()
    identity = mlflow.get_last_active_trace_id()
    client.link_prompt_versions_to_trace([prompt], identity)
    found = mlflow.search_traces(locations=[experiment], filter_string=f"prompt = '{name}/1'", return_type="list")
    assert [trace.info.trace_id for trace in found] == [identity]


def test_a_run_is_linked_to_a_prompt(client: MlflowClient, name: str) -> None:
    prompt = client.register_prompt(name, "text")
    run = client.create_run(client.create_experiment(name))
    client.link_prompt_version_to_run(run.info.run_id, prompt)
    assert name in client.get_run(run.info.run_id).data.tags["mlflow.linkedPrompts"]
