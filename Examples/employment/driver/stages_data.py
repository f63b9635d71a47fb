"""Stages 1 to 4: data, its checks, training, the gate."""

from .checks import expect
from .demo import LINE, Demo


def add_data(demo: Demo) -> None:
    path = demo.census.write_training_file()
    version = demo.server.cli("data", "add", "census", path)
    demo.data_version, demo.data_digest = version["version"], version["digest"]
    expect(version["rows"] == len(demo.census.past), f"{len(demo.census.past)} rows are counted", version["rows"])
    columns = {column["name"] for column in version["schema"]}
    expect(columns == set(demo.census.past.columns), "the schema has the file's columns", sorted(columns))
    expect(bool(version.get("profile")), "the version has a profile", version.keys())
    again = demo.server.cli("data", "add", "census", path)
    expect(again["digest"] == version["digest"], "the same bytes are the same version", again["digest"])
    demo.say(f"census {demo.data_version}: {version['rows']:,} rows, {len(columns)} columns, {version['bytes'] / 1e6:.1f} MB")
    demo.say(f"sha256 {demo.data_digest}")
    demo.figures["dataset"] = {"version": demo.data_version, "digest": demo.data_digest, "rows": version["rows"]}


def check_data(demo: Demo) -> None:
    passed = demo.server.cli("data", "check", "census", "--version", demo.data_version)
    expect(passed["success"] is True, "the 2015 data passes its suite", passed)
    demo.say(f"2015: all {len(passed['expectations'])} expectations hold")

    path = demo.server.folder / "corrupted.parquet"
    planted = demo.census.corrupted(path)
    refused = demo.server.cli("data", "check", "census", path, status=3)
    failed = [outcome for outcome in refused["expectations"] if not outcome["success"]]
    expect(refused["success"] is False, "the corrupted batch fails", refused["success"])
    for column, name in (("SCHL", "not_null"), ("AGEP", "between"), ("MAR", "in_set")):
        found = next((one for one in failed if one.get("column") == column and one["name"] == name), None)
        expect(found is not None, f"`{name}` of {column} fails", [(one["name"], one.get("column")) for one in failed])
        expect(found["unexpected_count"] == planted[column], f"{planted[column]} rows of {column} are named", found)
        expect(bool(found["sample"]), f"there are sample rows of {column}", found)
        demo.say(f"refused: {column} {name}: {found['unexpected_count']} of {refused['rows']:,} rows, for example {found['sample'][0]}")
    missing = [one for one in failed if "DREM" in (str(one.get("message")) + str(one.get("observed")) + str(one.get("column")))]
    expect(bool(missing), "the missing column DREM is named", [(one["name"], one.get("message")) for one in failed])
    demo.say(f"refused: {missing[0].get('message')}")

    batch = demo.server.cli("data", "add", "census", path)
    stopped = demo.server.cli(
        "pipeline", "run", "--data", f"census={batch['version']}", "--reason", "a corrupted batch", "--wait", status=3
    )
    train = next(step for step in stopped["steps"] if step["name"] == "train")
    expect(train["status"] == "skipped" and not train.get("started_at"), "training does not start", train)
    runs = demo.server.post("/api/2.0/mlflow/experiments/search", {"max_results": 100}).get("experiments", [])
    expect(all(one["name"] != LINE for one in runs), "no experiment of the training script exists", runs)
    demo.say("a pipeline run on the batch stops at its check (exit status 3): no training starts")
    demo.figures["refused_batch"] = {"planted": planted, "failed_expectations": [[one["name"], one.get("column")] for one in failed]}


def train(demo: Demo) -> None:
    run = demo.server.cli("pipeline", "run", "--data", f"census={demo.data_version}", "--reason", "the first model, on 2015", "--wait")
    expect(run["status"] == "succeeded", "the pipeline run succeeds", run)
    demo.pipeline_run = run
    found = demo.server.post(
        "/api/2.0/mlflow/runs/search",
        {"experiment_ids": [experiment(demo)], "filter": f"tags.`jidoka.pipeline_run` = '{run['id']}'", "max_results": 10},
    ).get("runs", [])
    expect(len(found) == 1, "the script left one MLflow run", len(found))
    logged = found[0]
    demo.run_id = logged["info"]["run_id"]
    params = {param["key"]: param["value"] for param in logged["data"]["params"]}
    metrics = {metric["key"]: metric["value"] for metric in logged["data"]["metrics"]}
    expect(params["trees"] == "60", "the params are logged", params)
    expect(bool(logged["inputs"]["dataset_inputs"]), "the dataset is logged", logged.get("inputs"))
    expect(bool(logged["outputs"]["model_outputs"]), "the model is logged", logged.get("outputs"))
    files = demo.server.get("/api/2.0/mlflow/artifacts/list", run_id=demo.run_id).get("files", [])
    expect(any(file["path"] == "importances.png" for file in files), "the figure is logged", files)
    demo.say(f"pipeline run {run['id']}: " + ", ".join(f"{step['name']} {step['status']}" for step in run["steps"]))
    demo.say(f"MLflow run {demo.run_id}: " + ", ".join(f"{key} {value:.4f}" for key, value in sorted(metrics.items())))
    demo.figures["training"] = {"run": demo.run_id, "params": params, "metrics": metrics}


def experiment(demo: Demo) -> str:
    return demo.server.get("/api/2.0/mlflow/experiments/get-by-name", experiment_name=LINE)["experiment"]["experiment_id"]


def pass_gate(demo: Demo) -> None:
    gate = demo.pipeline_run["gate"]
    expect(gate["verdict"] == "passed", "the gate passes", gate)
    for check in gate["checks"]:
        demo.say(f"gate: {describe(check)}")
    demo.first_version = str(demo.pipeline_run["model_version"])
    subject = f"{LINE}/{demo.first_version}"
    for kind in ("model_version.registered", "model_version.verified"):
        kinds = [event for event in demo.server.events(kind) if event["subject"]["id"] == subject]
        expect(len(kinds) >= 1, f"event `{kind}` of {subject}", demo.server.events(kind))
    demo.server.post(f"/api/v1/models/{LINE}/versions/{demo.first_version}/verify", {})
    if demo.champion() != demo.first_version:
        demo.server.cli("models", "promote", LINE, demo.first_version, "--reason", "the first version, its gate passed")
    expect(demo.champion() == demo.first_version, f"version {demo.first_version} is champion", demo.champion())
    demo.say(f"version {demo.first_version} is registered, verified and champion")
    demo.figures["first_gate"] = gate


def describe(check: dict) -> str:
    rest = f", champion {check['champion_value']:.4g}" if isinstance(check.get("champion_value"), float) else ""
    value = f"{check['value']:.4g}" if isinstance(check.get("value"), float) else check.get("value")
    return f"{check['verdict']:<7} {check['check']}: {value} (limit {check.get('limit')}{rest})"
