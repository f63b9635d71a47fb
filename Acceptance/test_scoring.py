"""MLflow's scoring protocol, asked by MLflow's own client of a scoring server."""

import numpy as np
import pandas as pd
import pytest
import requests

from deployment import FEATURES, LINE, Deployment


@pytest.fixture
def table(deployment: Deployment) -> pd.DataFrame:
    return pd.DataFrame(deployment.rows[:20], columns=FEATURES)


def test_mlflows_client_scores_a_data_frame(deployment: Deployment, table: pd.DataFrame) -> None:
    pytest.importorskip("mlflow.pyfunc.scoring_server.client")
    from mlflow.pyfunc.scoring_server.client import ScoringServerClient

    host, port = deployment.server.url.removeprefix("http://").split(":")
    client = ScoringServerClient(host, int(port))
    client.ping()  # raises unless 200
    predictions = client.invoke(table).get_predictions()
    labels, _ = deployment.wanted(table.to_numpy(dtype=np.float32))
    assert predictions["label"].tolist() == labels.tolist()


@pytest.mark.parametrize("form", ["dataframe_split", "dataframe_records", "instances", "inputs", "csv"])
def test_every_form_is_answered_alike(deployment: Deployment, table: pd.DataFrame, form: str) -> None:
    shuffled = table[FEATURES[::-1]]
    body, kind = {
        "dataframe_split": ({"dataframe_split": shuffled.to_dict(orient="split")}, "application/json"),
        "dataframe_records": ({"dataframe_records": shuffled.to_dict(orient="records")}, "application/json"),
        "instances": ({"instances": table.to_numpy().tolist()}, "application/json"),
        "inputs": ({"inputs": table.to_numpy().tolist()}, "application/json"),
        "csv": (shuffled.to_csv(index=False), "text/csv"),
    }[form]
    for path in ("/invocations", f"/endpoints/{LINE}/invocations"):
        if kind == "text/csv":
            answer = requests.post(deployment.server.url + path, data=body, headers={"content-type": kind}, timeout=30)
        else:
            answer = requests.post(deployment.server.url + path, json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        labels, probabilities = deployment.wanted(table.to_numpy(dtype=np.float32))
        predictions = answer.json()["predictions"]
        assert predictions["label"] == labels.tolist()
        np.testing.assert_allclose(predictions["probabilities"], probabilities, atol=1e-5)
        assert answer.headers["x-jidoka-model-version"] == deployment.version


def test_the_small_protocol_tells_the_true_version(deployment: Deployment, table: pd.DataFrame) -> None:
    answer = requests.post(deployment.server.url + "/predict", json={"features": table.to_numpy().tolist()}, timeout=30).json()
    labels, _ = deployment.wanted(table.to_numpy(dtype=np.float32))
    assert answer["predictions"] == labels.tolist()
    assert answer["model_version"] == deployment.version
    assert requests.get(deployment.server.url + "/health", timeout=30).status_code == 200


def test_a_missing_column_is_told_by_its_name(deployment: Deployment, table: pd.DataFrame) -> None:
    body = {"dataframe_split": table.drop(columns="petal_width").to_dict(orient="split")}
    answer = requests.post(deployment.server.url + "/invocations", json=body, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "BAD_REQUEST" and "missing inputs ['petal_width']" in answer.json()["message"]
