"""Registered models, versions, stages, aliases, logged models."""

from differential.pair import Pair
from differential.searching import MLMODEL

LONG = "x" * 251


def registered_models(pair: Pair) -> None:
    pair.post("registered-models/create", {"name": "m-life", "description": "d", "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": ""}]})
    pair.get("registered-models/get", name="m-life")
    pair.post("registered-models/create", {"name": "m-life"}, "taken")
    for name in (" ", "a/b", "a:b", "木", ".", "..", "x" * 256, "x" * 300, "a\nb", 'q"', "a%2fb", " pad "):
        pair.post("registered-models/create", {"name": name}, f"name {name[:8]!r}")
    pair.get("registered-models/get", name="none", title="unknown")
    pair.patch("registered-models/update", {"name": "m-life", "description": "two"})
    pair.patch("registered-models/update", {"name": "m-life", "description": ""}, "empty")
    pair.patch("registered-models/update", {"name": "m-life"}, "no description")
    pair.patch("registered-models/update", {"name": "none", "description": "x"}, "unknown")
    for key, value in (("k", "v"), ("k", "w"), (LONG, "v"), ("long", "v" * 100_001), ("a*b", "v"), ("木", "木"), ("empty", "")):
        pair.post("registered-models/set-tag", {"name": "m-life", "key": key, "value": value}, f"tag {key[:8]!r}")
    pair.post("registered-models/set-tag", {"name": "none", "key": "k", "value": "v"}, "unknown")
    pair.delete("registered-models/delete-tag", {"name": "m-life", "key": "k"})
    pair.delete("registered-models/delete-tag", {"name": "m-life", "key": "k"}, "twice")
    pair.delete("registered-models/delete-tag", {"name": "none", "key": "k"}, "unknown")
    pair.ask("DELETE", "registered-models/delete-tag", query={"name": "m-life", "key": "k"}, title="in the query")
    pair.get("registered-models/get", name="m-life")
    pair.post("registered-models/create", {"name": "m-other"})
    pair.post("registered-models/rename", {"name": "m-life", "new_name": "m-other"}, "taken")
    pair.post("registered-models/rename", {"name": "none", "new_name": "x"}, "unknown")
    pair.post("registered-models/rename", {"name": "m-life", "new_name": "a/b"}, "bad name")
    pair.post("registered-models/rename", {"name": "m-life", "new_name": "m-renamed"})
    pair.get("registered-models/get", name="m-life", title="old name")
    pair.get("registered-models/get", name="m-renamed")
    pair.ask("DELETE", "registered-models/delete", query={"name": "m-renamed"}, title="in the query")
    pair.delete("registered-models/delete", {"name": "m-renamed"})
    pair.delete("registered-models/delete", {"name": "m-renamed"}, "twice")
    pair.post("registered-models/create", {"name": "m-renamed"}, "again")


