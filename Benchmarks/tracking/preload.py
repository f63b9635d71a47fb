"""Fills a server's SQLite database with runs while the server is stopped: the same runs for both servers.

Over REST the peer would take hours. Both servers have made their tables themselves before; here are only rows.
"""

import hashlib
import random
import sqlite3
from pathlib import Path

KEYS = 10
START = 1_700_000_000_000
# One run in eight: half of the values of m0, one of four values of p1.
FILTER = "metrics.m0 > 0.5 AND params.p1 = '3'"
ORDER = ["metrics.m1 DESC"]
BLOCK = 2_000
# Points of the metric `long` of one more run, -1, beside the others.
HISTORY = 100_000


def run_id(number: int) -> str:
    return hashlib.md5(f"run {number}".encode()).hexdigest()


class Runs:
    """Runs `first` up to `first + count` with 10 params, 10 metrics of `points` points each and 3 tags; the same for the same seed."""

    def __init__(self, count: int, points: int = 1, seed: int = 7) -> None:
        self.count, self.points, self.seed = count, points, seed

    def history(self):
        chance = random.Random(self.seed)
        return [(step, round(chance.random(), 6)) for step in range(HISTORY)]

    def __iter__(self):
        chance = random.Random(self.seed)
        for number in range(self.count):
            params = [(f"p{key}", str(number % 4) if key == 1 else str(chance.randrange(50)) if key % 2 else f"choice {chance.randrange(20)}") for key in range(KEYS)]
            series = [(f"m{key}", [round(chance.random(), 6) for _ in range(self.points)]) for key in range(KEYS)]
            tags = [("mlflow.runName", f"run-{number}"), ("mlflow.user", f"user{number % 7}"), ("mlflow.source.name", "train.py")]
            yield number, run_id(number), params, series, tags


def blocks(runs: Runs):
    block = []
    for run in runs:
        block.append(run)
        if len(block) == BLOCK:
            yield block
            block = []
    if block:
        yield block


def connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript("PRAGMA journal_mode; PRAGMA synchronous=OFF; PRAGMA cache_size=-200000;")
    return database


def jidoka(path: Path, runs: Runs) -> None:
    database = connect(path)
    first = database.execute("SELECT coalesce(max(number), 0) + 1 FROM runs").fetchone()[0]
    series = database.execute("SELECT coalesce(max(series), 0) + 1 FROM metric_series").fetchone()[0]
    for block in blocks(runs):
        database.execute("BEGIN")
        rows = {"runs": [], "params": [], "tags": [], "metric_series": [], "metric_points": []}
        for number, identifier, params, metrics, tags in block:
            run, start = first + number, START + number * 1_000
            rows["runs"].append((run, identifier, 0, f"run-{number}", f"user{number % 7}", "FINISHED", start, start + 900, f"mlflow-artifacts:/0/{identifier}/artifacts", "active"))
            rows["params"] += [(run, key, value, float(value) if value.isdigit() else None) for key, value in params]
            rows["tags"] += [(run, key, value) for key, value in tags]
            for key, values in metrics:
                last = len(values) - 1
                rows["metric_series"].append((series, run, key, values[-1], 0, start + last, last))
                rows["metric_points"] += [(series, start + step, step, value, 0) for step, value in enumerate(values)]
                series += 1
        many(database, "runs", "number, id, experiment, name, user_id, status, start_time, end_time, artifact_uri, lifecycle", rows["runs"])
        many(database, "params", "run, key, value, number", rows["params"])
        many(database, "tags", "run, key, value", rows["tags"])
        many(database, "metric_series", "series, run, key, value, is_nan, timestamp, step", rows["metric_series"])
        many(database, "metric_points", "series, timestamp, step, value, is_nan", rows["metric_points"])
        database.execute("COMMIT")
    database.execute("BEGIN")
    points = runs.history()
    run, (last, value) = first + runs.count, points[-1]
    many(
        database, "runs", "number, id, experiment, name, user_id, status, start_time, artifact_uri, lifecycle",
        [(run, run_id(-1), 0, "long", "", "RUNNING", START, "mlflow-artifacts:/0/long/artifacts", "active")],
    )  # fmt: skip
    many(database, "metric_series", "series, run, key, value, is_nan, timestamp, step", [(series, run, "long", value, 0, START + last, last)])
    many(database, "metric_points", "series, timestamp, step, value, is_nan", [(series, START + step, step, value, 0) for step, value in points])
    database.execute("COMMIT")
    close(database)


def mlflow(path: Path, runs: Runs) -> None:
    database = connect(path)
    for block in blocks(runs):
        database.execute("BEGIN")
        rows = {"runs": [], "params": [], "tags": [], "latest_metrics": [], "metrics": []}
        for number, identifier, params, metrics, tags in block:
            start = START + number * 1_000
            rows["runs"].append(
                (identifier, f"run-{number}", "LOCAL", "train.py", "", f"user{number % 7}", "FINISHED", start, start + 900, "", "active", f"mlflow-artifacts:/0/{identifier}/artifacts", 0)
            )  # fmt: skip
            rows["params"] += [(key, value, identifier) for key, value in params]
            rows["tags"] += [(key, value, identifier) for key, value in tags]
            for key, values in metrics:
                last = len(values) - 1
                rows["latest_metrics"].append((key, values[-1], start + last, last, 0, identifier))
                rows["metrics"] += [(key, value, start + step, step, 0, identifier) for step, value in enumerate(values)]
        many(
            database, "runs",
            "run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, source_version, lifecycle_stage, artifact_uri, experiment_id",
            rows["runs"],
        )  # fmt: skip
        many(database, "params", "key, value, run_uuid", rows["params"])
        many(database, "tags", "key, value, run_uuid", rows["tags"])
        many(database, "latest_metrics", "key, value, timestamp, step, is_nan, run_uuid", rows["latest_metrics"])
        many(database, "metrics", "key, value, timestamp, step, is_nan, run_uuid", rows["metrics"])
        database.execute("COMMIT")
    database.execute("BEGIN")
    points, identifier = runs.history(), run_id(-1)
    last, value = points[-1]
    many(
        database, "runs", "run_uuid, name, user_id, status, start_time, lifecycle_stage, artifact_uri, experiment_id",
        [(identifier, "long", "", "RUNNING", START, "active", "mlflow-artifacts:/0/long/artifacts", 0)],
    )  # fmt: skip
    many(database, "latest_metrics", "key, value, timestamp, step, is_nan, run_uuid", [("long", value, START + last, last, 0, identifier)])
    rows = [("long", value, START + step, step, 0, identifier) for step, value in points]
    many(database, "metrics", "key, value, timestamp, step, is_nan, run_uuid", rows)
    database.execute("COMMIT")
    close(database)


def many(database: sqlite3.Connection, table: str, columns: str, rows: list[tuple]) -> None:
    marks = ", ".join("?" * len(columns.split(",")))
    database.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


def close(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
