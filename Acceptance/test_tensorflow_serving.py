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


def examples(deployment: Deployment, verb: str, body: object, path: str = "") -> requests.Response:
    return requests.post(f"{deployment.server.url}/v1/models/{deployment.name}{path}:{verb}", json=body, timeout=30)


def test_classify_gives_each_class_its_score(deployment: Deployment) -> None:
    names = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    rows = deployment.rows[:5]
    asked = [dict(zip(names, row, strict=True)) for row in rows.tolist()]
    for one in asked:
        one["petal_width"] = [one["petal_width"]]  # one value may stand in a list
    answer = examples(deployment, "classify", {"examples": asked})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    scores = np.array([[score for _, score in row] for row in results])
    assert np.abs(scores - deployment.wanted(rows)[1]).max() < 1e-5
    assert [label for label, _ in results[0]] == ["0", "1", "2"]
    shared = {"context": {"sepal_width": 3.0}, "examples": [{key: value for key, value in asked[0].items() if key != "sepal_width"}]}
    assert examples(deployment, "classify", shared, f"/versions/{deployment.version}").status_code == 200


def test_labels_stand_for_versions(deployment: Deployment) -> None:
    import mlflow

    body = {"instances": deployment.rows[:1].tolist()}
    assert predict(deployment, body, "/labels/champion").headers["x-jidoka-model-version"] == deployment.version
    client = mlflow.MlflowClient(deployment.server.url)
    client.set_registered_model_alias(deployment.name, "gold", deployment.version)
    answer = predict(deployment, body, "/labels/gold")
    assert answer.status_code == 200 and answer.headers["x-jidoka-model-version"] == deployment.version
    status = deployment.server.get(f"/v1/models/{deployment.name}/labels/gold")
    assert status["model_version_status"][0]["version"] == deployment.version
    client.delete_registered_model_alias(deployment.name, "gold")
    assert predict(deployment, body, "/labels/gold").status_code == 404


@pytest.mark.parametrize(
    "verb, body, words",
    [
        ("regress", {"examples": [{"sepal_length": 1, "sepal_width": 1, "petal_length": 1, "petal_width": 1}]}, "no single number"),
        ("classify", {"examples": []}, "at least one"),
        ("classify", {"examples": [{"sepal_length": 1}]}, "has no feature 'sepal_width'"),
        ("classify", {"examples": [{"sepal_lenght": 1}]}, "did you mean `sepal_length`?"),
        ("classify", {"examples": [1]}, "must be an object"),
        ("classify", {"examples": [{"sepal_length": "x", "sepal_width": 1, "petal_length": 1, "petal_width": 1}]}, "features"),
        ("classify", {"context": 1, "examples": [{}]}, "`context`"),
    ],
)
def test_mistakes_in_examples_are_told(deployment: Deployment, verb: str, body: object, words: str) -> None:
    answer = examples(deployment, verb, body)
    assert answer.status_code == 400 and words in answer.json()["error"], answer.text
