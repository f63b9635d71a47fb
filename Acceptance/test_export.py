"""`jidoka export`: a folder that MLflow itself opens, and that comes back by `jidoka import`."""

import json
import os
import subprocess
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient

from jidoka import Jidoka, run

ROOT = Path(__file__).resolve().parent.parent
MLFLOW = ROOT / ".venv-mlflow" / "bin" / "python"

# What MLflow's own file store says of a folder.
LOOK = """
import json, sys, mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType
client = MlflowClient(tracking_uri="file:" + sys.argv[1], registry_uri="file:" + sys.argv[1])
found = {"runs": {}, "experiments": {}, "models": {}}
for experiment in client.search_experiments(view_type=ViewType.ALL):
    found["experiments"][experiment.name] = [experiment.lifecycle_stage, dict(experiment.tags)]
    for run in client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL, max_results=1000):
        data = run.data
        history = {key: [[point.step, point.timestamp, point.value] for point in client.get_metric_history(run.info.run_id, key)] for key in data.metrics}
        artifacts = [item.path for item in client.list_artifacts(run.info.run_id)] if run.info.lifecycle_stage == "active" else []
        found["runs"][run.info.run_id] = [run.info.run_name, run.info.status, run.info.lifecycle_stage, data.params, dict(data.tags), history, artifacts]
for model in client.search_registered_models():
    versions = {version.version: [version.current_stage, dict(version.tags), version.description] for version in client.search_model_versions(f"name='{model.name}'")}
    found["models"][model.name] = [dict(model.tags), model.description, {alias: str(number) for alias, number in model.aliases.items()}, versions]
print(json.dumps(found))
if len(sys.argv) > 2:
    mlflow.set_tracking_uri("file:" + sys.argv[1])
    mlflow.set_registry_uri("file:" + sys.argv[1])
    loaded = mlflow.pyfunc.load_model(sys.argv[2])
    print(json.dumps(loaded.predict([[1.0]]).tolist()))
"""


def fill(url: str) -> str:
    mlflow.set_tracking_uri(url)
    client = MlflowClient(url)
    mlflow.set_experiment("prices")
    client.set_experiment_tag(client.get_experiment_by_name("prices").experiment_id, "team", "red")
    with mlflow.start_run(run_name="first") as started:
        mlflow.log_params({"depth": 3, "a/b": "c"})
        for step in range(30):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_text("hello", "notes/hello.txt")
        table = pd.DataFrame({"x": [1.0, 2.0]})
        mlflow.log_input(mlflow.data.from_pandas(table, name="t"), context="training")
        from sklearn.linear_model import LinearRegression

        model = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
        mlflow.sklearn.log_model(model, name="model", registered_model_name="house", serialization_format="cloudpickle")
    client.set_registered_model_alias("house", "best", "1")
    client.transition_model_version_stage("house", "1", "Staging")
    client.set_model_version_tag("house", "1", "k", "v")
    with mlflow.start_run(run_name="gone") as gone:
        pass
    client.delete_run(gone.info.run_id)
    client.delete_experiment(client.create_experiment("old"))

    @mlflow.trace
    def outer(x: int) -> int:
        with mlflow.start_span("inner"):
            return x + 1

    outer(1)
    mlflow.flush_trace_async_logging()
    made = mlflow.genai.datasets.create_dataset(name="questions", experiment_id=started.info.experiment_id)
    made.merge_records([{"inputs": {"q": "how much?"}, "expectations": {"a": "42"}}])
    mlflow.set_experiment("Default")
    return started.info.run_id


def test_mlflow_opens_what_was_exported_and_import_brings_it_back(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = Jidoka(tmp_path / "a"), Jidoka(tmp_path / "b")
    first.start()
    second.start()
    try:
        run_id = fill(first.url)
        out = tmp_path / "out"
        facts = first.cli("export", out)
        assert facts["runs"] == 2 and facts["points"] == 30 and facts["versions"] == 1 and facts["files"] > 3

        variables = {**os.environ, "MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true"}
        looked = subprocess.run([str(MLFLOW), "-c", LOOK, str(out), "models:/house/1"], capture_output=True, text=True, env=variables, timeout=120)
        assert looked.returncode == 0, looked.stderr[-3000:]
        seen, predicted = (json.loads(line) for line in looked.stdout.splitlines()[-2:])
        assert predicted == pytest.approx([2.0]), "MLflow loads the model out of the folder"
        assert seen["experiments"]["prices"][1]["team"] == "red" and seen["experiments"]["old"][0] == "deleted"
        name, status, lifecycle, params, tags, history, artifacts = seen["runs"][run_id]
        assert (name, status, lifecycle, params) == ("first", "FINISHED", "active", {"depth": "3", "a/b": "c"})
        assert [point[0] for point in sorted(history["loss"])] == list(range(30)) and "notes" in artifacts
        assert seen["models"]["house"][2] == {"best": "1"} and seen["models"]["house"][3]["1"][:2] == ["Staging", {"k": "v"}]

        done = second.cli("import", out, "--state", tmp_path / "state")
        assert done["runs"] == 2 and done["points"] >= 30 and done["versions"] == 1
        there, back = (MlflowClient(server.url) for server in (first, second))
        assert back.get_run(run_id).data.to_dictionary() == there.get_run(run_id).data.to_dictionary()
        assert back.get_run(run_id).inputs.dataset_inputs[0].dataset.name == "t"
        assert back.get_model_version_by_alias("house", "best").current_stage == "Staging"
        mlflow.set_tracking_uri(second.url)
        assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes/hello.txt") == "hello"
        assert mlflow.pyfunc.load_model("models:/house@best").predict([[3.0]]).tolist() == pytest.approx([6.0])

        again = run("export", out, cwd=tmp_path, JIDOKA_URL=first.url)
        assert again.returncode == 1 and "--force" in again.stderr
        tables = first.cli("export", tmp_path / "tables", "--format", "jsonl")
        rows = [json.loads(line) for line in (tmp_path / "tables" / "metrics.jsonl").read_text().splitlines()]
        assert tables["points"] == len(rows) == 30
        traces = [json.loads(line) for line in (tmp_path / "tables" / "traces.jsonl").read_text().splitlines()]
        assert [len(trace["spans"]) for trace in traces] == [2]
        datasets = [json.loads(line) for line in (out / "evaluation_datasets.jsonl").read_text().splitlines()]
        assert datasets[0]["name"] == "questions" and datasets[0]["records"][0]["inputs"] == {"q": "how much?"}
        assert "run.created" in (out / "events.jsonl").read_text()
        assert first.cli("export", tmp_path / "one", "--experiment", "prices", "--no-artifacts")["experiments"] == 1
        assert run("export", tmp_path / "x", "--experiment", "nope", cwd=tmp_path, JIDOKA_URL=first.url).returncode == 1
    finally:
        first.stop()
        second.stop()
