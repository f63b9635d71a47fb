"""Models that are no ONNX, logged by the stock client: served by processes of Python that have no privileges and are started again when they die."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
import pandas as pd
import pytest
import requests
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from tritonclient import http
from tritonclient.utils import InferenceServerException

from jidoka import Jidoka

LINE = "line: fruit\nmodel: fruit\nendpoint: {name: fruit}\n"


class Fruit:
    """Colours and weights to prices: a table of texts and numbers, which no tensor of one type holds."""

    table = pd.DataFrame({"colour": ["red", "green", "yellow", "red"], "grams": [150.0, 170.0, 120.0, 210.0], "count": [1, 2, 3, 4]})
    prices = [1.0, 2.0, 1.5, 2.5]

    @classmethod
    def pipeline(cls):
        encoder = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["colour"]), remainder="passthrough")
        return make_pipeline(encoder, LinearRegression()).fit(cls.table, cls.prices)


def serve(project: Path, log) -> Jidoka:
    """A server on which the model that `log` registers as `fruit` is the champion."""
    (project / "jidoka.yaml").write_text(LINE)
    server = Jidoka(project, JIDOKA_PYTHON=sys.executable)
    server.start()
    try:
        mlflow.set_tracking_uri(server.url)
        mlflow.set_experiment("fruit")
        with mlflow.start_run():
            log()
        server.cli("models", "promote", "fruit", "1", "--override", "--reason", "test")
    except BaseException:
        server.stop()
        raise
    return server


def log_sklearn() -> None:
    model = Fruit.pipeline()
    mlflow.sklearn.log_model(
        model, name="model", registered_model_name="fruit", signature=infer_signature(Fruit.table, model.predict(Fruit.table)),
        input_example=Fruit.table[:2], serialization_format="cloudpickle",
    )  # fmt: skip


@pytest.fixture(scope="module")
def fruit(tmp_path_factory: pytest.TempPathFactory):
    # A folder that only its owner may pass through, as homes are.
    server = serve(tmp_path_factory.mktemp("fruit", numbered=False), log_sklearn)
    yield server
    assert server.stop() == 0, server.log_tail()


def tensors(table: pd.DataFrame) -> list[http.InferInput]:
    inputs = []
    for name, kind, dtype in (("colour", "BYTES", object), ("grams", "FP64", np.float64), ("count", "INT64", np.int64)):
        tensor = http.InferInput(name, [len(table)], kind)
        tensor.set_data_from_numpy(table[name].to_numpy(dtype=dtype))
        inputs.append(tensor)
    return inputs


def workers(server: Jidoka) -> list[int]:
    listed = subprocess.run(["pgrep", "-P", str(server.process.pid), "-f", "/proc/self/fd/5"], capture_output=True, text=True)
    return [int(line) for line in listed.stdout.split()]


def test_a_pipeline_of_texts_and_numbers_answers_as_it_does_in_python(fruit: Jidoka) -> None:
    client = http.InferenceServerClient(fruit.url.removeprefix("http://"))
    described = client.get_model_metadata("fruit")
    assert [(item["name"], item["datatype"]) for item in described["inputs"]] == [("colour", "BYTES"), ("grams", "FP64"), ("count", "INT64")]
    asked = pd.DataFrame({"colour": ["green", "red", "blue"], "grams": [100.0, 90.5, 3.25], "count": [7, 8, 9]})
    answer = client.infer("fruit", tensors(asked)).as_numpy("predictions")
    np.testing.assert_allclose(answer, Fruit.pipeline().predict(asked), rtol=1e-12)


def test_wrong_tensors_are_the_callers_mistake(fruit: Jidoka) -> None:
    client = http.InferenceServerClient(fruit.url.removeprefix("http://"))
    with pytest.raises(InferenceServerException, match="expected 3 inputs"):
        client.infer("fruit", tensors(Fruit.table)[:2])
    answered = requests.post(f"{fruit.url}/v2/models/fruit/infer", json={"inputs": [{"name": "colour", "datatype": "FP64", "shape": [1], "data": [1]}]}, timeout=10)
    assert answered.status_code == 400


def test_the_processes_have_no_privileges_and_no_secrets(fruit: Jidoka) -> None:
    found = workers(fruit)
    assert len(found) == 2
    for worker in found:
        status = Path(f"/proc/{worker}/status").read_text()
        assert "NoNewPrivs:\t1" in status
        if os.geteuid() == 0:
            assert "Uid:\t65534\t65534\t65534\t65534" in status and "CapEff:\t0000000000000000" in status
        variables = Path(f"/proc/{worker}/environ").read_bytes()
        assert b"JIDOKA" not in variables and b"TOKEN" not in variables
        opened = {os.readlink(f"/proc/{worker}/fd/{fd}") for fd in os.listdir(f"/proc/{worker}/fd")}
        assert not any("jidoka.db" in target for target in opened), opened


def test_a_process_that_is_killed_is_started_again_and_others_answer_meanwhile(fruit: Jidoka) -> None:
    client = http.InferenceServerClient(fruit.url.removeprefix("http://"))
    before = workers(fruit)
    os.kill(before[0], signal.SIGKILL)
    failed = 0
    for _ in range(20):
        try:
            client.infer("fruit", tensors(Fruit.table))
        except InferenceServerException:
            failed += 1
    assert failed <= 1, "the other process answers"
    deadline = time.monotonic() + 60
    while len(workers(fruit)) < 2 or before[0] in workers(fruit):
        assert time.monotonic() < deadline, "it was not started again"
        time.sleep(0.1)
    client.infer("fruit", tensors(Fruit.table))


CLUMSY = """
import os, signal
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class Clumsy(PythonModel):
    # Dies, fails or answers, as it is asked to.
    def predict(self, context, model_input, params=None):
        wish = model_input["wish"].iloc[0]
        if wish == "die":
            os.kill(os.getpid(), signal.SIGSEGV)
        if wish == "fail":
            raise RuntimeError("the lamp went out")
        if wish == "secret":
            return pd.DataFrame({"answer": [str(os.access("/etc/shadow", os.R_OK))], "length": [0]})
        return pd.DataFrame({"answer": [wish.upper()], "length": [len(wish)]})


