"""A small line (`iris`: four numbers in, one of three classes out), and a model of it put behind its endpoint by the stock client."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from jidoka import Jidoka

LINE = "iris"
FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]

LINE_FILE = """\
line: iris
data:
  flowers: {path: flowers.parquet, key: id, label: species, holdout: 0.2, expect: expectations.yaml}
pipeline:
  steps:
    check: {run: "jidoka data check flowers --version ${data.flowers.version}"}
    wait:  {run: "python wait.py ${params.seconds}", needs: [check], timeout: 5m}
params: {seconds: 1}
model: iris
gate: [{metric: accuracy, min: 0.5}]
endpoint: {name: iris, batch: {max: 64, delay_us: 100}}
"""

EXPECTATIONS = """\
- {expect: columns_exist, columns: [sepal_length, sepal_width, petal_length, petal_width, species]}
- {expect: not_null, column: petal_width}
- {expect: between, column: sepal_length, min: 0, max: 20}
- {expect: in_set, column: species, values: [0, 1, 2]}
"""

WAIT = "import sys, time\nfor _ in range(int(float(sys.argv[1]) * 10)):\n    time.sleep(0.1)\nprint('waited')\n"


def flowers() -> pd.DataFrame:
    from sklearn.datasets import load_iris

    data = load_iris()
    table = pd.DataFrame(data.data.astype("float32"), columns=FEATURES)
    table["species"] = data.target.astype("int64")
    table.insert(0, "id", np.arange(len(table)))
    return table


def write_line(project: Path) -> Path:
    (project / "jidoka.yaml").write_text(LINE_FILE)
    (project / "expectations.yaml").write_text(EXPECTATIONS)
    (project / "wait.py").write_text(WAIT)
    flowers().to_parquet(project / "flowers.parquet", index=False)
    return project


@dataclass(frozen=True)
class Deployment:
    server: Jidoka
    name: str
    version: str
    run_id: str
    # The estimator whose answers the endpoint must give.
    estimator: object
    rows: np.ndarray

    def wanted(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.estimator.predict(rows), self.estimator.predict_proba(rows)


def log_model(url: str, registered_name: str | None):
    """Trains, logs as ONNX with a signature and registers through the stock client: the run's id, the version and the estimator."""
    import mlflow
    import mlflow.onnx
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.linear_model import LogisticRegression

    table = flowers()
    rows = table[FEATURES].to_numpy(dtype=np.float32)
    estimator = LogisticRegression(max_iter=500).fit(rows, table["species"])
    onnx_model = to_onnx(
        estimator,
        initial_types=[("features", FloatTensorType([None, len(FEATURES)]))],
        options={id(estimator): {"zipmap": False}},
        target_opset={"": 17, "ai.onnx.ml": 3},
    )
    mlflow.set_tracking_uri(url)
    mlflow.set_experiment("acceptance-serving")
    with mlflow.start_run() as run:
        mlflow.log_metric("accuracy", float(estimator.score(rows, table["species"])))
        logged = mlflow.onnx.log_model(
            onnx_model,
            name="model",
            signature=ModelSignature(inputs=Schema([ColSpec("float", name) for name in FEATURES])),
            registered_model_name=registered_name,
            onnx_execution_providers=["CPUExecutionProvider"],
            pip_requirements=["onnxruntime"],
        )
    return run.info.run_id, str(logged.registered_model_version), estimator, rows


def deploy(server: Jidoka, name: str) -> Deployment:
    run_id, version, estimator, rows = log_model(server.url, name)
    server.post(
        f"/api/v1/models/{name}/versions/{version}/promote",
        {"actor": "user:acceptance", "reason": "under test", "override": True},
    )
    deadline = time.monotonic() + 20
    while str(server.get(f"/api/v1/endpoints/{name}").get("champion")) != version:
        assert time.monotonic() < deadline, f"version {version} does not answer\n{server.log_tail()}"
        time.sleep(0.05)
    return Deployment(server, name, version, run_id, estimator, rows)
