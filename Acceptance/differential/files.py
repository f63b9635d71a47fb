"""Artifacts, the service's own routes, and bodies that are no requests."""

from differential.pair import Pair

EVIL = ["../x", "a/../../x", "%2e%2e/x", "%252e%252e/x", "/etc/passwd", "C:\\x", "a\\b", "a#b", "..%2fx", "file:///etc/passwd"]
KEPT_HEADERS = ("content-type", "content-disposition", "x-content-type-options")


def artifacts(pair: Pair) -> None:
    run = pair.post("runs/create", {"experiment_id": "0", "start_time": 1, "run_name": "files"}).keep("run.info.run_id", "f run")
    root = f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts"
    for name, data in (("a.txt", "hello"), ("d/b.json", "{}"), ("d/e/c.bin", "\x00\x01"), ("empty", ""), ("d/ü 木.txt", "x"), ("page.html", "<b>"), ("model.pkl", "p"), ("pic.png", "x"), ("conf.yaml", "a: 1"), ("MLmodel", "x"), ("t.csv", "a,b"), ("s.svg", "<svg/>"), ("n.ipynb", "{}"), ("p.parquet", "x"), ("x.tar.gz", "x"), ("q'.txt", "x")):
        pair.ask("PUT", f"{root}/{name}", raw=data, title="up")
        pair.ask("GET", f"{root}/{name}", title="down", compared=KEPT_HEADERS)
        pair.ask("GET", "/get-artifact", query={"run_id": run, "path": name}, compared=KEPT_HEADERS)
    for folder in ("", "d", "d/e", "none", "a.txt", "../..", "d/../d", "/", "."):
        pair.get("artifacts/list", run_id=run, path=folder)
        pair.get("/api/2.0/mlflow-artifacts/artifacts", path=f"0/{run}/artifacts/{folder}" if folder else f"0/{run}/artifacts")
    pair.get("artifacts/list", run_uuid=run)
    pair.get("artifacts/list", run_id="0" * 32, title="unknown run")
    pair.ask("GET", f"{root}/none", title="missing")
    pair.ask("GET", f"{root}/d", title="folder")
    pair.ask("GET", "/get-artifact", query={"run_id": run, "path": "none"}, title="missing")
    pair.ask("GET", "/get-artifact", query={"run_id": run, "path": "d"}, title="folder")
    pair.ask("GET", "/get-artifact", query={"run_id": run}, title="no path")
    pair.ask("GET", "/get-artifact", query={"run_id": "0" * 32, "path": "a.txt"}, title="unknown run")
    pair.ask("GET", "/get-artifact", query={"path": "a.txt"}, title="no run")
    for path in EVIL:
        pair.get("artifacts/list", run_id=run, path=path, title="evil")
        pair.ask("GET", "/get-artifact", query={"run_id": run, "path": path}, title="evil")
        pair.get("/api/2.0/mlflow-artifacts/artifacts", path=path, title="evil")
    pair.ask("DELETE", f"{root}/a.txt")
    pair.ask("DELETE", f"{root}/a.txt", title="twice")
    pair.ask("POST", "/ajax-api/2.0/mlflow/upload-artifact", query={"run_uuid": run, "path": "up/u.txt"}, raw="uploaded")
    pair.ask("GET", "/get-artifact", query={"run_id": run, "path": "up/u.txt"})
    for query in ({"path": "x"}, {"run_uuid": run}, {"run_uuid": run, "path": "../x"}, {"run_uuid": "0" * 32, "path": "x"}):
        pair.ask("POST", "/ajax-api/2.0/mlflow/upload-artifact", query=query, raw="x", title="bad")
    pair.ask("POST", "/ajax-api/2.0/mlflow/upload-artifact", query={"run_uuid": run, "path": "e"}, raw="", title="empty")
    pair.ask("POST", "/ajax-api/2.0/mlflow/upload-artifact", query={"run_uuid": run, "path": "big"}, raw="x" * (10 * 1024 * 1024 + 1), title="11 MB")
    for route in ("presigned-upload-url", "presigned-download-url"):
        pair.post(f"artifacts/{route}", {"run_id": run, "path": "x"})
    model_files(pair, run)


