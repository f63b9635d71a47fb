"""What a plain script does with the stock MLflow client, written for every version of the matrix; run inside that version's environment.

MLFLOW_TRACKING_URI names the server. `test_client_matrix.py` starts it and runs this file once for each environment.
"""

import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import mlflow
import mlflow.lightgbm
import mlflow.sklearn
import mlflow.xgboost
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from mlflow import MlflowClient
from mlflow.cli import cli
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

VERSION = tuple(map(int, mlflow.__version__.split(".")[:2]))
ROWS = pd.DataFrame({"a": np.linspace(0, 1, 40), "b": np.linspace(1, 0, 40)})
LABELS = (ROWS.a > 0.5).astype(int)


@pytest.fixture(scope="module")
def client() -> MlflowClient:
    return MlflowClient()


@pytest.fixture
def name() -> str:
    return "matrix-" + uuid.uuid4().hex[:12]


@pytest.fixture
def experiment(name: str) -> str:
    return mlflow.set_experiment(name).experiment_id


@pytest.fixture(autouse=True)
def no_run_stays_active():
    yield
    while mlflow.active_run():
        mlflow.end_run("FAILED")


def log_model(registered: str | None = None):
    """A fitted model, logged with signature and example; newer clients pickle only when they are told to."""
    model = LogisticRegression().fit(ROWS, LABELS)
    more = {"serialization_format": "cloudpickle"} if VERSION >= (3, 14) else {}
    place = {"name": "model"} if VERSION >= (3, 0) else {"artifact_path": "model"}
    # Named here, so that the client does not load the model in another process to find them out.
    more["pip_requirements"] = ["scikit-learn", "pandas"]
    signature = infer_signature(ROWS, model.predict(ROWS))
    return model, mlflow.sklearn.log_model(
        model, **place, **more, signature=signature, input_example=ROWS.head(2), registered_model_name=registered
    )


def test_everything_that_is_logged_is_read_back(client: MlflowClient, experiment: str, tmp_path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    (tmp_path / "file.txt").write_text("from a file")
    with mlflow.start_run(run_name="logged", tags={"by": "matrix"}) as run:
        mlflow.log_param("depth", 3)
        mlflow.log_params({"rate": 0.1, "kind": "木"})
        mlflow.log_metric("loss", 0.5, step=1)
        mlflow.log_metrics({"loss": 0.25, "nan": float("nan")}, step=2)
        mlflow.set_tag("one", 1)
        mlflow.set_tags({"two": 2})
        mlflow.log_artifact(str(tmp_path / "file.txt"), "files")
        mlflow.log_dict({"a": 1}, "d.json")
        mlflow.log_text("text", "t.txt")
        figure, axes = plt.subplots()
        axes.plot([1, 2])
        mlflow.log_figure(figure, "f.png")
        plt.close(figure)
        mlflow.log_table(ROWS.head(2), "table.json")
        mlflow.log_table(ROWS.head(1), "table.json")
        mlflow.log_image(np.zeros((8, 8, 3), dtype=np.uint8), key="black", step=1)
        mlflow.log_image(np.zeros((8, 8, 3), dtype=np.uint8), "still.png")
        dataset = mlflow.data.from_pandas(ROWS, name="rows", source="https://example.org/rows.csv")
        mlflow.log_input(dataset, context="training")
        mlflow.flush_artifact_async_logging()
    read = client.get_run(run.info.run_id)
    assert read.info.status == "FINISHED" and read.info.run_name == "logged"
    assert read.data.params == {"depth": "3", "rate": "0.1", "kind": "木"}
    assert read.data.metrics["loss"] == 0.25 and np.isnan(read.data.metrics["nan"])
    assert [point.value for point in client.get_metric_history(run.info.run_id, "loss")] == [0.5, 0.25]
    assert {"by": "matrix", "one": "1", "two": "2"}.items() <= read.data.tags.items()
    assert [one.dataset.name for one in read.inputs.dataset_inputs] == ["rows"]
    listed = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"files", "d.json", "t.txt", "f.png", "table.json", "images", "still.png"} <= listed
    assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/t.txt") == "text"
    assert mlflow.artifacts.load_dict(f"runs:/{run.info.run_id}/d.json") == {"a": 1}
    assert len(mlflow.load_table("table.json", run_ids=[run.info.run_id])) == 3
    images = client.list_artifacts(run.info.run_id, "images")
    assert len([file for file in images if "black" in file.path]) == 2
    local = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="files", dst_path=str(tmp_path / "down"))
    assert (Path(local) / "file.txt").read_text() == "from a file"


