"""Runs that the unmodified W&B client logged offline come in by `jidoka import`, also while they grow, and exactly once."""

import math
import os
import shutil
import subprocess
from pathlib import Path

import mlflow
from mlflow import MlflowClient

from jidoka import Jidoka, run

PYTHON = Path(__file__).resolve().parent.parent / ".cache" / "venv-wandb" / "bin" / "python"

SCRIPT = """
import sys
import numpy as np
import wandb

run = wandb.init(
    project="prices", name="first", group="night", tags=["a", "b"], notes="how it went", job_type="train",
    config={"lr": 0.1, "net": {"depth": 3, "act": "relu"}, "layers": [1, 2]},
)
for step in range(50):
    run.log({"loss": 1 / (step + 1), "val": {"acc": step / 100}, "text": "not a number"} | ({"late": step} if step > 45 else {}))
run.log({"image": wandb.Image(np.zeros((4, 4, 3), dtype=np.uint8)), "odd (%)": 7, "flag": True, "nan": float("nan")})
run.summary["best"] = 0.9
run.summary["verdict"] = "good"
open("notes.txt", "w").write("hello")
run.save("notes.txt")
run.finish(exit_code=int(sys.argv[1]))
"""


def log(folder: Path, exit_code: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    variables = {**os.environ, "WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_DIR": str(folder), "HOME": str(folder)}
    done = subprocess.run([str(PYTHON), "-c", SCRIPT, str(exit_code)], cwd=folder, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    (found,) = (folder / "wandb").glob("offline-run-*/run-*.wandb")
    return found


def test_an_offline_run_comes_in_whole_and_once(server: Jidoka, tmp_path: Path) -> None:
    file = log(tmp_path / "job")
    state = ("--state", tmp_path / "state")
    preview = server.cli("import", tmp_path / "job" / "wandb", "--dry-run")
    assert preview["runs"] == 1 and preview["experiments"] == 1
    counts = server.cli("import", tmp_path / "job", *state)
    assert counts["runs"] == 1 and counts["files"] >= 2 and any("no numbers" in remark for remark in counts["remarks"])
    client = MlflowClient(server.url)
    run_id = file.stem.removeprefix("run-")
    found = client.get_run(run_id)
    assert client.get_experiment(found.info.experiment_id).name == "prices"
    assert (found.info.run_name, found.info.status) == ("first", "FINISHED")
    assert found.data.params == {"lr": "0.1", "net.depth": "3", "net.act": "relu", "layers": "[1,2]"}
    tags = found.data.tags
    assert tags["wandb.group"] == "night" and tags["wandb.tags"] == "a,b" and tags["mlflow.note.content"] == "how it went"
    assert tags["wandb.summary.verdict"] == "good"
    losses = client.get_metric_history(run_id, "loss")
    assert [(point.step, point.value) for point in losses] == [(step, 1 / (step + 1)) for step in range(50)]
    assert [point.step for point in client.get_metric_history(run_id, "late")] == [46, 47, 48, 49]
    assert found.data.metrics["val.acc"] == 0.49 and found.data.metrics["best"] == 0.9 and found.data.metrics["flag"] == 1
    assert math.isnan(found.data.metrics["nan"]) and found.data.metrics["odd ___"] == 7
    assert any(key.startswith("system/") for key in found.data.metrics), "system statistics"
    mlflow.set_tracking_uri(server.url)
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes.txt") == "hello"
    assert client.list_artifacts(run_id, "media/images")[0].path.endswith(".png")
    again = server.cli("import", tmp_path / "job", *state)
    assert again["runs"] == 0 and again["points"] == 0


def test_a_run_that_is_still_written_grows_and_a_damaged_one_is_refused(server: Jidoka, tmp_path: Path) -> None:
    file = log(tmp_path / "job", exit_code=3)
    whole = file.read_bytes()
    run_id = file.stem.removeprefix("run-")
    client = MlflowClient(server.url)
    state = ("--state", tmp_path / "state")
    torn = tmp_path / "torn" / "offline-run-1"
    shutil.copytree(file.parent, torn)
    (torn / file.name).write_bytes(whole[: len(whole) * 2 // 3])
    server.cli("sync", tmp_path / "torn", *state)
    found = client.get_run(run_id)
    assert found.info.status == "RUNNING"
    before = len(client.get_metric_history(run_id, "loss"))
    assert 0 < before < 50
    (torn / file.name).write_bytes(whole)
    server.cli("sync", tmp_path / "torn", *state)
    assert client.get_run(run_id).info.status == "FAILED"
    assert len(client.get_metric_history(run_id, "loss")) == 50
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    (torn / file.name).write_bytes(bytes(damaged))
    refused = run("import", tmp_path / "torn", "--state", tmp_path / "other", cwd=tmp_path, JIDOKA_URL=server.url)
    assert refused.returncode == 1 and "is damaged at byte" in refused.stderr
