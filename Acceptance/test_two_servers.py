"""Two servers on one PostgreSQL database, written to at the same moment, one of them killed in the middle."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from jidoka import Jidoka, run
from postgres import Postgres

API = "/api/2.0/mlflow"
SECONDS = 4.0


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture
def pair(postgres: Postgres, tmp_path: Path) -> Iterator[list[Jidoka]]:
    address = postgres.database("pair")
    servers = []
    for name in ("one", "two"):
        project = tmp_path / name
        project.mkdir()
        servers.append(Jidoka(project, JIDOKA_BACKEND_STORE=address))
    starts = [threading.Thread(target=server.start) for server in servers]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    yield servers
    for server in servers:
        server.stop()


def post(server: Jidoka, path: str, body: dict) -> requests.Response:
    return requests.post(server.url + API + path, json=body, timeout=30)


def both(servers: list[Jidoka], path: str, body: dict) -> list[requests.Response]:
    """The same request to both at the same moment."""
    answers: list[requests.Response | None] = [None, None]
    gate = threading.Barrier(2)

    def ask(index: int) -> None:
        gate.wait()
        answers[index] = post(servers[index], path, body)

    threads = [threading.Thread(target=ask, args=(index,)) for index in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def events(server: Jidoka, kind: str) -> list[dict]:
    return server.listed("/api/v1/events", "events", kind=kind, limit=1000)


def test_writers_on_both_servers_agree_and_a_killed_leader_is_replaced(pair: list[Jidoka]) -> None:
    # One name makes one experiment, whoever was first.
    for index in range(10):
        answers = both(pair, "/experiments/create", {"name": f"race-{index}"})
        assert sorted(answer.status_code for answer in answers) == [200, 400], [answer.text for answer in answers]
        loser = next(answer for answer in answers if answer.status_code == 400)
        assert loser.json()["error_code"] == "RESOURCE_ALREADY_EXISTS"
    experiment = requests.get(
        pair[1].url + API + "/experiments/get-by-name", params={"experiment_name": "race-0"}, timeout=10
    ).json()["experiment"]["experiment_id"]
    info = post(pair[0], "/runs/create", {"experiment_id": experiment}).json()["run"]["info"]
    run_id = info["run_id"]
    version = {"name": "model", "run_id": run_id, "source": info["artifact_uri"] + "/model"}

    # A param is written once: of two values one stays.
    for index in range(10):
        key = f"p{index}"
        gate = threading.Barrier(2)
        statuses: list[tuple[int, int]] = []

        def log(value: int, key: str = key, gate: threading.Barrier = gate, statuses: list = statuses) -> None:
            gate.wait()
            answer = post(pair[value], "/runs/log-parameter", {"run_id": run_id, "key": key, "value": str(value)})
            statuses.append((answer.status_code, value))

        threads = [threading.Thread(target=log, args=(value,)) for value in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(status for status, _ in statuses) == [200, 400]
        kept = next(str(value) for status, value in statuses if status == 200)
        params = requests.get(pair[1].url + API + "/runs/get", params={"run_id": run_id}, timeout=10).json()["run"]["data"]["params"]
        assert {"key": key, "value": kept} in params

    # Metrics and versions from four threads on each server; the first is killed in the middle.
    assert post(pair[0], "/registered-models/create", {"name": "model"}).status_code == 200
    acknowledged: set[tuple[int, int]] = set()
    versions: list[int] = []
    failures: list[str] = []
    lock = threading.Lock()
    end = time.monotonic() + SECONDS

    def write(server: Jidoka, thread: int) -> None:
        step = 0
        while time.monotonic() < end:
            step += 1
            try:
                point = {"run_id": run_id, "key": f"m{thread}", "value": step, "timestamp": step, "step": step}
                answer = post(server, "/runs/log-metric", point)
                made = post(server, "/model-versions/create", version) if step % 5 == 0 else None
            except requests.RequestException:
                if server is pair[0]:
                    return
                raise
            with lock:
                if answer.status_code == 200:
                    acknowledged.add((thread, step))
                else:
                    failures.append(answer.text)
                if made is not None:
                    if made.status_code == 200:
                        versions.append(int(made.json()["model_version"]["version"]))
                    else:
                        failures.append(made.text)

    threads = [threading.Thread(target=write, args=(pair[index % 2], index)) for index in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(SECONDS / 2)
    pair[0].kill()
    for thread in threads:
        thread.join()
    assert not failures, failures[:3]
    assert len({thread for thread, _ in acknowledged}) == 8

    stored = set()
    for thread in range(8):
        history = requests.get(
            pair[1].url + API + "/metrics/get-history", params={"run_id": run_id, "metric_key": f"m{thread}"}, timeout=30
        ).json()["metrics"]
        stored |= {(thread, int(point["step"])) for point in history}
    assert acknowledged <= stored
    assert len(versions) == len(set(versions)), "a version was given twice"
    found = requests.get(pair[1].url + API + "/model-versions/search", params={"filter": "name = 'model'", "max_results": 10000}, timeout=30)
    numbers = sorted(int(each["version"]) for each in found.json()["model_versions"])
    assert numbers == list(range(1, len(numbers) + 1)), "version numbers have gaps"
    assert set(versions) <= set(numbers)

    # The survivor leads within seconds, and the record is whole.
    deadline = time.monotonic() + 15
    while not any(event["subject"]["id"] == str(pair[1].home) for event in events(pair[1], "server.elected")):
        assert time.monotonic() < deadline, "nobody took over"
        time.sleep(0.2)
    assert pair[1].cli("audit", "verify")["valid"]
    pair[0].start()
    assert pair[0].cli("audit", "verify")["valid"]
    checked = pair[0].cli("db", "check", "--backend-store", pair[0].variables["JIDOKA_BACKEND_STORE"])
    assert checked["valid"] and checked["rows"]["experiments"] == 11


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    done = run("up", "--port", "0", "--backend-store", "postgresql://ann:s3cret-word@127.0.0.1:1/none", cwd=tmp_path)
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert "s3cret-word" not in done.stdout + done.stderr
