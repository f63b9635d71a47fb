"""Experiments, runs and what is logged to them: lifecycles, limits, names, numbers."""

from differential.pair import Pair

LONG = "x" * 251


def experiments(pair: Pair) -> None:
    pair.get("experiments/get", experiment_id="0", title="Default")
    first = pair.post("experiments/create", {"name": "e-life", "tags": [{"key": "team", "value": "木"}, {"key": "b", "value": ""}]}).keep("experiment_id", "e1")
    pair.get("experiments/get", experiment_id=first)
    pair.get("experiments/get-by-name", experiment_name="e-life")
    pair.post("experiments/create", {"name": "e-life"}, "taken")
    for name in ("", " ", "é" * 500, "é" * 501, "a/b:c", "ünï", 'q"uote', "line\nbreak", "../up", "."):
        pair.post("experiments/create", {"name": name}, f"name {name[:12]!r}")
    for location in ("mlflow-artifacts:/elsewhere", "mlflow-artifacts:/a/../b", "file:///etc", "/etc/passwd", "s3://bucket/a#b", "s3://bucket/x?y=1", "./rel", "http://h/x"):
        pair.post("experiments/create", {"name": f"at {location}", "artifact_location": location}, "location")
    pair.post("experiments/update", {"experiment_id": first, "new_name": "e-life 2"})
    pair.get("experiments/get-by-name", experiment_name="e-life", title="old name")
    pair.post("experiments/update", {"experiment_id": first, "new_name": "Default"}, "taken")
    pair.post("experiments/update", {"experiment_id": "99999", "new_name": "x"}, "unknown")
    for key, value in (("k", "v"), ("k", "w"), ("mlflow.note.content", "n" * 5000), (LONG, "v"), ("long", "v" * 20_001), ("bad\nkey", "v"), ("a//b", "v"), ("", "v"), ("日本", "木")):
        pair.post("experiments/set-experiment-tag", {"experiment_id": first, "key": key, "value": value}, f"tag {key[:10]!r}")
    pair.post("experiments/set-experiment-tag", {"experiment_id": "99999", "key": "k", "value": "v"}, "unknown")
    pair.post("experiments/delete-experiment-tag", {"experiment_id": first, "key": "k"})
    pair.post("experiments/delete-experiment-tag", {"experiment_id": first, "key": "k"}, "twice")
    pair.post("experiments/delete-experiment-tag", {"experiment_id": "99999", "key": "k"}, "unknown")
    pair.get("experiments/get", experiment_id=first)
    run = pair.post("runs/create", {"experiment_id": first, "start_time": 1, "run_name": "in e1"}).keep("run.info.run_id", "e1 run")
    pair.post("experiments/delete", {"experiment_id": first})
    pair.get("experiments/get", experiment_id=first, title="deleted")
    pair.get("runs/get", run_id=run, title="of a deleted experiment")
    pair.post("experiments/delete", {"experiment_id": first}, "twice")
    pair.post("experiments/create", {"name": "e-life 2"}, "name of a deleted one")
    pair.post("experiments/update", {"experiment_id": first, "new_name": "e-life 3"}, "deleted")
    pair.post("experiments/set-experiment-tag", {"experiment_id": first, "key": "k", "value": "v"}, "deleted")
    pair.post("runs/create", {"experiment_id": first, "start_time": 1}, "in a deleted experiment")
    pair.post("experiments/restore", {"experiment_id": first})
    pair.post("experiments/restore", {"experiment_id": first}, "twice")
    pair.get("runs/get", run_id=run, title="restored")
    for unknown in ("99999", "abc", "-1", "1.5", " 1", "99999999999999999999"):
        pair.get("experiments/get", experiment_id=unknown, title="unknown")
    pair.post("experiments/delete", {"experiment_id": "abc"})
    pair.get("experiments/get-by-name", experiment_name="no such")


