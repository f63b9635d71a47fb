"""TensorFlow-Serving's REST surface, as its callers use it."""

import numpy as np
import pytest
import requests

from deployment import Deployment


def predict(deployment: Deployment, body: object, path: str = "") -> requests.Response:
    return requests.post(f"{deployment.server.url}/v1/models/{deployment.name}{path}:predict", json=body, timeout=30)


def test_status_says_available(deployment: Deployment) -> None:
    for path in ("", f"/versions/{deployment.version}"):
        status = deployment.server.get(f"/v1/models/{deployment.name}{path}")
        version = status["model_version_status"][0]
        assert version["version"] == deployment.version and version["state"] == "AVAILABLE"
        assert version["status"]["error_code"] == "OK"


def test_row_form_equals_scikit_learn(deployment: Deployment) -> None:
    rows = deployment.rows[:50]
    answer = predict(deployment, {"instances": rows.tolist()})
    assert answer.status_code == 200, answer.text
    predictions = answer.json()["predictions"]
    labels, probabilities = deployment.wanted(rows)
    assert [one["label"] for one in predictions] == labels.tolist()
    assert np.abs(np.array([one["probabilities"] for one in predictions]) - probabilities).max() < 1e-5


def test_column_form_equals_scikit_learn(deployment: Deployment) -> None:
    rows = deployment.rows[40:60]
    for inputs in (rows.tolist(), {"features": rows.tolist()}):
        answer = predict(deployment, {"inputs": inputs})
        assert answer.status_code == 200, answer.text
        outputs = answer.json()["outputs"]
        assert np.abs(np.array(outputs["probabilities"]) - deployment.wanted(rows)[1]).max() < 1e-5


def test_instances_may_be_objects(deployment: Deployment) -> None:
    rows = deployment.rows[:3]
    answer = predict(deployment, {"signature_name": "serving_default", "instances": [{"features": row} for row in rows.tolist()]})
    assert answer.status_code == 200, answer.text
    assert [one["label"] for one in answer.json()["predictions"]] == deployment.wanted(rows)[0].tolist()


def test_named_version_answers(deployment: Deployment) -> None:
    answer = predict(deployment, {"instances": deployment.rows[:1].tolist()}, f"/versions/{deployment.version}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-jidoka-route"] == "version"


def test_every_answer_has_the_three_headers(deployment: Deployment) -> None:
    headers = predict(deployment, {"instances": deployment.rows[:2].tolist()}).headers
    assert headers["x-jidoka-prediction-id"] and headers["x-jidoka-route"] == "champion"
    assert headers["x-jidoka-model-version"] == deployment.version


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"instances": []},
        {"instances": [[1, 2, 3]]},
        {"instances": [["a", "b", "c", "d"]]},
        {"instances": [[1, 2, 3, 4]], "inputs": [[1, 2, 3, 4]]},
        {"instances": [[1, 2, 3, 4], [1, 2]]},
        [],
    ],
    ids=str,
)
def test_bad_body_is_refused_with_a_reason(deployment: Deployment, body: object) -> None:
    answer = predict(deployment, body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]


@pytest.mark.parametrize("path", ["/v1/models/nobody", "/v1/models/iris/versions/99"])
def test_unknown_model_is_404(deployment: Deployment, path: str) -> None:
    assert requests.get(deployment.server.url + path, timeout=30).status_code == 404
    answer = requests.post(f"{deployment.server.url}{path}:predict", json={"instances": [[1, 2, 3, 4]]}, timeout=30)
    assert answer.status_code == 404 and answer.json()["error"]
