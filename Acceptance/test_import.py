"""`jidoka import` and `jidoka sync` of stores that MLflow's own client filled: what MLflow reads out of its store, it reads out of our server."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from jidoka import Jidoka, run
from postgres import Postgres

ROOT = Path(__file__).resolve().parent.parent
MLFLOW = ROOT / ".venv-mlflow" / "bin" / "python"
SETTINGS = {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}

FILL = """
import sys, mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
uri, folder = sys.argv[1:]
mlflow.set_tracking_uri(uri)
mlflow.set_registry_uri(uri)
client = MlflowClient()
experiment = client.create_experiment("prices", artifact_location=folder + "/artifacts", tags={"team": "red"})
mlflow.set_experiment("prices")
with mlflow.start_run(run_name="first", description="why") as parent:
    mlflow.log_params({"depth": 3, "a/b": "c", "text": "two\\nlines"})
    points = [Metric("loss", 1 / (step + 1), 1_700_000_000_000 + step, step) for step in range(1500)]
    for start in (0, 750):
        client.log_batch(parent.info.run_id, metrics=points[start:start + 750])
    mlflow.log_metric("odd", float("nan"), step=-3)
    mlflow.log_metric("best/of", 1e-300)
    mlflow.log_text("hello", "notes/hello.txt")
    import pandas
    mlflow.log_input(mlflow.data.from_pandas(pandas.DataFrame({"x": [1.0]}), name="t"), context="training")
    from sklearn.linear_model import LinearRegression
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
    mlflow.sklearn.log_model(model, name="model", registered_model_name="house", serialization_format="cloudpickle")
    with mlflow.start_run(nested=True, run_name="child") as child:
        mlflow.set_tag("kind", "inner")
client.set_terminated(child.info.run_id, "FAILED")
client.set_registered_model_alias("house", "best", 1)
client.set_registered_model_tag("house", "k", "v")
client.update_model_version("house", 1, description="the first")
client.transition_model_version_stage("house", 1, "Production")
gone = client.create_run(experiment, run_name="gone")
client.delete_run(gone.info.run_id)
client.create_run(experiment, run_name="runs still")
client.delete_experiment(client.create_experiment("old"))
print(parent.info.run_id)
"""

# Everything that a client reads, in words that do not depend on where it lies. Points are a set: MLflow's own databases keep equal ones once, its
# folders do not. REST has no null: a missing type or description is an empty one.
LOOK = """
import json, math, sys, mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType
client = MlflowClient(tracking_uri=sys.argv[1], registry_uri=sys.argv[1])
def number(value): return repr(float(value))
found = {"experiments": {}, "runs": {}, "models": {}, "logged": {}}
for experiment in client.search_experiments(view_type=ViewType.ALL):
    own = {key: value for key, value in experiment.tags.items() if not key.startswith("mlflow.experiment")}
    found["experiments"][experiment.name] = [experiment.lifecycle_stage, own, experiment.creation_time if experiment.name != "Default" else 0]
    for run in client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL, max_results=1000):
        info, data = run.info, run.data
        tags = {key: value for key, value in data.tags.items()}
        history = {key: sorted(set((p.step, p.timestamp, number(p.value)) for p in client.get_metric_history(info.run_id, key))) for key in data.metrics}
        inputs = [[d.dataset.name, d.dataset.digest, d.dataset.source_type, d.dataset.schema, {t.key: t.value for t in d.tags}] for d in run.inputs.dataset_inputs]
        outputs = [[o.model_id, o.step] for o in (run.outputs.model_outputs if run.outputs else [])]
        files = sorted(item.path for item in client.list_artifacts(info.run_id) + client.list_artifacts(info.run_id, "notes")) if info.lifecycle_stage == "active" else []
        found["runs"][info.run_id] = [experiment.name, info.run_name, info.status, info.lifecycle_stage, info.start_time, info.end_time, info.user_id, data.params, tags,
            {key: number(value) for key, value in data.metrics.items()}, history, inputs, outputs, files]
    if experiment.lifecycle_stage == "active":
        for model in client.search_logged_models([experiment.experiment_id]):
            found["logged"][model.model_id] = [model.name, str(model.status), model.source_run_id, model.params, model.model_type or '', model.creation_timestamp]