def versions(pair: Pair) -> None:
    run = pair.post("runs/create", {"experiment_id": "0", "start_time": 1, "run_name": "v"}).keep("run.info.run_id", "v run")
    other = pair.post("runs/create", {"experiment_id": "0", "start_time": 1, "run_name": "v2"}).keep("run.info.run_id", "v other")
    model = pair.post("logged-models", {"experiment_id": "0", "name": "lm", "source_run_id": run}).keep("model.info.model_id", "v logged")
    for folder in (f"0/{run}/artifacts/m", f"0/models/{model}/artifacts"):
        pair.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{folder}/MLmodel", raw=MLMODEL)
    pair.patch(f"logged-models/{model}", {"model_id": model, "status": "LOGGED_MODEL_READY"})
    pair.post("registered-models/create", {"name": "v-life"})

    def create(title: str = "", **what: object) -> None:
        pair.post("model-versions/create", {"name": "v-life", **what}, title)

    create("from a run", source=f"mlflow-artifacts:/0/{run}/artifacts/m", run_id=run, description="one", tags=[{"key": "a", "value": "1"}], run_link="")
    create("from a run's URI", source=f"runs:/{run}/m", run_id=run)
    create("from a logged model", source=f"models:/{model}", model_id=model)
    create("copied", source="models:/v-life/1")
    pair.post("registered-models/create", {"name": "v-sources"})
    for source, ids in (
        (f"mlflow-artifacts:/0/{run}/artifacts/m", {}),
        (f"mlflow-artifacts:/0/{run}/artifacts/m", {"run_id": other}),
        (f"mlflow-artifacts:/0/{run}/artifacts/../../x", {"run_id": run}),
        (f"mlflow-artifacts:/0/{run}/artifacts/%2e%2e/x", {"run_id": run}),
        (f"runs:/{run}/m", {}),
        (f"runs:/{run}/m", {"run_id": other}),
        (f"runs:/{'0' * 32}/m", {"run_id": "0" * 32}),
        (f"models:/{model}", {}),
        (f"models:/{model}", {"model_id": "m-" + "0" * 32}),
        ("models:/none/1", {}),
        ("models:/v-life/99", {}),
        ("/etc/passwd", {}),
        ("file:///etc/passwd", {"run_id": run}),
        ("../x", {}),
        ("", {}),
        ("x", {}),
        ("http://example.org/a", {}),
        ("s3://bucket/model", {}),
        ("s3://bucket/../model", {}),
    ):
        pair.post("model-versions/create", {"name": "v-sources", "source": source, **ids}, "source")
    pair.post("model-versions/create", {"name": "none", "source": f"runs:/{run}/m", "run_id": run}, "unknown model")
    create("bad tag", source=f"runs:/{run}/m", run_id=run, tags=[{"key": LONG, "value": "1"}])
    for version in ("1", "2", "3", "99", "abc", "0", "-1", "1.5", " 1"):
        pair.get("model-versions/get", name="v-life", version=version)
        pair.get("model-versions/get-download-uri", name="v-life", version=version)
    pair.patch("model-versions/update", {"name": "v-life", "version": "1", "description": "new"})
    pair.patch("model-versions/update", {"name": "v-life", "version": 1, "description": "number"})
    pair.patch("model-versions/update", {"name": "v-life", "version": "2"}, "no description")
    pair.patch("model-versions/update", {"name": "v-life", "version": "2", "description": "two"}, "described again")
    pair.patch("model-versions/update", {"name": "v-life", "version": "99", "description": "x"}, "unknown")
    for key, value in (("k", "v"), (LONG, "v"), ("long", "v" * 100_001), ("a*b", "v"), ("empty", "")):
        pair.post("model-versions/set-tag", {"name": "v-life", "version": "1", "key": key, "value": value}, f"tag {key[:8]!r}")
    pair.post("model-versions/set-tag", {"name": "v-life", "version": "99", "key": "k", "value": "v"}, "unknown")
    pair.delete("model-versions/delete-tag", {"name": "v-life", "version": "1", "key": "k"})
    pair.delete("model-versions/delete-tag", {"name": "v-life", "version": "1", "key": "k"}, "twice")
    stages(pair)
    aliases(pair)
    pair.delete("model-versions/delete", {"name": "v-life", "version": "3"})
    pair.delete("model-versions/delete", {"name": "v-life", "version": "3"}, "twice")
    pair.get("model-versions/get", name="v-life", version="3", title="deleted")
    create("numbers are not used again", source=f"runs:/{run}/m", run_id=run)
    pair.get("registered-models/get", name="v-life")
    pair.post("registered-models/rename", {"name": "v-life", "new_name": "v-renamed"})
    pair.get("model-versions/get", name="v-renamed", version="1")
    pair.get("registered-models/alias", name="v-renamed", alias="champion")
    pair.delete("registered-models/delete", {"name": "v-renamed"})
    pair.get("model-versions/get", name="v-renamed", version="1", title="model deleted")


