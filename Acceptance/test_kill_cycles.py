"""SIGKILL at random moments under eight writers, again and again on one home: what was acknowledged is there, once.

A few cycles run with all tests; JIDOKA_KILL_CYCLES=200 (`make soak-kill`) runs as many as it says.
"""

import itertools
import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import requests

from jidoka import Jidoka

CYCLES = int(os.environ.get("JIDOKA_KILL_CYCLES", "15"))
SEED = int(os.environ.get("JIDOKA_KILL_SEED", "20261127"))
API = "/api/2.0/mlflow"


class Refused(AssertionError):
    pass


class Writer(threading.Thread):
    """One client. It remembers what was acknowledged, and what it had asked for when the server died."""

    def __init__(self, place: int, cycle: int, url: str) -> None:
        super().__init__(daemon=True)
        self.name_ = f"w{place}-c{cycle}"
        self.url = url
        self.work: Callable[[], None] = (self.metrics, self.metrics, self.batches, self.batches, self.params, self.tags, self.artifacts, self.registry)[place]
        self.run_id: str | None = None
        self.asked: dict[tuple, object] = {}
        self.acknowledged: dict[tuple, object] = {}
        self.failure: str | None = None
        self.session = requests.Session()

    def run(self) -> None:
        try:
            made = self.post("runs/create", {"experiment_id": "0", "run_name": self.name_, "start_time": 1})
            self.run_id = made["run"]["info"]["run_id"]
            self.work()
        except requests.RequestException:
            pass
        except Refused as refusal:
            self.failure = str(refusal)

    def send(self, method: str, path: str, **more: object) -> requests.Response:
        answer = self.session.request(method, self.url + path, timeout=30, **more)
        if answer.status_code != 200:
            raise Refused(f"{self.name_} {method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer

    def post(self, path: str, body: dict) -> dict:
        return self.send("POST", f"{API}/{path}", json=body).json()

    def write(self, facts: dict[tuple, object], send: Callable[[], object]) -> None:
        self.asked |= facts
        send()
        self.acknowledged |= facts

    def metrics(self) -> None:
        for step in itertools.count():
            body = {"run_id": self.run_id, "key": "m", "value": step / 3, "timestamp": step, "step": step}
            self.write({("metric", self.run_id, step): step / 3}, lambda body=body: self.post("runs/log-metric", body))

    def batches(self) -> None:
        for batch in itertools.count():
            steps = range(batch * 50, batch * 50 + 50)
            # So many keys that the points arrive first and are sorted later.
            others = [{"key": f"w{i}", "value": batch, "timestamp": batch, "step": batch} for i in range(20)]
            body = {
                "run_id": self.run_id,
                "metrics": [{"key": "m", "value": step / 3, "timestamp": step, "step": step} for step in steps] + others,
                "params": [{"key": f"p{batch}", "value": str(batch)}],
                "tags": [{"key": f"t{batch}", "value": str(batch)}],
            }
            facts: dict[tuple, object] = {("metric", self.run_id, step): step / 3 for step in steps}
            facts |= {("param", self.run_id, f"p{batch}"): str(batch), ("tag", self.run_id, f"t{batch}"): str(batch)}
            self.write(facts, lambda body=body: self.post("runs/log-batch", body))

    def params(self) -> None:
        for i in itertools.count():
            body = {"run_id": self.run_id, "key": f"p{i}", "value": str(i)}
            self.write({("param", self.run_id, f"p{i}"): str(i)}, lambda body=body: self.post("runs/log-parameter", body))

    def tags(self) -> None:
        for i in itertools.count():
            body = {"run_id": self.run_id, "key": f"t{i}", "value": str(i)}
            self.write({("tag", self.run_id, f"t{i}"): str(i)}, lambda body=body: self.post("runs/set-tag", body))

    def artifacts(self) -> None:
        for i in itertools.count():
            content = f"{self.name_} {i} ".encode() * (1 + i % 7 * 4_000)
            path = f"/api/2.0/mlflow-artifacts/artifacts/0/{self.run_id}/artifacts/f{i}.bin"
            self.write({("artifact", path): content}, lambda path=path, content=content: self.send("PUT", path, data=content))

    def registry(self) -> None:
        model = f"model-{self.name_}"
        self.write({("model", model): None}, lambda: self.post("registered-models/create", {"name": model}))
        for i in itertools.count(1):
            body = {"name": model, "source": "dummy-source", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}
            self.write({("version", model, i): None}, lambda body=body: self.post("model-versions/create", body))


def read_back(server: Jidoka, writer: Writer) -> dict[tuple, object]:
    """Everything of this writer that the server holds; a repeated point or version fails here."""
    found: dict[tuple, object] = {}
    if writer.run_id is not None:
        data = server.get(f"{API}/runs/get", run_id=writer.run_id)["run"]["data"]
        found |= {("param", writer.run_id, p["key"]): p["value"] for p in data.get("params", [])}
        found |= {("tag", writer.run_id, t["key"]): t["value"] for t in data.get("tags", []) if not t["key"].startswith("mlflow.")}
        token: str | None = ""
        while token is not None:
            page = server.get(f"{API}/metrics/get-history", run_id=writer.run_id, metric_key="m", max_results=25_000, **({"page_token": token} if token else {}))
            for metric in page.get("metrics", []):
                fact = ("metric", writer.run_id, int(metric.get("step", 0)))
                assert fact not in found, f"{fact} is there twice"
                found[fact] = metric["value"]
            token = page.get("next_page_token") or None
    for fact in writer.asked:
        if fact[0] == "artifact":
            answer = requests.get(server.url + fact[1], timeout=30)
            assert answer.status_code in (200, 404), answer.text
            if answer.status_code == 200:
                found[fact] = answer.content
        elif fact[0] == "model":
            answer = requests.get(f"{server.url}{API}/registered-models/get", params={"name": fact[1]}, timeout=30)
            assert answer.status_code in (200, 404), answer.text
            if answer.status_code == 200:
                found[fact] = None
                page = server.get(f"{API}/model-versions/search", filter=f"name = '{fact[1]}' AND tags.`mlflow.prompt.is_prompt` = 'true'", max_results=10_000)
                versions = [int(one["version"]) for one in page.get("model_versions", [])]
                assert len(versions) == len(set(versions)), versions
                found |= {("version", fact[1], number): None for number in versions}
    return found


def check(server: Jidoka, writers: list[Writer]) -> int:
    for writer in writers:
        found = read_back(server, writer)
        for fact, value in writer.acknowledged.items():
            assert fact in found, f"{fact} was acknowledged and is lost"
            assert found[fact] == value, f"{fact}: {found[fact]!r} is not {value!r}"
        for fact in found:
            assert fact in writer.asked, f"{fact} was never asked for"
        # What was in flight may be there or not, but a batch is there whole or not at all.
        late = {fact for fact in writer.asked if fact not in writer.acknowledged}
        if writer.work == writer.batches:
            assert late.isdisjoint(found) or late <= set(found), f"{writer.name_}: half of a batch"
    return sum(len(writer.acknowledged) for writer in writers)


def check_home(home: Path) -> None:
    connection = sqlite3.connect(f"file:{home / 'jidoka.db'}?mode=ro", uri=True)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()
    left = [place for folder in ("tmp", "objects/tmp") for place in (home / folder).rglob("*") if place.is_file()]
    assert not left, f"temporary objects were left after the start: {left[:5]}"


def test_nothing_acknowledged_is_lost_or_doubled(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    server = Jidoka(tmp_path)
    server.start()
    starts: list[float] = []
    acknowledged = 0
    for cycle in range(CYCLES):
        writers = [Writer(place, cycle, server.url) for place in range(8)]
        for writer in writers:
            writer.start()
        time.sleep(chance.uniform(0.05, 1.2))
        server.kill()
        for writer in writers:
            writer.join(30)
            assert not writer.is_alive() and writer.failure is None, writer.failure
        starts.append(server.start(patience=30))
        acknowledged += check(server, writers)
        check_home(server.home)
    audit = server.get("/api/v1/audit/verify")
    assert audit["valid"] is True, audit
    starts.sort()
    print(
        f"\n{CYCLES} cycles, seed {SEED}: {acknowledged} acknowledged writes, none lost, none doubled; {audit['events']} events in one chain; "
        f"restart median {starts[len(starts) // 2] * 1e3:.0f} ms, worst {starts[-1] * 1e3:.0f} ms"
    )
    assert acknowledged > 100 * CYCLES / 10
    assert starts[-1] < 10
    assert server.stop() == 0, server.log_tail()