def model_files(pair: Pair, run: str) -> None:
    pair.post("registered-models/create", {"name": "f-model"})
    pair.post("model-versions/create", {"name": "f-model", "source": f"mlflow-artifacts:/0/{run}/artifacts", "run_id": run})
    for query in ({"name": "f-model", "version": "1", "path": "d/b.json"}, {"name": "f-model", "version": "1", "path": "none"}, {"name": "f-model", "version": "1"}, {"name": "f-model", "path": "d/b.json"},
                  {"name": "f-model", "version": "9", "path": "x"}, {"name": "f-model", "version": "1", "path": "../x"}, {"version": "1", "path": "x"}):  # fmt: skip
        pair.ask("GET", "/model-versions/get-artifact", query=query, compared=KEPT_HEADERS)


def service(pair: Pair) -> None:
    pair.ask("GET", "/health")
    pair.ask("GET", "/version")
    pair.ask("GET", "/api/3.0/mlflow/server-info")
    pair.ask("GET", "/ajax-api/3.0/mlflow/server-info")
    for path in ("/api/2.0/mlflow/nothing", "/api/2.0/preview/mlflow/experiments/list", "/api/2.0/mlflow/experiments/list", "/api/3.0/mlflow/experiments/get", "/api/2.0/mlflow/server-info"):
        pair.ask("GET", path, title="unknown")
    for method, path in (("DELETE", "runs/get"), ("GET", "runs/create"), ("POST", "experiments/get"), ("PUT", "runs/log-metric"), ("POST", "registered-models/update"), ("GET", "registered-models/delete")):
        pair.ask(method, path, title="wrong method")
    pair.ask("HEAD", "/health", title="head")


def bodies(pair: Pair) -> None:
    """Bodies that are not one JSON object, and types that are not JSON."""
    home = pair.post("experiments/create", {"name": "bodies"}).keep("experiment_id", "bd")
    json_type = {"Content-Type": "application/json"}
    for raw in ("", "not json", "[1]", "5", "null", '"text"', '"{\\"experiment_id\\": \\"0\\"}"', "{", '{"name": "x"} trailing', "{\"a\": \"\x01\"}", "\ufeff{}", '{"name": "twice", "name": "wins"}', "{'name': 'single'}", '{"name": NaN}'):
        pair.ask("POST", "experiments/create", raw=raw, headers=json_type, title="body")
        pair.ask("POST", "runs/search", raw=raw, headers=json_type, title="body")
    pair.ask("POST", "experiments/create", raw=b'{"name": "\xff\xfe"}', headers=json_type, title="no UTF-8")
    for kind in ("text/plain", "application/json; charset=utf-8", "application/json;charset=latin-1", "APPLICATION/JSON", "application/jsonx", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        pair.ask("POST", "runs/search", raw='{"experiment_ids": []}', headers={"Content-Type": kind} if kind else {}, title=f"type {kind!r}")
    pair.ask("PATCH", "registered-models/update", raw='{"name": "none", "description": "x"}', headers={"Content-Type": "text/plain"}, title="PATCH as text")
    pair.ask("DELETE", "registered-models/delete", raw='{"name": "none"}', headers={"Content-Type": "text/plain"}, title="DELETE as text")
    pair.ask("PATCH", "registered-models/update", raw="", title="PATCH without body")
    pair.ask("DELETE", "registered-models/delete", raw="", title="DELETE without body")
    pair.post("experiments/get-by-name", {"experiment_name": "x"}, "GET only")
    pair.post("runs/create", {"experimentId": home, "startTime": "5", "runName": "camel"}, "camel case")
    pair.post("runs/create", {"experimentId": home, "experiment_id": home}, "both cases")
    pair.post("runs/create", {"experiment_id": home, "tags": [{"key": "k", "value": "v", "nothing": 1}], "nothing": {"a": 1}, "run_name": "x"}, "unknown fields")
    pair.ask("GET", "experiments/get", query=[("experiment_id", "0"), ("experiment_id", "1")], title="twice")
    pair.ask("GET", "experiments/get", query={"experimentId": "0"}, title="camel case")
    pair.ask("GET", "experiments/get", raw='{"experiment_id": "0"}', headers=json_type, title="in the body")


SCENARIOS = [artifacts, service, bodies]