def stages(pair: Pair) -> None:
    def move(version: object, stage: object, archive: object = False, title: str = "") -> None:
        pair.post("model-versions/transition-stage", {"name": "v-life", "version": version, "stage": stage, "archive_existing_versions": archive}, title)

    move("1", "production")
    move("2", "STAGING")
    move("2", "Production", True)
    pair.get("model-versions/get", name="v-life", version="1", title="archived")
    for stage in ("Nowhere", "", "none", "Archived", "Deleted_Internal"):
        move("1", stage)
    move("1", "Archived", True, "archive with an inactive stage")
    move("1", "None", True, "archive with an inactive stage")
    move("99", "Production", title="unknown")
    move("abc", "Production")
    pair.post("model-versions/transition-stage", {"name": "v-life", "version": "1", "stage": "Staging"}, "no archive flag")
    for stages in ([], ["Production"], ["production", "Staging"], ["None"], ["Bogus"], ["Archived"], "Production"):
        pair.post("registered-models/get-latest-versions", {"name": "v-life", "stages": stages})
    pair.ask("GET", "registered-models/get-latest-versions", query={"name": "v-life", "stages": ["Production", "None"]})
    pair.post("registered-models/get-latest-versions", {"name": "none"}, "unknown")
    pair.get("registered-models/get", name="v-life", title="latest versions")


def aliases(pair: Pair) -> None:
    for alias in ("champion", "a_b-c", "木", "v1", "V12", "v1a", "latest", "LATEST", "a b", "a.b", "a/b", "x" * 255, "x" * 256, "1", "v"):
        pair.post("registered-models/alias", {"name": "v-life", "alias": alias, "version": "1"}, f"alias {alias[:9]!r}")
    pair.post("registered-models/alias", {"name": "v-life", "alias": "champion", "version": "2"}, "moved")
    pair.post("registered-models/alias", {"name": "v-life", "alias": "champion", "version": "99"}, "unknown version")
    pair.post("registered-models/alias", {"name": "none", "alias": "champion", "version": "1"}, "unknown model")
    for alias in ("champion", "zz", "latest", "Latest", "a b", "v1"):
        pair.get("registered-models/alias", name="v-life", alias=alias)
    pair.get("registered-models/alias", name="none", alias="champion", title="unknown model")
    pair.delete("registered-models/alias", {"name": "v-life", "alias": "1"})
    pair.delete("registered-models/alias", {"name": "v-life", "alias": "1"}, "twice")
    pair.delete("registered-models/alias", {"name": "v-life", "alias": "a b"}, "bad name")
    pair.delete("registered-models/alias", {"name": "none", "alias": "x"}, "unknown model")
    pair.get("registered-models/get", name="v-life", title="aliases")
    pair.get("model-versions/get", name="v-life", version="1", title="aliases")


