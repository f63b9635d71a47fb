"""Several models behind endpoints of one server, made and removed by hand."""

import json

import requests

from deployment import FEATURES, Deployment, log_model
from jidoka import run


def command(deployment: Deployment, *words: object):
    return run("endpoint", *words, "--server", deployment.server.url)


def ask(deployment: Deployment, name: str) -> requests.Response:
    asked = {"name": "features", "datatype": "FP32", "shape": [2, len(FEATURES)], "data": deployment.rows[:2].ravel().tolist()}
    return requests.post(f"{deployment.server.url}/v2/models/{name}/infer", json={"inputs": [asked]}, timeout=30)


def test_another_model_is_served_beside_the_first(deployment: Deployment) -> None:
    _, first, estimator, _ = log_model(deployment.server.url, "second")
    refused = command(deployment, "create", "side", "--model", "nobody")
    assert refused.returncode == 1 and "nobody" in refused.stderr
    refused = command(deployment, "create", "side", "--model", "second", "--version", "99")
    assert refused.returncode == 1 and ask(deployment, "side").status_code == 404, "half an endpoint is none"
    refused = command(deployment, "create", "stats", "--model", "second")
    assert refused.returncode == 1 and "is no name of an endpoint" in refused.stderr

    made = command(deployment, "create", "side", "--model", "second", "--version", first, "--batch-max", "8", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["champion"] == first
    answer = ask(deployment, "side")
    assert answer.status_code == 200 and answer.json()["outputs"][0]["data"] == estimator.predict(deployment.rows[:2]).tolist()
    assert ask(deployment, deployment.name).status_code == 200, "the first serves on"
    assert command(deployment, "create", "side", "--model", "second").returncode == 1, "a name is taken once"
    config = deployment.server.get("/v2/models/side/config")
    assert config["max_batch_size"] == 8

    # A promotion of the model reaches its endpoint.
    _, second, _, _ = log_model(deployment.server.url, "second")
    deployment.server.post(
        f"/api/v1/models/second/versions/{second}/promote", {"actor": "user:acceptance", "reason": "newer", "override": True}
    )
    assert ask(deployment, "side").headers["x-jidoka-model-version"] == second
    assert ask(deployment, deployment.name).headers["x-jidoka-model-version"] == deployment.version


def test_an_endpoint_is_deleted_only_when_it_is_confirmed(deployment: Deployment) -> None:
    shown = command(deployment, "delete", "side")
    assert shown.returncode == 0 and "--yes" in shown.stdout and ask(deployment, "side").status_code == 200
    assert command(deployment, "delete", "side", "--yes").returncode == 2
    assert command(deployment, "delete", "side", "--yes", "--reason", "tested").returncode == 0
    assert ask(deployment, "side").status_code == 404
    assert command(deployment, "delete", "side", "--yes", "--reason", "again").returncode == 1