def runs(pair: Pair) -> None:
    home = pair.post("experiments/create", {"name": "r-life"}).keep("experiment_id", "r")
    run = pair.post("runs/create", {"experiment_id": home, "start_time": 1_700_000_000_000, "run_name": "first", "user_id": "ada", "tags": [{"key": "mlflow.user", "value": "eve"}, {"key": "t", "value": "1"}]}).keep("run.info.run_id", "r run")
    pair.get("runs/get", run_id=run)
    pair.get("runs/get", run_uuid=run, title="old name")
    pair.ask("GET", "runs/get", query={"run_id": run, "run_uuid": run}, title="both names")
    pair.post("runs/create", {"experiment_id": home, "start_time": 1}, "no name")
    pair.post("runs/create", {"experiment_id": home}, "no start")
    pair.post("runs/create", {"start_time": 1}, "no experiment")
    pair.post("runs/create", {"experiment_id": home, "run_name": "", "tags": [{"key": "mlflow.runName", "value": "by tag"}]}, "named by tag")
    pair.post("runs/create", {"experiment_id": home, "run_name": "a", "tags": [{"key": "mlflow.runName", "value": "b"}]}, "two names")
    pair.post("runs/create", {"experiment_id": home, "run_name": "a", "tags": [{"key": "mlflow.runName", "value": "a"}]}, "one name twice")
    pair.post("runs/create", {"experiment_id": home, "run_name": "tags", "tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}, "tag twice")
    pair.post("runs/create", {"experiment_id": home, "run_name": "tags", "tags": [{"value": "1"}]}, "tag without key")
    pair.post("runs/create", {"experiment_id": home, "run_name": "tags", "tags": [{"key": "k"}]}, "tag without value")
    pair.post("runs/create", {"experiment_id": home, "run_name": "t", "tags": [{"key": LONG, "value": "1"}]}, "long tag key")
    pair.post("runs/create", {"experiment_id": home, "run_name": "n" * 300}, "long name")
    for unknown in ("99999", "abc", "-1"):
        pair.post("runs/create", {"experiment_id": unknown}, "unknown experiment")
    for change in ({"status": "FINISHED", "end_time": 1_700_000_000_500}, {"status": "BOGUS"}, {"status": "RUNNING"}, {"status": 3}, {"status": 99}, {"status": "SCHEDULED"},
                   {"run_name": "second"}, {"run_name": ""}, {"end_time": -1}, {"end_time": "7"}, {"status": "KILLED", "run_name": "木", "end_time": 0}, {}):  # fmt: skip
        pair.post("runs/update", {"run_id": run, **change}, "update")
    pair.get("runs/get", run_id=run, title="after updates")
    pair.post("runs/update", {"run_uuid": run, "status": "FAILED"}, "old name")
    pair.post("runs/set-tag", {"run_id": run, "key": "mlflow.runName", "value": "by tag"})
    pair.get("runs/get", run_id=run, title="renamed by tag")
    pair.post("runs/delete-tag", {"run_id": run, "key": "t"})
    pair.post("runs/delete-tag", {"run_id": run, "key": "t"}, "twice")
    pair.post("runs/delete-tag", {"run_id": "0" * 32, "key": "t"}, "unknown run")
    pair.post("runs/delete", {"run_id": run})
    pair.post("runs/delete", {"run_id": run}, "twice")
    pair.get("runs/get", run_id=run, title="deleted")
    batch = {"run_id": run, "metrics": [{"key": "m", "value": 1, "timestamp": 1, "step": 0}]}
    pair.post("runs/log-metric", {"run_id": run, "key": "m", "value": 1.0, "timestamp": 1}, "deleted")
    pair.post("runs/log-parameter", {"run_id": run, "key": "p", "value": "1"}, "deleted")
    pair.post("runs/set-tag", {"run_id": run, "key": "t", "value": "1"}, "deleted")
    pair.post("runs/delete-tag", {"run_id": run, "key": "t"}, "deleted")
    pair.post("runs/log-batch", batch, "deleted")
    pair.post("runs/update", {"run_id": run, "status": "FINISHED"}, "deleted")
    pair.post("runs/log-inputs", {"run_id": run, "datasets": []}, "deleted")
    pair.post("runs/restore", {"run_id": run})
    pair.post("runs/restore", {"run_id": run}, "twice")
    for unknown in ("0" * 32, "abc", "../x", "a b", "x" * 300, "木"):
        pair.get("runs/get", run_id=unknown, title="unknown")
        pair.post("runs/log-metric", {"run_id": unknown, "key": "m", "value": 1.0, "timestamp": 1}, "unknown")
        pair.post("runs/log-batch", {"run_id": unknown, "metrics": []}, "unknown")
    pair.post("runs/update", {"run_id": "0" * 32, "status": "FINISHED"}, "unknown")
    pair.post("runs/delete", {"run_id": "0" * 32}, "unknown")


def metrics(pair: Pair) -> None:
    home = pair.post("experiments/create", {"name": "m-life"}).keep("experiment_id", "m")
    run = pair.post("runs/create", {"experiment_id": home, "start_time": 1, "run_name": "m"}).keep("run.info.run_id", "m run")

    def log(**point: object) -> None:
        pair.post("runs/log-metric", {"run_id": run, "timestamp": 10, **point}, "log")

    for value in (1, 1.5, -0.0, 0, 1e308, 1e-320, 1e999, "NaN", "Infinity", "-Infinity", "1.5", "abc", "", True, None, [1], float("nan"), float("inf"), "nan", "1e5", " 1", "0x10"):
        log(key="v", value=value)
    for step in (-5, "7", 2.0, 2.5, "x", None, 9_223_372_036_854_775_807, 9_223_372_036_854_775_808):
        log(key="s", value=1, step=step)
    for timestamp in (0, -1, "12", 1.5, None, "", 9_223_372_036_854_775_807):
        log(key="t", value=1, timestamp=timestamp)
    for key in ("a/b", "a b", "a:b", "a.b-c_d", "ümlaut 木", "k" * 250, LONG, "木" * 250, "a//b", "../a", "/a", "a/", ".", "..", "a/./b", "a\nb", "a*b", "", "a\\b", "%2e", "a,b"):
        log(key=key, value=1)
    pair.get("metrics/get-history", run_id=run, metric_key="v")
    pair.get("metrics/get-history", run_id=run, metric_key="s")
    pair.get("metrics/get-history", run_id=run, metric_key="none", title="unknown key")
    pair.get("metrics/get-history", run_id="0" * 32, metric_key="v", title="unknown run")
    pair.get("metrics/get-history", run_uuid=run, metric_key="v", max_results=2, title="old name")
    pair.get("metrics/get-history", run_id=run, metric_key="v", max_results=2).keep("next_page_token", "history page")
    pair.get("metrics/get-history", run_id=run, metric_key="v", max_results=2, page_token="«history page»")
    for token in ("nonsense", "e30=", "eyJvZmZzZXQiOiAtMX0=", "eyJvZmZzZXQiOiAiYSJ9", "bnVsbA==", ""):
        pair.get("metrics/get-history", run_id=run, metric_key="v", max_results=2, page_token=token, title="token")
    for limit in (0, -1, "x", 1_000_000):
        pair.get("metrics/get-history", run_id=run, metric_key="v", max_results=limit, title="limit")
    later = pair.post("runs/create", {"experiment_id": home, "start_time": 1, "run_name": "latest"}).keep("run.info.run_id", "latest run")
    for value, timestamp, step in ((1, 10, 1), (2, 5, 1), (3, 10, 0), (0.5, 10, 1), ("NaN", 10, 1), (7, 1, -3), (1, 10, 1)):
        pair.post("runs/log-metric", {"run_id": later, "key": "loss", "value": value, "timestamp": timestamp, "step": step})
    pair.get("runs/get", run_id=later, title="latest")
    pair.get("metrics/get-history", run_id=later, metric_key="loss")
    pair.get("runs/get", run_id=run)


def params_and_tags(pair: Pair) -> None:
    home = pair.post("experiments/create", {"name": "p-life"}).keep("experiment_id", "p")
    run = pair.post("runs/create", {"experiment_id": home, "start_time": 1, "run_name": "p"}).keep("run.info.run_id", "p run")
    for key, value in (("p", "1"), ("p", "1"), ("p", "2"), ("q", ""), ("q", "x"), ("long", "v" * 6001), ("long", "v" * 6002), ("木", "木" * 6000), (LONG, "1"), ("a*", "1"), ("../p", "1"), ("n", 5), ("quote", "it's")):
        pair.post("runs/log-parameter", {"run_id": run, "key": key, "value": value}, f"param {key[:8]!r}")
    pair.post("runs/log-parameter", {"run_id": run, "key": "quote", "value": 'a "b"'}, "changed")
    pair.post("runs/log-parameter", {"run_uuid": run, "key": "old", "value": "1"}, "old name")
    pair.post("runs/log-parameter", {"run_id": run, "key": "absent"}, "no value")
    for key, value in (("t", "1"), ("t", "2"), ("e", ""), ("long", "v" * 8001), ("木", "é" * 8000), (LONG, "1"), ("a*", "1"), ("../t", "1"), ("mlflow.runName", ""), ("mlflow.log-model.history", "[]")):
        pair.post("runs/set-tag", {"run_id": run, "key": key, "value": value}, f"tag {key[:8]!r}")
    pair.post("runs/set-tag", {"run_id": run, "key": "absent"}, "no value")
    pair.get("runs/get", run_id=run)
    pair.post("runs/log-model", {"run_id": run, "model_json": "not json"})
    pair.post("runs/log-model", {"run_id": run, "model_json": "[]"}, "no object")
    pair.post("runs/log-model", {"run_id": run, "model_json": "{}"}, "missing fields")
    model = '{"artifact_path": "m", "utc_time_created": "2026-01-01 00:00:00.000000", "run_id": "r", "flavors": {}, "mlflow_version": "2.0"}'
    pair.post("runs/log-model", {"run_id": run, "model_json": model}, "good")


def batches(pair: Pair) -> None:
    home = pair.post("experiments/create", {"name": "b-life"}).keep("experiment_id", "b")
    run = pair.post("runs/create", {"experiment_id": home, "start_time": 1, "run_name": "b"}).keep("run.info.run_id", "b run")

    def log(title: str, **parts: object) -> None:
        pair.post("runs/log-batch", {"run_id": run, **parts}, title)

    def points(count: int) -> list[dict[str, object]]:
        return [{"key": f"m{number}", "value": number, "timestamp": 1, "step": 0} for number in range(count)]

    def pairs(count: int, letter: str = "p") -> list[dict[str, str]]:
        return [{"key": f"{letter}{number}", "value": str(number)} for number in range(count)]

    log("all kinds", metrics=points(3), params=pairs(2), tags=pairs(2, "t"))
    log("same again", metrics=points(3), params=pairs(2), tags=pairs(2, "t"))
    log("changed params", params=[{"key": "p0", "value": "x"}, {"key": "p1", "value": "y"}, {"key": "p9", "value": "new"}])
    log("changed params leave nothing", metrics=[{"key": "nothing", "value": 1, "timestamp": 1}], params=[{"key": "p0", "value": "x"}], tags=[{"key": "nothing", "value": "1"}])
    log("duplicate params", params=[{"key": "d", "value": "1"}, {"key": "d", "value": "1"}])
    log("two duplicate params", params=[{"key": "d", "value": "1"}, {"key": "d", "value": "2"}, {"key": "f", "value": "2"}, {"key": "f", "value": "2"}, {"key": "f", "value": "3"}])
    log("duplicate tags", tags=[{"key": "d", "value": "1"}, {"key": "d", "value": "2"}])
    log("1000 metrics", metrics=points(1000))
    log("1001 metrics", metrics=points(1001))
    log("100 params", params=pairs(100, "many"))
    log("101 params", params=pairs(101, "more"))
    log("101 tags", tags=pairs(101, "t"))
    log("1001 in all", metrics=points(901), params=pairs(50), tags=pairs(50, "t"))
    kept = run
    run = pair.post("runs/create", {"experiment_id": home, "start_time": 1, "run_name": "broken"}).keep("run.info.run_id", "b broken")
    for broken in ({"key": "m"}, {"key": "m", "value": 1}, {"value": 1, "timestamp": 1}, {"key": "m", "value": "abc", "timestamp": 1}, {"key": "m", "value": 1, "timestamp": -1}, {"key": "a*", "value": 1, "timestamp": 1},
                   {"key": LONG, "value": 1, "timestamp": 1}, {"key": "m", "value": None, "timestamp": 1}, {"key": "m", "value": 1, "timestamp": "x"}, {"key": 5, "value": 1, "timestamp": 1}, "x", None, {"key": "", "value": 1, "timestamp": 1}):  # fmt: skip
        log("broken metric", metrics=[{"key": "ok", "value": 1, "timestamp": 1}, broken])
    for broken in ({"value": "1"}, {"key": "a*", "value": "1"}, {"key": LONG, "value": "1"}, {"key": "novalue"}, {"key": 5, "value": "1"}, {"key": "v", "value": 5}, {"key": "", "value": "1"}):
        log("broken param", params=[broken])
        log("broken tag", tags=[broken])
    run = kept
    log("camel case within", metrics=[{"key": "c", "value": 1, "timestamp": 1, "modelId": ""}])
    log("both cases within", metrics=[{"key": "c", "value": 1, "timestamp": 1, "model_id": "", "modelId": ""}])
    log("unknown model", metrics=[{"key": "c", "value": 1, "timestamp": 1, "model_id": "m-" + "0" * 32}])
    log("infinite", metrics=[{"key": "i", "value": "Infinity", "timestamp": 1, "step": 1}, {"key": "i", "value": "NaN", "timestamp": 1, "step": 2}, {"key": "i", "value": "-Infinity", "timestamp": 1, "step": 3}])
    log("name by tag", tags=[{"key": "mlflow.runName", "value": "batch name"}])
    pair.get("runs/get", run_id=run)
    pair.get("metrics/get-history", run_id=run, metric_key="i")


def inputs(pair: Pair) -> None:
    home = pair.post("experiments/create", {"name": "i-life"}).keep("experiment_id", "i")
    run = pair.post("runs/create", {"experiment_id": home, "start_time": 1, "run_name": "i"}).keep("run.info.run_id", "i run")

    broken = pair.post("runs/create", {"experiment_id": "0", "start_time": 1, "run_name": "broken"}).keep("run.info.run_id", "i broken")

    def log(title: str, tags: object = None, run: str = run, **dataset: object) -> None:
        full = {"name": "d", "digest": "1", "source_type": "local", "source": "s", **dataset}
        full = {key: value for key, value in full.items() if value is not None}
        pair.post("runs/log-inputs", {"run_id": run, "datasets": [{"dataset": full, **({"tags": tags} if tags is not None else {})}]}, title)

    log("plain")
    log("again")
    log("with context", digest="2", tags=[{"key": "mlflow.data.context", "value": "training"}], schema="{}", profile="{}")
    log("other experiment's name", name="e", digest="2", tags=[{"key": "mlflow.data.context", "value": "test"}])
    for field, length in (("name", 501), ("digest", 37), ("source", 65_536), ("schema", 1_048_576)):
        log(f"long {field}", **{field: "x" * length})
    for field in ("name", "digest", "source_type", "source"):
        log(f"without {field}", run=broken, **{field: None})
        log(f"empty {field}", run=broken, **{field: ""})
    log("tag without key", run=broken, tags=[{"value": "x"}])
    log("long tag", tags=[{"key": "k" * 256, "value": "x"}])
    log("long tag value", tags=[{"key": "k", "value": "x" * 501}])
    pair.post("runs/log-inputs", {"run_id": broken, "datasets": [{}]}, "nothing in it")
    pair.post("runs/log-inputs", {"run_id": run, "models": [{"model_id": "m-" + "0" * 32}]}, "unknown model")
    pair.post("runs/log-inputs", {"run_id": "0" * 32, "datasets": [{"dataset": {"name": "d", "digest": "1", "source_type": "local", "source": "s"}}]}, "unknown run")
    pair.get("runs/get", run_id=run)
    pair.ask("POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", body={"experiment_ids": [home]})
    pair.ask("POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", body={"experiment_ids": []}, title="none")
    pair.ask("POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", body={"experiment_ids": ["99999"]}, title="unknown")
    pair.ask("POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", body={}, title="missing")


SCENARIOS = [experiments, runs, metrics, params_and_tags, batches, inputs]