set_model(Clumsy())
"""


def test_a_python_model_that_fails_or_dies_takes_nothing_with_it(tmp_path: Path) -> None:
    def log() -> None:
        example = pd.DataFrame({"wish": ["well"]})
        signature = infer_signature(example, pd.DataFrame({"answer": ["WELL"], "length": [4]}))
        (tmp_path / "clumsy.py").write_text(CLUMSY)
        mlflow.pyfunc.log_model(name="model", python_model=str(tmp_path / "clumsy.py"), registered_model_name="fruit", signature=signature, input_example=example)

    server = serve(tmp_path, log)
    try:

        def wish(text: str) -> requests.Response:
            body = {"inputs": [{"name": "wish", "datatype": "BYTES", "shape": [1], "data": [text]}]}
            return requests.post(f"{server.url}/v2/models/fruit/infer", json=body, timeout=60)

        answer = wish("well").json()["outputs"]
        assert [(item["name"], item["data"]) for item in answer] == [("answer", ["WELL"]), ("length", [4])]
        failed = wish("fail")
        assert failed.status_code == 500 and "the lamp went out" in failed.json()["error"]
        if os.geteuid() == 0:
            assert wish("secret").json()["outputs"][0]["data"] == ["False"]
        assert wish("die").status_code == 503
        assert wish("again").json()["outputs"][0]["data"] == ["AGAIN"]
        assert server.get("/v2")["name"]
    finally:
        left = workers(server)
        server.kill()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{worker}").exists() for worker in left):
        assert time.monotonic() < deadline, "a process outlives its server"
        time.sleep(0.05)


def test_a_model_without_signature_or_python_says_what_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "jidoka.yaml").write_text(LINE)
    server = Jidoka(tmp_path, JIDOKA_PYTHON="/usr/bin/python3")
    server.start()
    mlflow.set_tracking_uri(server.url)
    mlflow.set_experiment("fruit")
    with mlflow.start_run():
        forest = RandomForestClassifier(3).fit([[0.0, 1.0], [1.0, 0.0]], [0, 1])
        mlflow.sklearn.log_model(forest, name="model", registered_model_name="fruit", serialization_format="cloudpickle")
    try:
        words = ("models", "promote", "fruit", "1", "--override", "--reason", "test")
        refused = server.cli(*words, status=1)
        assert "mlflow" in str(refused) or "mlflow" in server.log_tail(), refused
    finally:
        server.stop()
    server.variables["JIDOKA_PYTHON"] = sys.executable
    server.start()
    try:
        server.cli(*words)
        answer = requests.post(f"{server.url}/v2/models/fruit/infer", json={"inputs": [{"name": "inputs", "datatype": "FP64", "shape": [1, 2], "data": [1, 0]}]}, timeout=30)
        assert answer.json()["outputs"][0]["data"] == forest.predict([[1.0, 0.0]]).tolist(), answer.text
    finally:
        server.stop()
