"""What is measured: each function drives one running server and gives figures. Answers are checked before they count."""

import hashlib
import http.client
import json
import os
import subprocess
import threading
import time
from pathlib import Path

import bench
import preload
import wire
from wire import API, Connection

MEGABYTES = 100


def spread(latencies: list[float], wall: float, cpu: float, each: int = 1) -> dict:
    return {
        "requests": len(latencies), "per_second": each * len(latencies) / wall, "p50_ms": 1e3 * bench.quantile(latencies, 0.5),
        "p99_ms": 1e3 * bench.quantile(latencies, 0.99), "server_cores": cpu / wall,
    }  # fmt: skip


def repeat(server: bench.Server, width: int, seconds: float, work) -> tuple[list[float], float, float]:
    """`work(connection, index, number)` again and again on each of `width` connections; it yields the seconds of each request."""
    until, taken = time.perf_counter() + seconds, [[] for _ in range(width)]
    failed: list[BaseException] = []

    def loop(index: int) -> None:
        try:
            connection, number = Connection(server.port), 0
            while time.perf_counter() < until:
                taken[index].extend(work(connection, index, number))
                number += 1
        except BaseException as error:
            failed.append(error)

    cpu, begun = server.cpu_seconds(), time.perf_counter()
    threads = [threading.Thread(target=loop, args=(index,)) for index in range(width)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - begun
    if failed:
        raise SystemExit(f"error: {failed[0]}")
    return [value for values in taken for value in values], wall, server.cpu_seconds() - cpu


def timed(call, *arguments) -> float:
    begun = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - begun


def logging(server: bench.Server, seconds: float, make, keys: list[str], each: int, per_key: int = 1) -> dict:
    """One kind of logging request on one connection: `each` metrics, `per_key` of each key. The points of `keys` are counted afterwards."""
    path = f"{API}/runs/log-batch" if each > 1 else f"{API}/runs/log-metric"
    warming, run = (wire.new_run(Connection(server.port)) for _ in range(2))
    for run, length in ((warming, min(1.0, seconds)), (run, seconds)):
        sent = repeat(server, 1, length, lambda connection, _, number: [timed(connection.post, path, make(run, number))])
    wanted = len(sent[0]) * per_key
    # A new connection: the peer closes one that has been idle for as long as a load takes.
    for key in keys:
        if (kept := wire.points(Connection(server.port), run, key)) != wanted:
            raise SystemExit(f"error: {wanted} points of {key} were acknowledged and {kept} are there")
    return spread(*sent, each)


def log_metric(server, seconds):
    return logging(server, seconds, lambda run, number: wire.single(run, "loss", number), ["loss"], 1)


def log_wide(server, seconds):
    return logging(server, seconds, wire.wide, ["m0", "m999"], 1_000)


def log_deep(server, seconds):
    return logging(server, seconds, wire.deep, ["m19"], 1_000, 50)


def mixed(server: bench.Server, seconds: float, clients: int = 8) -> dict:
    """What training and looking on do together: 18 requests a round, 13 of them writes."""

    def work(connection: Connection, index: int, number: int):
        def sent(call, *arguments):
            begun = time.perf_counter()
            answer = call(*arguments)
            taken.append(time.perf_counter() - begun)
            return answer

        taken: list[float] = []
        body = json.dumps({"experiment_id": "0", "start_time": number, "tags": [{"key": "client", "value": str(index)}]}).encode()
        run = json.loads(sent(connection.post, f"{API}/runs/create", body))["run"]["info"]["run_id"]
        params = [{"key": f"p{key}", "value": str(number % 10)} for key in range(5)]
        metrics = [{"key": f"m{key}", "value": key / 7, "timestamp": 1, "step": 0} for key in range(20)]
        sent(connection.post, f"{API}/runs/log-batch", json.dumps({"run_id": run, "metrics": metrics, "params": params}).encode())
        for step in range(10):
            sent(connection.post, f"{API}/runs/log-metric", wire.single(run, "loss", step))
        sent(connection.post, f"{API}/runs/set-tag", json.dumps({"run_id": run, "key": "stage", "value": "done"}).encode())
        sent(connection.get, f"{API}/metrics/get-history?run_id={run}&metric_key=loss")
        sent(connection.get, f"{API}/runs/get?run_id={run}")
        found = {"experiment_ids": ["0"], "filter": f"params.p0 = '{number % 10}' AND metrics.m3 > 0.1", "order_by": ["metrics.m1 DESC"], "max_results": 10}
        sent(connection.post, f"{API}/runs/search", json.dumps(found).encode())
        sent(connection.post, f"{API}/runs/update", json.dumps({"run_id": run, "status": "FINISHED", "end_time": number + 1}).encode())
        kept = json.loads(sent(connection.get, f"{API}/runs/get?run_id={run}"))["run"]
        if len(kept["data"]["metrics"]) != 21 or kept["info"]["status"] != "FINISHED":
            raise SystemExit("error: a run lacks what was acknowledged")
        return taken

    repeat(server, clients, min(1.0, seconds), work)
    return spread(*repeat(server, clients, seconds, work))


def search(server: bench.Server, times: int) -> dict:
    """Page of 100 of the preloaded runs, by filter and order."""
    connection = Connection(server.port)
    body = json.dumps({"experiment_ids": ["0"], "filter": preload.FILTER, "order_by": preload.ORDER, "max_results": 100}).encode()
    names = [run["info"]["run_name"] for run in json.loads(connection.post(f"{API}/runs/search", body))["runs"]]
    latencies = [timed(connection.post, f"{API}/runs/search", body) for _ in range(times)]
    return {"p50_ms": 1e3 * bench.quantile(latencies, 0.5), "p99_ms": 1e3 * bench.quantile(latencies, 0.99), "names": names}


def history(server: bench.Server, times: int) -> dict:
    """100,000 points of one metric in one answer."""
    connection, path = Connection(server.port), f"{API}/metrics/get-history?run_id={preload.run_id(-1)}&metric_key=long"
    answer = connection.get(path)
    if (count := len(json.loads(answer)["metrics"])) != preload.HISTORY:
        raise SystemExit(f"error: {count} points of {preload.HISTORY}")
    latencies = [timed(connection.get, path) for _ in range(times)]
    return {"p50_ms": 1e3 * bench.quantile(latencies, 0.5), "megabytes": len(answer) / 1e6}


def artifacts(server: bench.Server, times: int) -> dict:
    """100 MB up through the proxy and down again; other bytes each time."""
    ups, downs = [], []
    memory = server.resident_megabytes()
    for number in range(times):
        content = os.urandom(1 << 20) * MEGABYTES
        content = number.to_bytes(4, "big") + content[4:]
        path = f"/api/2.0/mlflow-artifacts/artifacts/0/bench/artifacts/big{number}.bin"
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
        begun = time.perf_counter()
        connection.request("PUT", path, content)
        answer = connection.getresponse()
        answer.read()
        ups.append(time.perf_counter() - begun)
        if answer.status != 200:
            raise SystemExit(f"error: PUT answered {answer.status}")
        begun, digest = time.perf_counter(), hashlib.sha1()
        connection.request("GET", path)
        answer = connection.getresponse()
        received = []
        while piece := answer.read(1 << 20):
            received.append(piece)
        downs.append(time.perf_counter() - begun)
        for piece in received:
            digest.update(piece)
        if digest.digest() != hashlib.sha1(content).digest():
            raise SystemExit("error: other bytes came back")
    size = (1 << 20) * MEGABYTES / 1e6
    highest = server.highest_megabytes()
    return {
        "up_megabytes_per_second": size / bench.quantile(ups, 0.5), "down_megabytes_per_second": size / bench.quantile(downs, 0.5),
        "memory_before_megabytes": memory, "memory_highest_megabytes": highest,
    }  # fmt: skip


def large_artifact(server: bench.Server, gigabytes: float) -> dict:
    """One file up and down again, made and compared piece by piece, so that the load has no memory of its own to speak of."""
    piece, count = bytearray(os.urandom(1 << 20)), int(gigabytes * 1e9) >> 20
    path = "/api/2.0/mlflow-artifacts/artifacts/0/bench/artifacts/large.bin"

    def numbered(number: int) -> bytes:
        piece[:8] = number.to_bytes(8, "big")
        return bytes(piece)

    before = server.resident_megabytes()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    begun = time.perf_counter()
    connection.request("PUT", path, (numbered(number) for number in range(count)), {"Content-Length": str(count << 20)})
    answer = connection.getresponse()
    answer.read()
    up, memory_up = time.perf_counter() - begun, server.highest_megabytes()
    if answer.status != 200:
        raise SystemExit(f"error: PUT answered {answer.status}")
    begun = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    for number in range(count):
        if answer.read(1 << 20) != numbered(number):
            raise SystemExit(f"error: other bytes came back in MiB {number}")
    if answer.read(1):
        raise SystemExit("error: more bytes came back")
    down, size = time.perf_counter() - begun, (count << 20) / 1e6
    return {
        "megabytes": size, "up_megabytes_per_second": size / up, "down_megabytes_per_second": size / down,
        "memory_before_megabytes": before, "memory_up_megabytes": memory_up, "memory_highest_megabytes": server.highest_megabytes(),
    }  # fmt: skip


CLIENT = """
import sys, time, mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("loop")
begun = time.perf_counter()
for number in range(int(sys.argv[2])):
    with mlflow.start_run():
        mlflow.log_param("number", number)
        mlflow.log_param("depth", 5)
        for step in range(20):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
print(time.perf_counter() - begun)
"""


def client(server: bench.Server, runs: int) -> dict:
    """The `mlflow` client's own loop: runs with 2 params and 20 metrics, one call each."""
    python = bench.ROOT / ".venv-test/bin/python"
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    done = subprocess.run(
        [str(python), "-c", CLIENT, f"http://127.0.0.1:{server.port}", str(runs)], capture_output=True, text=True, env=environment, cwd=Path("/")
    )
    if done.returncode:
        raise SystemExit(f"error: the client failed\n{done.stderr}")
    return {"runs": runs, "seconds": float(done.stdout.splitlines()[-1])}