def logged_models(pair: Pair) -> None:
    home = pair.post("experiments/create", {"name": "lm-life"}).keep("experiment_id", "l")
    run = pair.post("runs/create", {"experiment_id": home, "start_time": 1, "run_name": "l"}).keep("run.info.run_id", "l run")
    body = {"experiment_id": home, "name": "lm", "model_type": "t", "source_run_id": run, "params": [{"key": "p", "value": "1"}], "tags": [{"key": "t", "value": "1"}]}
    model = pair.post("logged-models", body).keep("model.info.model_id", "l model")
    pair.get(f"logged-models/{model}")
    pair.post("logged-models", {"experiment_id": home}, "no name")
    for name in ("", " ", "a/b", "a:b", "a.b", "a%b", 'a"b', "a'b", "木", "x" * 500, "x" * 501):
        pair.post("logged-models", {"experiment_id": home, "name": name}, f"name {name[:8]!r}")
    for unknown in ("99999", "abc", ""):
        pair.post("logged-models", {"experiment_id": unknown, "name": "x"}, "experiment")
    pair.post("logged-models", {"experiment_id": home, "name": "x", "source_run_id": "none"}, "unknown run")
    for params in ([{"key": "a", "value": "1"}, {"key": "a", "value": "2"}], [{"key": LONG, "value": "1"}], [{"key": "a", "value": "v" * 6001}], [{"value": "1"}], [{"key": "a*", "value": "1"}], [{"key": f"p{n}", "value": "1"} for n in range(101)]):
        pair.post("logged-models", {"experiment_id": home, "name": "x", "params": params}, "params")
    for tags in ([{"key": "a", "value": "1"}, {"key": "a", "value": "2"}], [{"key": LONG, "value": "1"}], [{"key": "a", "value": "v" * 8001}], [{"value": "1"}], [{"key": "a*", "value": "1"}]):
        pair.post("logged-models", {"experiment_id": home, "name": "x", "tags": tags}, "tags")
    for status in ("LOGGED_MODEL_READY", "LOGGED_MODEL_PENDING", "LOGGED_MODEL_UPLOAD_FAILED", "READY", "BOGUS", "", 99, 2, "LOGGED_MODEL_READY"):
        pair.patch(f"logged-models/{model}", {"model_id": model, "status": status})
    none = "m-" + "0" * 32
    pair.patch(f"logged-models/{none}", {"model_id": none, "status": "LOGGED_MODEL_READY"}, "unknown")
    pair.get(f"logged-models/{none}", title="unknown")
    pair.patch(f"logged-models/{model}/tags", {"model_id": model, "tags": [{"key": "t", "value": "2"}, {"key": "u", "value": ""}]})
    pair.patch(f"logged-models/{model}/tags", {"model_id": model, "tags": []}, "none")
    pair.patch(f"logged-models/{none}/tags", {"model_id": none, "tags": [{"key": "t", "value": "2"}]}, "unknown")
    pair.delete(f"logged-models/{model}/tags/t")
    pair.delete(f"logged-models/{model}/tags/t", title="twice")
    pair.delete(f"logged-models/{none}/tags/t", title="unknown")
    pair.post(f"logged-models/{model}/params", {"model_id": model, "params": [{"key": "q", "value": "1"}]})
    other = pair.post("logged-models", body).keep("model.info.model_id", "l other")
    pair.post(f"logged-models/{other}/params", {"model_id": other, "params": [{"key": "p", "value": "2"}]}, "changed")
    pair.post(f"logged-models/{none}/params", {"model_id": none, "params": [{"key": "q", "value": "1"}]}, "unknown")
    pair.get(f"logged-models/{model}")
    pair.post("runs/outputs", {"run_id": run, "models": [{"model_id": model, "step": 3}]})
    pair.post("runs/outputs", {"run_id": run, "models": [{"model_id": model, "step": 3}]}, "again")
    pair.post("runs/outputs", {"run_id": run, "models": [{"model_id": none}]}, "unknown model")
    pair.post("runs/outputs", {"run_id": "0" * 32, "models": [{"model_id": model}]}, "unknown run")
    pair.post("runs/log-inputs", {"run_id": run, "models": [{"model_id": model}]})
    pair.post("runs/log-metric", {"run_id": run, "key": "acc", "value": 0.5, "timestamp": 1, "model_id": model})
    pair.post("runs/log-metric", {"run_id": run, "key": "acc", "value": 0.6, "timestamp": 2, "step": 1, "model_id": model})
    pair.post("runs/log-metric", {"run_id": run, "key": "acc", "value": 0.7, "timestamp": 2, "model_id": model, "dataset_name": "d", "dataset_digest": "1"})
    pair.post("runs/log-metric", {"run_id": run, "key": "acc", "value": 0.7, "timestamp": 2, "model_id": none}, "unknown model")
    pair.get(f"logged-models/{model}", title="with metrics")
    pair.get("runs/get", run_id=run, title="inputs and outputs")
    pair.get(f"logged-models/{model}/artifacts/directories", title="empty")
    pair.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{home}/models/{model}/artifacts/a/b.txt", raw="hello")
    pair.get(f"logged-models/{model}/artifacts/directories")
    pair.get(f"logged-models/{model}/artifacts/directories", artifact_directory_path="a")
    pair.get(f"logged-models/{model}/artifacts/directories", artifact_directory_path="../..")
    pair.get(f"logged-models/{none}/artifacts/directories", title="unknown")
    files = f"/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/files"
    for path in ("a/b.txt", "a/none.txt", "a", "../x", ""):
        pair.get(files, artifact_file_path=path)
    pair.get(files, title="no path")
    pair.delete(f"logged-models/{model}")
    pair.delete(f"logged-models/{model}", title="twice")
    pair.get(f"logged-models/{model}", title="deleted")


SCENARIOS = [registered_models, versions, logged_models]
