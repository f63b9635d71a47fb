"""A version is READY only when what it holds was looked at; the stock client waits for that, and is told what was not looked at."""

import time
import uuid

import mlflow
import mlflow.onnx
import mlflow.sklearn
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature

from deployment import FEATURES, flowers
from jidoka import Jidoka


@pytest.fixture
def name() -> str:
    return "verified-" + uuid.uuid4().hex[:12]


@pytest.fixture(scope="module")
def client(server: Jidoka) -> MlflowClient:
    mlflow.set_tracking_uri(server.url)
    mlflow.set_experiment("acceptance-verification")
    return MlflowClient(server.url)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return flowers()


@pytest.fixture(scope="module")
def estimator(table: pd.DataFrame):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=500).fit(table[FEATURES].to_numpy(dtype=np.float32), table["species"])


@pytest.fixture(scope="module")
def onnx_model(estimator):
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    return to_onnx(
        estimator,
        initial_types=[("features", FloatTensorType([None, len(FEATURES)]))],
        options={id(estimator): {"zipmap": False}},
        target_opset={"": 17, "ai.onnx.ml": 3},
    )


def log_onnx(model, example, name: str | None, **more) -> str:
    """The version that the one call registered."""
    with mlflow.start_run():
        logged = mlflow.onnx.log_model(
            model,
            name="model",
            registered_model_name=name,
            input_example=example,
            onnx_execution_providers=["CPUExecutionProvider"],
            pip_requirements=["onnxruntime"],
            **more,
        )
    return str(logged.registered_model_version)


@pytest.mark.parametrize("form", ["table", "array"])
def test_onnx_model_loads_and_predicts_its_example(server, client, name, onnx_model, table, form) -> None:
    example = table[FEATURES].head(3) if form == "table" else table[FEATURES].head(3).to_numpy(dtype=np.float32)
    signature = infer_signature(example) if form == "array" else None
    version = log_onnx(onnx_model, example, name, signature=signature)
    found = client.get_model_version(name, version)
    assert found.status == "READY"
    shown = server.cli("models", "show", name, version)
    assert shown["verification"]["predicts"] is True
    assert "a prediction on the input example" in shown["verification"]["verified"]
    assert shown["status_message"].startswith("verified: bytes and digests of")


def test_equal_models_have_one_identity_and_others_another(server, client, name, onnx_model, estimator, table) -> None:
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    example = table[FEATURES].head(3)
    versions = [log_onnx(onnx_model, example, name) for _ in range(2)]
    other = to_onnx(
        estimator,
        initial_types=[("features", FloatTensorType([None, len(FEATURES)]))],
        options={id(estimator): {"zipmap": True}},
        target_opset={"": 17, "ai.onnx.ml": 3},
    )
    versions.append(log_onnx(other, example, name))
    versions.append(log_onnx(onnx_model, example, name, metadata={"team": "census"}))
    identities = [server.cli("models", "show", name, version)["identity"] for version in versions]
    assert identities[0] == identities[1]
    assert len(set(identities)) == 3
    assert all(len(identity) == 64 for identity in identities)


def test_pickled_model_is_ready_without_being_opened(server, client, name, estimator, table) -> None:
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(
            estimator,
            name="model",
            registered_model_name=name,
            input_example=table[FEATURES].head(2),
            serialization_format="cloudpickle",
            pip_requirements=["scikit-learn"],
        )
    found = client.get_model_version(name, str(logged.registered_model_version))
    assert found.status == "READY"
    assert "not verified: loading and a prediction" in found.status_message and "sklearn" in found.status_message
    shown = server.cli("models", "show", name, found.version)
    assert shown["verification"]["loads"] is None and shown["verification"]["predicts"] is None
    assert {"MLmodel", "signature", "input example"} <= set(shown["verification"]["verified"])


def test_version_without_files_fails_and_the_client_says_why(client, name) -> None:
    client.create_registered_model(name)
    run = client.create_run("0").info.run_id
    with pytest.raises(MlflowException, match="no files were logged"):
        client.create_model_version(name, f"runs:/{run}/model", run)
    assert client.get_model_version(name, "1").status == "FAILED_REGISTRATION"


def test_onnx_file_that_is_none_fails(client, name, onnx_model, table, tmp_path) -> None:
    with mlflow.start_run() as run:
        mlflow.onnx.save_model(onnx_model, tmp_path / "m", input_example=table[FEATURES].head(1), pip_requirements=["onnxruntime"])
        (tmp_path / "m" / "model.onnx").write_bytes(b"not a model")
        mlflow.log_artifacts(str(tmp_path / "m"), "model")
    client.create_registered_model(name)
    with pytest.raises(MlflowException, match="does not load"):
        client.create_model_version(name, f"runs:/{run.info.run_id}/model", run.info.run_id)


def test_verification_of_a_small_model_takes_well_under_a_second(server, client, name, onnx_model, table) -> None:
    with mlflow.start_run():
        logged = mlflow.onnx.log_model(
            onnx_model, name="model", input_example=table[FEATURES].head(3), pip_requirements=["onnxruntime"]
        )
    client.create_registered_model(name)
    times = []
    for _ in range(5):
        begun = time.monotonic()
        server.post(
            "/api/2.0/mlflow/model-versions/create",
            {"name": name, "source": f"models:/{logged.model_id}", "model_id": logged.model_id},
        )
        times.append(time.monotonic() - begun)
    assert client.get_model_version(name, "5").status == "READY"
    assert sorted(times)[2] < 0.5
