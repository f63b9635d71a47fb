"""`jidoka up` in an empty folder: quick, light, and it ends cleanly."""

import signal
import time
from pathlib import Path

import pytest
import requests

from jidoka import Jidoka, run


def test_health_answers_in_under_a_second_and_idle_is_light(tmp_path: Path) -> None:
    """The best of three starts, because other work on the machine only ever makes it slower."""
    times = []
    for attempt in range(3):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        server = Jidoka(folder)
        times.append(server.start())
        try:
            assert requests.get(server.url + "/health", timeout=5).text == "OK"
            time.sleep(1)
            assert server.resident_megabytes() < 100
        finally:
            assert server.stop() == 0, server.log_tail()
    assert min(times) < 1.0, times


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_signal_ends_it_cleanly(tmp_path: Path, how: int) -> None:
    server = Jidoka(tmp_path)
    server.start()
    assert server.stop(how) == 0, server.log_tail()
    # What was there is there again.
    server.start()
    kinds = [event["kind"] for event in server.listed("/api/v1/events", "events", limit=100)]
    assert kinds.count("server.started") == 2 and kinds.count("server.stopped") == 1
    assert server.stop() == 0


def test_requests_under_way_are_answered_before_it_ends(tmp_path: Path) -> None:
    server = Jidoka(tmp_path)
    server.start()
    created = requests.post(server.url + "/api/2.0/mlflow/experiments/create", json={"name": "last"}, timeout=5)
    assert created.status_code == 200, created.text
    assert server.stop() == 0
    server.start()
    found = server.get("/api/2.0/mlflow/experiments/get-by-name", experiment_name="last")
    assert found["experiment"]["experiment_id"] == created.json()["experiment_id"]
    assert server.stop() == 0


def test_doctor_and_version_need_no_server(tmp_path: Path) -> None:
    assert run("version", cwd=tmp_path).returncode == 0
    doctor = run("doctor", cwd=tmp_path)
    assert "duckdb" in doctor.stdout.lower() and "onnx" in doctor.stdout.lower(), doctor.stdout + doctor.stderr