for model in client.search_registered_models():
    versions = {v.version: [v.current_stage, dict(v.tags), v.description or '', v.run_id, v.creation_timestamp] for v in client.search_model_versions(f"name='{model.name}'")}
    found["models"][model.name] = [dict(model.tags), model.description or '', {a: str(n) for a, n in model.aliases.items()}, {str(n): v for n, v in versions.items()}, model.creation_timestamp]
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_registry_uri(sys.argv[1])
found["predicted"] = mlflow.pyfunc.load_model("models:/house@best").predict([[4.0]]).tolist()
print(json.dumps(found, sort_keys=True))
"""


def mlflow_says(script: str, *words: object) -> str:
    command = [str(MLFLOW), "-W", "ignore", "-c", script, *map(str, words)]
    # MLflow leaves a database of its own where it is called.
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**os.environ, **SETTINGS}, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()[-1]


def differences(wanted: object, found: object, place: str = "") -> list[str]:
    """Where two trees differ; lists of one length go item by item."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [text for key in sorted(wanted.keys() | found.keys()) for text in differences(wanted.get(key), found.get(key), f"{place}/{key}")]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return [text for number, (one, other) in enumerate(zip(wanted, found)) for text in differences(one, other, f"{place}/{number}")]
    return [] if wanted == found else [f"{place}: wanted {str(wanted)[:200]}, found {str(found)[:200]}"]


@pytest.fixture
def server(tmp_path: Path):
    (tmp_path / "project").mkdir()
    jidoka = Jidoka(tmp_path / "project")
    jidoka.start()
    yield jidoka
    jidoka.stop()


def brought_whole(server: Jidoka, tmp_path: Path, uri: str, source: object) -> str:
    """Fills the store, imports it twice and compares; the id of a run."""
    run_id = mlflow_says(FILL, uri, tmp_path)
    wanted = json.loads(mlflow_says(LOOK, uri))
    assert len(wanted["runs"]) == 4 and len(wanted["runs"][run_id][10]["loss"]) == 1500
    counted = server.cli("import", source, "--dry-run")
    assert counted["runs"] == 4 and counted["versions"] == 1
    assert server.get("/api/2.0/mlflow/experiments/search", max_results=10)["experiments"][0]["name"] == "Default", "nothing was changed"
    done = server.cli("import", source, "--state", tmp_path / "state")
    assert (done["runs"], done["versions"], done["logged_models"]) == (4, 1, 1)
    found = json.loads(mlflow_says(LOOK, server.url))
    assert differences(wanted, found) == []
    again = server.cli("sync", source, "--state", tmp_path / "state")
    assert (again["runs"], again["points"], again["versions"], again["unchanged_runs"]) == (0, 0, 0, 4)
    server.cli("import", source, "--state", tmp_path / "another")
    assert json.loads(mlflow_says(LOOK, server.url)) == found, "a second import without the journal changes nothing"
    history = server.get("/api/v1/models/house/history")
    stages = [move for move in history if move.get("stage") == "Production"]
    assert len(stages) == 1 and "from MLflow" in stages[0]["reason"], history
    return run_id


def test_a_file_store(server: Jidoka, tmp_path: Path) -> None:
    brought_whole(server, tmp_path, f"file:{tmp_path}/mlruns", tmp_path / "mlruns")


def test_a_sqlite_database(server: Jidoka, tmp_path: Path) -> None:
    brought_whole(server, tmp_path, f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "mlflow.db")


def test_a_postgresql_database(server: Jidoka, tmp_path: Path) -> None:
    postgres = Postgres()
    try:
        address = postgres.database("mlflow")
        brought_whole(server, tmp_path, address.replace("postgresql:", "postgresql+psycopg2:"), address)
        kept = "".join(path.read_text() for path in (tmp_path / "state").iterdir())
        secret = address.replace("jidoka@", "jidoka:s3cr%2Fet@")
        told = run("import", secret, "--dry-run", cwd=tmp_path)
        assert told.returncode == 0 and "s3cr" not in told.stdout + told.stderr + kept
        for broken in (secret.replace("%2F", "%zz"), secret.replace("/mlflow", "/nothing"), secret.replace("host=", "nohost=")):
            refused = run("import", broken, "--dry-run", cwd=tmp_path)
            assert refused.returncode == 1 and "s3cr" not in refused.stdout + refused.stderr, refused.stderr
        empty = run("import", postgres.database("empty"), "--dry-run", cwd=tmp_path)
        assert empty.returncode == 1 and "is no database of MLflow" in empty.stderr
    finally:
        postgres.stop()