def test_model_is_registered_moved_and_loaded_by_every_name(client: MlflowClient, experiment: str, name: str) -> None:
    with mlflow.start_run() as run:
        model, logged = log_model(name)
    second = mlflow.register_model(f"runs:/{run.info.run_id}/model", name)
    assert str(second.version) == "2"
    client.transition_model_version_stage(name, "1", "Production")
    client.transition_model_version_stage(name, "2", "production", archive_existing_versions=True)
    assert client.get_model_version(name, "1").current_stage == "Archived"
    client.set_registered_model_alias(name, "champion", "1")
    assert str(client.get_model_version_by_alias(name, "champion").version) == "1"
    assert [str(one.version) for one in client.get_latest_versions(name, ["Production"])] == ["2"]
    uris = [f"models:/{name}/1", f"models:/{name}/Production", f"models:/{name}@champion", f"models:/{name}/latest"]
    uris += [f"runs:/{run.info.run_id}/model", logged.model_uri]
    for uri in uris:
        assert (mlflow.pyfunc.load_model(uri).predict(ROWS) == model.predict(ROWS)).all(), uri
    assert (mlflow.sklearn.load_model(uris[0]).predict(ROWS) == model.predict(ROWS)).all()
    client.rename_registered_model(name, name + "-renamed")
    assert str(client.get_model_version_by_alias(name + "-renamed", "champion").version) == "1"
    client.delete_registered_model_alias(name + "-renamed", "champion")
    client.delete_model_version(name + "-renamed", "1")
    with pytest.raises(MlflowException) as gone:
        client.get_model_version(name + "-renamed", "1")
    assert gone.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_local_prediction_uses_the_downloaded_model(experiment: str, tmp_path: Path) -> None:
    with mlflow.start_run():
        model, logged = log_model()
    out = tmp_path / "out.json"
    mlflow.models.predict(logged.model_uri, input_data=ROWS.head(3), env_manager="local", output_path=str(out))
    assert str([int(one) for one in model.predict(ROWS.head(3))]).replace(" ", "") in out.read_text().replace(" ", "")


@pytest.mark.parametrize("library", ["sklearn", "xgboost", "lightgbm"])
def test_autologging_fills_a_run(client: MlflowClient, experiment: str, library: str) -> None:
    models = library != "sklearn" or VERSION < (3, 14)
    getattr(mlflow, library).autolog(log_models=models, silent=True)
    try:
        with mlflow.start_run() as run:
            if library == "sklearn":
                LogisticRegression(C=2.0).fit(ROWS, LABELS)
            elif library == "xgboost":
                import xgboost

                data = xgboost.DMatrix(ROWS, LABELS)
                xgboost.train({"max_depth": 2, "objective": "binary:logistic"}, data, num_boost_round=3, evals=[(data, "train")])
            else:
                import lightgbm

                data = lightgbm.Dataset(ROWS, LABELS)
                lightgbm.train({"objective": "binary", "verbose": -1}, data, num_boost_round=3, valid_sets=[data])
    finally:
        getattr(mlflow, library).autolog(disable=True)
    read = client.get_run(run.info.run_id)
    assert read.info.status == "FINISHED" and read.data.params and read.data.metrics
    if models:
        assert mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model").predict(ROWS) is not None


