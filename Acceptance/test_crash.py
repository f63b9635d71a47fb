"""SIGKILL in the middle of everything: what was acknowledged is there after the restart."""

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from deployment import LINE, Deployment, deploy, write_line
from jidoka import Jidoka

# A prediction is written to its log a moment after the answer (labels and metrics are durable when they are answered).
FLUSH_SECONDS = 3.0
STORM_SECONDS = 8.0


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployment]:
    server = Jidoka(write_line(tmp_path))
    server.start()
    yield deploy(server, LINE)
    with contextlib.suppress(AssertionError):
        server.stop()


class Storm:
    """Clients that write at the same time and remember what was acknowledged."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.url = deployment.server.url
        self.points: dict[str, list[tuple[int, float]]] = {}
        self.params: list[tuple[str, str]] = []
        self.predicted: list[tuple[str, float]] = []
        self.labelled: dict[str, int] = {}
        self.refused: list[str] = []
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self) -> None:
        for work in (self._log_metrics, self._log_metrics, self._log_batches, self._predict, self._predict, self._label):
            thread = threading.Thread(target=self._until_over, args=(work,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def _until_over(self, work: Callable[[requests.Session, Callable[[], bool]], None]) -> None:
        try:
            with requests.Session() as session:
                work(session, self._over.is_set)
        except requests.RequestException:
            # The server is gone: nothing was acknowledged by this request.
            pass

    def _create_run(self, session: requests.Session) -> str:
        answer = session.post(f"{self.url}/api/2.0/mlflow/runs/create", json={"experiment_id": "0", "start_time": 1}, timeout=10)
        answer.raise_for_status()
        return answer.json()["run"]["info"]["run_id"]

    def _acknowledged(self, answer: requests.Response) -> bool:
        if answer.status_code != 200:
            self.refused.append(f"{answer.request.path_url}: {answer.status_code} {answer.text[:200]}")
        return answer.status_code == 200

    def _log_metrics(self, session: requests.Session, over: Callable[[], bool]) -> None:
        run = self._create_run(session)
        points = self.points.setdefault(run, [])
        for step in itertools.count():
            if over():
                return
            body = {"run_id": run, "key": "m", "value": step / 3, "timestamp": step, "step": step}
            if self._acknowledged(session.post(f"{self.url}/api/2.0/mlflow/runs/log-metric", json=body, timeout=10)):
                points.append((step, step / 3))

    def _log_batches(self, session: requests.Session, over: Callable[[], bool]) -> None:
        run = self._create_run(session)
        points = self.points.setdefault(run, [])
        for batch in itertools.count():
            if over():
                return
            steps = range(batch * 100, batch * 100 + 100)
            metrics = [{"key": "m", "value": step / 3, "timestamp": step, "step": step} for step in steps]
            body = {"run_id": run, "metrics": metrics, "params": [{"key": f"p{batch}", "value": str(batch)}]}
            if self._acknowledged(session.post(f"{self.url}/api/2.0/mlflow/runs/log-batch", json=body, timeout=10)):
                points += [(step, step / 3) for step in steps]
                self.params.append((run, f"p{batch}"))

    def _predict(self, session: requests.Session, over: Callable[[], bool]) -> None:
        row = self.deployment.rows[:1]
        tensor = {"name": "features", "datatype": "FP32", "shape": [1, 4], "data": row.ravel().tolist()}
        while not over():
            answer = session.post(f"{self.url}/v2/models/{LINE}/infer", json={"inputs": [tensor]}, timeout=10)
            if self._acknowledged(answer):
                self.predicted.append((answer.headers["x-jidoka-prediction-id"], time.monotonic()))

    def _label(self, session: requests.Session, over: Callable[[], bool]) -> None:
        """Labels arrive for predictions that are a while old."""
        done = 0
        while not over():
            old = [prediction for prediction, at in self.predicted[done : done + 50] if time.monotonic() - at > FLUSH_SECONDS]
            if not old:
                time.sleep(0.05)
                continue
            labels = [{"prediction_id": prediction, "label": place % 3} for place, prediction in enumerate(old)]
            answer = session.post(f"{self.url}/api/v1/labels", json={"labels": labels}, timeout=10)
            if self._acknowledged(answer) and answer.json()["accepted"] == len(labels):
                self.labelled |= {label["prediction_id"]: label["label"] for label in labels}
            done += len(old)


def test_nothing_acknowledged_is_lost(deployed: Deployment) -> None:
    server = deployed.server
    version = server.cli("data", "add", "flowers", "flowers.parquet")
    run = server.post("/api/v1/pipeline/runs", {"params": {"seconds": "20"}, "reason": "to be interrupted", "actor": "user:acceptance"})
    until(lambda: step(server, run["id"], "wait")["status"] == "running", "the step runs")
    storm = Storm(deployed)
    storm.begin()
    time.sleep(STORM_SECONDS)
    killed_at = time.monotonic()
    server.kill()
    storm.end()
    assert not storm.refused, storm.refused[:5]
    assert sum(map(len, storm.points.values())) > 100 and len(storm.predicted) > 100 and len(storm.labelled) > 50

    took = server.start()
    assert took < 5, f"up again after {took:.1f} s"
    check_points(server, storm)
    for prediction, label in list(storm.labelled.items())[:300]:
        found = server.get(f"/api/v1/predictions/{prediction}")
        assert float(label_of(found)) == label, found
    old = [prediction for prediction, at in storm.predicted if killed_at - at > FLUSH_SECONDS]
    for prediction in old[:: max(1, len(old) // 200)]:
        server.get(f"/api/v1/predictions/{prediction}")
    versions = server.listed("/api/v1/datasets/flowers/versions", "versions")
    assert version["digest"] in [one["digest"] for one in versions]
    assert str(server.get(f"/api/v1/endpoints/{LINE}")["champion"]) == deployed.version
    answer = requests.post(f"{server.url}/v1/models/{LINE}:predict", json={"instances": deployed.rows[:3].tolist()}, timeout=30)
    assert [one["label"] for one in answer.json()["predictions"]] == deployed.wanted(deployed.rows[:3])[0].tolist()
    check_pipeline_run(server, run["id"])
    assert server.get("/api/v1/audit/verify")["valid"] is True
    assert server.stop() == 0, server.log_tail()


def check_points(server: Jidoka, storm: Storm) -> None:
    for run, points in storm.points.items():
        read, token = [], ""
        while token is not None:
            page = server.get(
                "/api/2.0/mlflow/metrics/get-history",
                run_id=run,
                metric_key="m",
                max_results=25_000,
                **({"page_token": token} if token else {}),
            )
            read += [(int(metric.get("step", 0)), metric["value"]) for metric in page.get("metrics", [])]
            token = page.get("next_page_token") or None
        missing = set(points) - set(read)
        assert not missing, f"{len(missing)} of {len(points)} acknowledged points are missing, for example {sorted(missing)[:3]}"
    for run, key in storm.params:
        params = server.get("/api/2.0/mlflow/runs/get", run_id=run)["run"]["data"]["params"]
        assert key in {param["key"] for param in params}


def check_pipeline_run(server: Jidoka, identity: str) -> None:
    """Taken up again and ended well, or failed with its reason."""

    def ended() -> bool:
        return server.get(f"/api/v1/pipeline/runs/{identity}")["status"] in ("succeeded", "failed", "cancelled")

    until(ended, "the interrupted run ends", 90)
    run = server.get(f"/api/v1/pipeline/runs/{identity}")
    kinds = [
        event["kind"]
        for event in server.listed("/api/v1/events", "events", limit=500)
        if event["subject"] == {"type": "pipeline_run", "id": identity}
    ]
    # The step leaves no model, so that a run which was taken up may also end there: either way it says why.
    assert "pipeline_run.resumed" in kinds or run["error"], (run, kinds)
    assert run["status"] == "succeeded" or run["error"], run
    assert step(server, identity, "wait")["status"] in ("succeeded", "failed", "cancelled"), run


def label_of(prediction: dict) -> object:
    label = prediction["label"]
    return label["value"] if isinstance(label, dict) else label


def step(server: Jidoka, run: str, name: str) -> dict:
    return next(one for one in server.get(f"/api/v1/pipeline/runs/{run}")["steps"] if one["name"] == name)


def until(holds: Callable[[], bool], what: str, patience: float = 30) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, f"not within {patience:.0f} s: {what}"
        time.sleep(0.05)


@pytest.mark.parametrize("attempt", range(3))
def test_killed_while_it_starts(tmp_path: Path, attempt: int) -> None:
    """A start that was cut short leaves a home that the next start can use."""
    server = Jidoka(tmp_path)
    with contextlib.suppress(AssertionError):
        server.start(patience=0.02 * attempt)
    server.process.kill()
    server.process.wait()
    assert server.start() < 5
    assert server.get("/api/v1/audit/verify")["valid"] is True
    assert server.stop() == 0