TABLE = """
import sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
found = mlflow.search_runs(search_all_experiments=True)
found.to_csv(sys.argv[2] + "/runs.csv")
found.to_json(sys.argv[2] + "/columns.json")
found.to_json(sys.argv[2] + "/records.json", orient="records", date_format="iso")
found.to_json(sys.argv[2] + "/lines.jsonl", orient="records", lines=True)
print(len(found))
"""


def test_a_table_of_search_runs(server: Jidoka, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    run_id = mlflow_says(FILL, uri, tmp_path)
    assert mlflow_says(TABLE, uri, tmp_path) == "3"
    wanted = json.loads(mlflow_says(LOOK, uri))["runs"]
    assert server.cli("import", tmp_path / "runs.csv", "--dry-run")["runs"] == 3
    for name, runs in (("runs.csv", 3), ("runs.csv", 0)):
        assert server.cli("import", tmp_path / name, "--state", tmp_path / "state")["runs"] == runs
    found = {item["info"]["run_id"]: item for item in server.post("/api/2.0/mlflow/runs/search", {"experiment_ids": ["1", "2", "3", "4"], "max_results": 100})["runs"]}
    assert set(found) == {key for key, run in wanted.items() if run[3] == "active"}
    there, here = wanted[run_id], found[run_id]
    assert {pair["key"]: pair["value"] for pair in here["data"]["params"]} == there[7]
    metrics = {metric["key"]: metric["value"] for metric in here["data"]["metrics"]}
    assert metrics["loss"] == float(there[9]["loss"]) and "odd" not in metrics, "pandas writes NaN and nothing alike"
    assert (here["info"]["run_name"], here["info"]["status"], here["info"]["start_time"], here["info"]["end_time"]) == ("first", "FINISHED", there[4], there[5])
    # The other forms say the same runs under the same ids; only pandas rounds the numbers of its JSON to ten digits.
    for name in ("columns.json", "records.json", "lines.jsonl"):
        server.cli("import", tmp_path / name, "--state", tmp_path / "state")
    more = server.post("/api/2.0/mlflow/runs/search", {"experiment_ids": ["1", "2", "3", "4"], "max_results": 100})["runs"]
    assert {item["info"]["run_id"] for item in more} == set(found)
    (tmp_path / "wrong.csv").write_text("run_id,metrics.loss\na1,0.5\na2,low\n")
    wrong = run("import", tmp_path / "wrong.csv", "--dry-run", cwd=tmp_path)
    assert wrong.returncode == 1 and "line 3, column `metrics.loss`" in wrong.stderr


def test_a_script_that_logs_offline_is_synced_while_it_runs_and_after_its_end(server: Jidoka, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/offline.db"
    script = """
import sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("offline")
with mlflow.start_run(run_name="long") as started:
    for step in range(200):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
        if step == 100:
            print(started.info.run_id, flush=True)
            sys.stdin.readline()
"""
    process = subprocess.Popen(
        [str(MLFLOW), "-W", "ignore", "-c", script, uri], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **SETTINGS}
    )
    try:
        run_id = process.stdout.readline().strip()
        first = server.cli("sync", tmp_path / "offline.db", "--state", tmp_path / "state")
        assert first["points"] == 101
        assert server.get("/api/2.0/mlflow/runs/get", run_id=run_id)["run"]["info"]["status"] == "RUNNING"
        process.stdin.write("on\n")
        process.stdin.flush()
        assert process.wait(120) == 0
    finally:
        process.kill()
    server.cli("sync", tmp_path / "offline.db", "--state", tmp_path / "state")
    points = server.get("/api/2.0/mlflow/metrics/get-history", run_id=run_id, metric_key="loss")["metrics"]
    assert sorted(point["step"] for point in points) == list(range(200)), "each point once"
    assert server.get("/api/2.0/mlflow/runs/get", run_id=run_id)["run"]["info"]["status"] == "FINISHED"