def test_evaluation_logs_its_metrics(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run():
        model, logged = log_model()
    evaluate = mlflow.models.evaluate if VERSION >= (3, 0) else mlflow.evaluate
    data = ROWS.assign(label=LABELS)
    with mlflow.start_run() as run:
        result = evaluate(logged.model_uri, data, targets="label", model_type="classifier", evaluator_config={"log_model_explainability": False})
    assert result.metrics["accuracy_score"] == pytest.approx((model.predict(ROWS) == LABELS).mean())
    assert client.get_run(run.info.run_id).data.metrics["accuracy_score"] == pytest.approx(result.metrics["accuracy_score"])


def test_searches_find_what_was_logged(client: MlflowClient, experiment: str, name: str) -> None:
    for number in range(3):
        with mlflow.start_run(run_name=f"run {number}"):
            mlflow.log_metric("score", number)
            mlflow.log_param("kind", "even" if number % 2 == 0 else "odd")
    found = mlflow.search_runs([experiment], "metrics.score > 0 and params.kind = 'even'", order_by=["metrics.score DESC"])
    assert list(found["tags.mlflow.runName"]) == ["run 2"]
    assert [one.name for one in mlflow.search_experiments(filter_string=f"name = '{name}'")] == [name]
    pages = client.search_runs([experiment], max_results=2, order_by=["metrics.score"])
    assert len(pages) == 2 and len(client.search_runs([experiment], max_results=2, order_by=["metrics.score"], page_token=pages.token)) == 1
    client.create_registered_model(name, tags={"team": "matrix"})
    assert [one.name for one in client.search_registered_models(f"name LIKE '{name}%' AND tags.team = 'matrix'")] == [name]
    assert client.search_model_versions(f"name = '{name}'") == []
    with pytest.raises(MlflowException) as refused:
        client.search_runs([experiment], "metrics.score ! 1")
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"


def test_nested_runs_and_threads(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run() as parent:
        with mlflow.start_run(nested=True) as child:
            mlflow.log_metric("inner", 1)

        def work(number: int) -> None:
            run = client.create_run(experiment, tags={"mlflow.parentRunId": parent.info.run_id})
            for step in range(20):
                client.log_metric(run.info.run_id, "m", number * step, step=step)
            client.set_terminated(run.info.run_id)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        [one.start() for one in threads]
        [one.join() for one in threads]
    assert client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id
    children = client.search_runs([experiment], f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
    assert len(children) == 5
    assert sorted(len(client.get_metric_history(one.info.run_id, "m")) for one in children) == [0, 20, 20, 20, 20]


def _log_in_a_process(run_id: str, number: int) -> None:
    client = MlflowClient()
    for step in range(20):
        client.log_metric(run_id, f"of-{number}", step, step=step)


def test_processes_log_to_one_run(client: MlflowClient, experiment: str) -> None:
    run = client.create_run(experiment).info.run_id
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_log_in_a_process, args=(run, number)) for number in range(3)]
    [one.start() for one in workers]
    [one.join() for one in workers]
    assert [one.exitcode for one in workers] == [0, 0, 0]
    assert client.get_run(run).data.metrics == {f"of-{number}": 19.0 for number in range(3)}


def test_system_metrics_arrive(client: MlflowClient, experiment: str) -> None:
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    try:
        with mlflow.start_run(log_system_metrics=True) as run:
            until = time.monotonic() + 20
            while time.monotonic() < until and not client.get_run(run.info.run_id).data.metrics:
                time.sleep(0.2)
    finally:
        mlflow.set_system_metrics_sampling_interval(None)
        mlflow.set_system_metrics_samples_before_logging(None)
    assert "system/cpu_utilization_percentage" in client.get_run(run.info.run_id).data.metrics


def command(*words: str) -> str:
    """`mlflow WORDS`, to its end; in this process, because loading the client takes seconds."""
    done = CliRunner().invoke(cli, list(words), catch_exceptions=False)
    assert done.exit_code == 0, f"mlflow {words}\n{done.output}"
    return done.output


def test_command_line_of_experiments_and_runs(client: MlflowClient, name: str, tmp_path: Path) -> None:
    command("experiments", "create", "--experiment-name", name)
    identity = client.get_experiment_by_name(name).experiment_id
    assert name in command("experiments", "search")
    run = client.create_run(identity, run_name="by hand")
    client.log_metric(run.info.run_id, "m", 1.5)
    command("experiments", "csv", "--experiment-id", identity, "--filename", str(tmp_path / "runs.csv"))
    assert "1.5" in (tmp_path / "runs.csv").read_text()
    assert "by hand" in command("runs", "list", "--experiment-id", identity)
    assert run.info.run_id in command("runs", "describe", "--run-id", run.info.run_id)
    command("runs", "delete", "--run-id", run.info.run_id)
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    command("runs", "restore", "--run-id", run.info.run_id)
    command("experiments", "rename", "--experiment-id", identity, "--new-name", name + "-2")
    command("experiments", "delete", "--experiment-id", identity)
    assert client.get_experiment(identity).lifecycle_stage == "deleted"
    command("experiments", "restore", "--experiment-id", identity)
    assert client.get_experiment(identity).name == name + "-2"


def test_command_line_of_artifacts(client: MlflowClient, experiment: str, tmp_path: Path) -> None:
    run = client.create_run(experiment).info.run_id
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    command("artifacts", "log-artifact", "--local-file", str(folder / "a.txt"), "--run-id", run)
    command("artifacts", "log-artifacts", "--local-dir", str(folder), "--run-id", run, "--artifact-path", "deep")
    assert "deep" in command("artifacts", "list", "--run-id", run)
    command("artifacts", "download", "--run-id", run, "--artifact-path", "deep", "--dst-path", str(tmp_path / "down"))
    assert (tmp_path / "down" / "deep" / "a.txt").read_text() == "a"


def test_command_line_of_models(experiment: str, tmp_path: Path) -> None:
    with mlflow.start_run():
        model, logged = log_model()
    (tmp_path / "rows.json").write_text('{"dataframe_split": ' + ROWS.head(3).to_json(orient="split") + "}")
    wanted = [int(one) for one in model.predict(ROWS.head(3))]
    asked = ["-m", logged.model_uri, "-i", str(tmp_path / "rows.json"), "-o", str(tmp_path / "out.json"), "--env-manager", "local"]
    command("models", "predict", *asked)
    assert json.loads((tmp_path / "out.json").read_text())["predictions"] == wanted
    command("models", "generate-dockerfile", "-m", logged.model_uri, "-d", str(tmp_path / "image"), "--env-manager", "local")
    assert (tmp_path / "image" / "Dockerfile").exists() and list((tmp_path / "image").rglob("MLmodel"))
    serve(logged.model_uri, wanted)


def serve(uri: str, wanted: list[int]) -> None:
    """`mlflow models serve` answers what the model says."""
    import requests

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    words = ["models", "serve", "-m", uri, "-h", "127.0.0.1", "-p", str(port), "--env-manager", "local"]
    server = subprocess.Popen([sys.executable, "-m", "mlflow", *words], env=environment, start_new_session=True)
    try:
        until = time.monotonic() + 90
        while time.monotonic() < until:
            assert server.poll() is None, "the scoring server ended"
            try:
                if requests.get(f"http://127.0.0.1:{port}/ping", timeout=2).status_code == 200:
                    break
            except requests.ConnectionError:
                time.sleep(0.3)
        rows = {"dataframe_split": {"columns": ["a", "b"], "data": ROWS.head(3).to_numpy().tolist()}}
        answer = requests.post(f"http://127.0.0.1:{port}/invocations", json=rows, timeout=30)
        assert answer.status_code == 200 and answer.json()["predictions"] == wanted, answer.text
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
