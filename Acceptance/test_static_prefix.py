"""A server behind a proxy that passes a path prefix on: every class of route answers below it, to the clients that speak it."""

import http.client
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import pytest
import requests
from mlflow import MlflowClient

from bucket import Bucket
from deployment import FEATURES, LINE, Deployment, deploy, write_line
from jidoka import Jidoka

PREFIX = "/team/ml"


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jidoka]:
    """On a bucket, so that there are addresses past the server too; its clients know no address but the one with the prefix."""
    bucket = Bucket()
    server = Jidoka(write_line(tmp_path_factory.mktemp("prefixed")), **bucket.variables, JIDOKA_STATIC_PREFIX=PREFIX)
    server.start()
    server.url += PREFIX
    yield server
    # The client remembers an experiment across modules: leave it with one that every server has.
    mlflow.set_experiment(experiment_id="0")
    assert server.stop() == 0, server.log_tail()
    bucket.stop()


@pytest.fixture(scope="module")
def client(behind: Jidoka) -> MlflowClient:
    mlflow.set_tracking_uri(behind.url)
    return MlflowClient(behind.url)


@pytest.fixture(scope="module")
def deployed(behind: Jidoka) -> Deployment:
    return deploy(behind, LINE)


@pytest.fixture
def name() -> str:
    return "p-" + uuid.uuid4().hex[:12]


def test_runs_and_their_files(client: MlflowClient, behind: Jidoka, name: str, tmp_path: Path) -> None:
    experiment = client.create_experiment(name)
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_params({"a": 1})
        mlflow.log_metric("m", 0.5)
        mlflow.log_text("hello", "d/a.txt")
    assert [one.info.run_id for one in client.search_runs([experiment], "metrics.m > 0.4")] == [run.info.run_id]
    assert [one.path for one in client.list_artifacts(run.info.run_id, "d")] == ["d/a.txt"]
    assert Path(client.download_artifacts(run.info.run_id, "d/a.txt", str(tmp_path))).read_text() == "hello"
    assert requests.get(f"{behind.url}/get-artifact", params={"run_id": run.info.run_id, "path": "d/a.txt"}, timeout=30).text == "hello"
    place = f"{behind.url}/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run.info.run_id}/artifacts/d/a.txt"
    assert requests.delete(place, timeout=30).status_code == 200 and requests.get(place, timeout=30).status_code == 404


def test_large_files_past_the_server(client: MlflowClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE"):
        monkeypatch.setenv(variable, str(5 << 20))
    (tmp_path / "big.bin").write_bytes(bytes(6 << 20))
    run = client.create_run("0").info.run_id
    client.log_artifact(run, str(tmp_path / "big.bin"))
    (tmp_path / "down").mkdir()
    assert Path(client.download_artifacts(run, "big.bin", str(tmp_path / "down"))).stat().st_size == 6 << 20


def test_traces_prompts_and_evaluation(client: MlflowClient, behind: Jidoka, name: str) -> None:
    experiment = mlflow.set_experiment(name).experiment_id
    with mlflow.start_span("answer") as span:
        span.set_outputs("yes")
    mlflow.flush_trace_async_logging()
    mlflow.log_feedback(trace_id=span.trace_id, name="good", value=True)
    found = mlflow.search_traces(locations=[experiment], filter_string="feedback.good = 'true'", return_type="list")
    assert [one.data.spans[0].outputs for one in found] == ["yes"]
    client.register_prompt(name, "Hello {{who}}")
    assert client.load_prompt(f"prompts:/{name}/1").format(who="Ada") == "Hello Ada"
    assert client.create_dataset(name, experiment_id=experiment).name == name


def test_model_is_registered_served_and_asked(client: MlflowClient, behind: Jidoka, deployed: Deployment) -> None:
    assert client.get_model_version(LINE, deployed.version).status == "READY"
    model = mlflow.onnx.load_model(f"models:/{LINE}/{deployed.version}")
    assert model.graph.input
    rows = deployed.rows[:3]
    wanted = deployed.wanted(rows)[0].tolist()
    tensor = [{"name": "X", "datatype": "FP32", "shape": list(rows.shape), "data": rows.ravel().tolist()}]
    meta = behind.get(f"/v2/models/{LINE}")
    tensor[0]["name"] = meta["inputs"][0]["name"]
    answer = behind.post(f"/v2/models/{LINE}/infer", {"inputs": tensor})
    assert [one for one in answer["outputs"] if one["data"][:3] == wanted], answer
    assert requests.get(f"{behind.url}/v2/health/ready", timeout=30).status_code == 200
    assert behind.get(f"/v1/models/{LINE}")


def test_stock_inference_client_below_the_prefix(behind: Jidoka, deployed: Deployment) -> None:
    import tritonclient.http as triton

    asked = triton.InferenceServerClient(behind.url.removeprefix("http://"))
    meta = asked.get_model_metadata(LINE)
    rows = np.ascontiguousarray(deployed.rows[:2], dtype=np.float32)
    given = triton.InferInput(meta["inputs"][0]["name"], list(rows.shape), "FP32")
    given.set_data_from_numpy(rows)
    answer = asked.infer(LINE, [given])
    assert answer.as_numpy(meta["outputs"][0]["name"]) is not None
    assert len(FEATURES) == rows.shape[1]


def test_own_routes_commands_and_events(behind: Jidoka, deployed: Deployment) -> None:
    assert behind.get("/api/v1/line")
    assert behind.cli("experiments", "list")
    assert "jidoka_" in requests.get(f"{behind.url}/metrics", timeout=30).text
    assert requests.get(f"{behind.url}/health", timeout=30).text == "OK" and requests.get(f"{behind.url}/version", timeout=30).text == "3.17.2"
    assert behind.get("/api/3.0/mlflow/server-info")["store_type"] == "SqlStore"
    assert behind.get("/api/v1/openapi.json")["openapi"]


def test_what_lies_beside_the_prefix_is_not_below_it(behind: Jidoka) -> None:
    root = behind.url.removesuffix(PREFIX)
    for path in ("/team/mlx/health", "/team/health", "/team", f"{PREFIX}{PREFIX}/health", f"{PREFIX}/none"):
        assert requests.get(root + path, timeout=30).status_code == 404, path
    # The proxy may also take the prefix off.
    assert requests.get(f"{root}/health", timeout=30).text == "OK"
    connection = http.client.HTTPConnection("127.0.0.1", behind.port, timeout=30)
    connection.request("GET", f"{PREFIX}/%2e%2e/health")
    assert connection.getresponse().status in (400, 404)


def test_every_route_answers_below_the_prefix_as_without_it(behind: Jidoka) -> None:
    """All of the table: the same kind of status for a request that says nothing."""
    root = behind.url.removesuffix(PREFIX)
    page = (Path(__file__).parent.parent / "docs/reference/permissions.md").read_text()
    routes = [line.split("|")[1:3] for line in page.splitlines() if line.startswith("| ") and "`/" in line]
    assert len(routes) > 300
    asked = [(method.strip(), path.strip().strip("`")) for method, path in routes]
    for method, pattern in asked:
        if pattern.endswith("/events") or "pipeline" in pattern:  # a stream without an end; work that starts
            continue
        path = re.sub(r"\{.*?\}", "x", pattern)
        plain, prefixed = (requests.request(method, base + path, json={} if method != "GET" else None, timeout=30, stream=True) for base in (root, root + PREFIX))
        assert plain.status_code // 100 == prefixed.status_code // 100, (method, pattern, plain.status_code, prefixed.status_code)
        plain.close()
        prefixed.close()
