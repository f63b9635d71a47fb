"""Filter strings, sort keys, views and pages of every search."""

from differential.pair import Pair

RUN_FILTERS = """
metrics.acc > 0.5
metrics.acc >= 0.7 AND params.kind = 'forest'
metric.acc < 0.9
metrics.acc != 0.7
metrics.acc = 0.7
metrics.acc = '0.7'
metrics.acc LIKE '0.7'
metrics.acc > abc
metrics.nan != 1
metrics.nan = 0
metrics.nan > -1
metrics.inf > 1e308
metrics.`acc` > 0.5
metrics."a b" > 0
metrics.`a b` > 0
metrics.a.b > 0
metrics.acc>0.5
metrics.acc > -1
metrics.acc > +1
metrics.acc > 1e-3
metrics.acc > .5
metrics.acc > 5.
metrics.acc IS NULL
params.kind = 'forest'
params.kind = "forest"
params.kind = forest
params.kind != 'forest'
params.kind LIKE 'for%'
params.kind LIKE 'FOR%'
params.kind ILIKE 'FOR%'
params.kind like 'f_rest'
params.kind NOT LIKE 'for%'
params.kind IN ('forest')
params.kind IS NULL
params.kind IS NOT NULL
params.kind is not null
params.depth > '3'
params.depth = 3
params.depth = '3'
parameter.depth = '3'
param.depth = '3'
parameters.depth = '3'
tags.team = 'red'
tag.team ILIKE 'R%'
tags.team != 'red'
tags.team IS NULL
tags.team IS NOT NULL
tags.`odd key` = 'x'
tags."odd key" = 'x'
tags.mlflow.runName = 'a'
tags.`mlflow.runName` = 'a'
tags.none != 'x'
status = 'FINISHED'
attributes.status = 'FINISHED'
attribute.status != 'FINISHED'
attr.status = 'finished'
run.status = 'FINISHED'
status LIKE 'FIN%'
status IN ('FINISHED')
run_name = 'a'
run_name LIKE '%'
`run name` = 'a'
run name = 'a'
"Run name" = 'a'
attributes.`Run name` = 'a'
run_id = 'none'
run_id IN ('none', 'other')
run_id NOT IN ('none')
attributes.run_id IN ('none')
run_id IN ()
run_id IN ('a',)
run_id IN 'a'
run_id IN (1, 2)
run_id IN ("a")
run_name IN ('a', 'b')
run_name NOT IN ('a')
user_id = 'ada'
artifact_uri LIKE 'mlflow%'
start_time > 1
start_time >= 2 AND start_time < 4
start_time = '2'
start_time LIKE '2'
end_time > 0
created > 1
Created > 1
experiment_id = '1'
lifecycle_stage = 'active'
nothing = 'x'
nothing.at = 'x'
datasets.name = 'd'
dataset.digest = '1'
datasets.context = 'training'
datasets.context IN ('training', 'test')
dataset.name LIKE 'd%'
dataset.name ILIKE 'D%'
datasets.name NOT IN ('x')
datasets.name = 5
datasets.source = 'x'
metrics.acc > 0.5 OR metrics.acc < 0.1
metrics.acc > 0.5 or metrics.acc < 0.1
(metrics.acc > 0.5)
NOT metrics.acc > 0.5
metrics.acc BETWEEN 0.1 AND 0.9
metrics.acc > 0.5 AND
AND metrics.acc > 0.5
metrics.acc > 0.5, params.kind = 'forest'
metrics.acc > 0.5 params.kind = 'forest'
metrics.acc >
metrics.acc
metrics. > 1
metrics.acc == 0.7
metrics.acc <> 0.7
metrics.acc ! 0.7
metrics.acc = 0.7; DROP TABLE runs
metrics.acc > 0.5 aNd params.kind = 'forest'
metrics.acc = 0.7 -- comment
params.kind = 'it''s'
params.kind = "it's"
params.kind = 'unclosed
'forest' = params.kind
1 < metrics.acc
params.kind = ''
tags.team = '木'
tags.木 = 'x'
tags.a/b = 'x'
tags.a-b = 'x'
tags.a:b = 'x'
metrics.acc > 0.5 AND metrics.acc > 0.6 AND metrics.acc < 0.8
params.kind = null
metrics.acc > 1 = 2
"""

RUN_ORDERS = """
metrics.acc
metrics.acc ASC
metrics.acc DESC
metric.acc desc
metrics.nan ASC
metrics.nan DESC
metrics.`a b` DESC
metrics.missing DESC
params.kind
params.kind DESC
params.depth
tags.team DESC
tag.team
start_time
start_time DESC
attributes.start_time ASC
attribute.end_time DESC
end_time
status
run_name DESC
Run name DESC
`Run name` ASC
user_id DESC
created DESC
Created
experiment_id
lifecycle_stage
nothing
nothing.x DESC
datasets.name
metrics.acc SIDEWAYS
metrics.acc DESC NULLS LAST
metrics.acc, start_time
DESC
metrics."acc" DESC
 metrics.acc   DESC 
"""


def run_searches(pair: Pair) -> None:
    home = pair.post("experiments/create", {"name": "s-runs"}).keep("experiment_id", "s")
    values = [("a", 0.7, "forest", "3", "red"), ("b", 0.9, "line", "10", "blue"), ("c", 0.2, "Forest", None, None), ("d", None, None, "3", "木"), ("e", 0.7, "it's", "2", "Red")]
    for number, (name, score, kind, depth, team) in enumerate(values, start=1):
        run = pair.post("runs/create", {"experiment_id": home, "start_time": number, "run_name": name, "user_id": "ada"}).keep("run.info.run_id", f"s {name}")
        points = [{"key": "acc", "value": score, "timestamp": 1}] if score is not None else []
        points += [{"key": "nan", "value": ["NaN", 1.0, -1.0, "NaN", 0.0][number - 1], "timestamp": 1}] if number < 5 else []
        points += [{"key": "inf", "value": ["Infinity", "-Infinity"][number % 2], "timestamp": 1}, {"key": "a b", "value": number, "timestamp": 1}, {"key": "a.b", "value": number, "timestamp": 1}]
        params = [{"key": key, "value": value} for key, value in (("kind", kind), ("depth", depth)) if value is not None]
        tags = [{"key": "team", "value": team}] if team else []
        tags += [{"key": "odd key", "value": "x"}, {"key": "a/b", "value": "x"}, {"key": "a-b", "value": "x"}, {"key": "a:b", "value": "x"}, {"key": "木", "value": "x"}] if number == 2 else []
        pair.post("runs/log-batch", {"run_id": run, "metrics": points, "params": params, "tags": tags})
        if number % 2:
            pair.post("runs/update", {"run_id": run, "status": "FINISHED", "end_time": number * 10})
        context = [{"key": "mlflow.data.context", "value": "training" if number == 1 else "test"}]
        dataset = {"name": "d" if number < 3 else "D2", "digest": str(number % 2), "source_type": "local", "source": "s"}
        pair.post("runs/log-inputs", {"run_id": run, "datasets": [{"dataset": dataset, "tags": context}]} if number < 4 else {"run_id": run})
    for text in RUN_FILTERS.strip().split("\n"):
        search(pair, home, filter=text)
    pair.post("runs/search", {"experiment_ids": [home], "filter": "run_id IN ('«s a»', '«s b»')"}, "both")
    pair.post("runs/search", {"experiment_ids": [home], "filter": "run_id = '«s a»' AND metrics.acc > 0"}, "one")
    for text in RUN_ORDERS.strip("\n").split("\n"):
        search(pair, home, order_by=[text])
    search(pair, home, order_by=["metrics.acc DESC", "params.kind ASC"])
    search(pair, home, order_by=["metrics.acc DESC", "metrics.acc ASC"])
    search(pair, home, order_by=["start_time ASC", "attributes.start_time DESC"])
    for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL", "BOGUS", 2, 3, "all"):
        search(pair, home, run_view_type=view)
    pair.post("runs/delete", {"run_id": "«s b»"})
    for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL"):
        search(pair, home, run_view_type=view)
    for limit in (1, 5, 0, -1, 50_000, 50_001, "2"):
        search(pair, home, max_results=limit)
    pair.post("runs/search", {"experiment_ids": [home], "max_results": 3, "order_by": ["run_name"]}).keep("next_page_token", "runs page")
    search(pair, home, max_results=3, order_by=["run_name"], page_token="«runs page»")
    for token in ("nonsense", "e30=", "eyJvZmZzZXQiOiAtMX0=", "bnVsbA==", "eyJvZmZzZXQiOiAxMDAwfQ=="):
        search(pair, home, page_token=token)
    pair.post("runs/search", {"experiment_ids": []}, "no experiment")
    pair.post("runs/search", {}, "no experiment said")
    pair.post("runs/search", {"experiment_ids": [home, "99999", "abc"], "max_results": 1}, "unknown experiments")


def search(pair: Pair, home: str, **what: object) -> None:
    pair.post("runs/search", {"experiment_ids": [home], **what})


EXPERIMENT_FILTERS = """
name = 's-exp b'
name != 's-exp b' AND name LIKE 's-exp%'
name LIKE 'S-EXP%'
name ILIKE 'S-EXP%'
name IN ('s-exp a', 's-exp b')
name NOT IN ('s-exp a') AND name LIKE 's-exp%'
attribute.name = 's-exp a'
attributes.name = 's-exp a'
experiment_id = '0'
experiment_id = 0
experiment_id IN ('0')
experiment_id != '0' AND name LIKE 's-exp%'
experiment_id LIKE '0'
creation_time > 0 AND name LIKE 's-exp%'
creation_time = 'x'
creation_time LIKE '1'
last_update_time >= 1 AND name LIKE 's-exp%'
tags.team = 'red'
tags.team != 'red'
tag.team LIKE 'r%'
tags.team ILIKE 'R%'
tags.`a b` = 'x'
tags.team IS NULL AND name LIKE 's-exp%'
tags.team IS NOT NULL
tags.team IN ('red')
tags.team > 'a'
lifecycle_stage = 'active'
metrics.x > 1
params.x = '1'
name > 'a'
name = 5
name = 'a' OR name = 'b'
(name = 'a')
name
"""


def experiment_searches(pair: Pair) -> None:
    for name, tags in (("a", {"team": "red"}), ("b", {"team": "blue", "a b": "x"}), ("c", {})):
        tagged = [{"key": key, "value": value} for key, value in tags.items()]
        pair.post("experiments/create", {"name": f"s-exp {name}", "tags": tagged}).keep("experiment_id", f"s-exp {name}")

    def find(**what: object) -> None:
        pair.post("experiments/search", {"max_results": 100, "order_by": ["name"], **what})

    for text in EXPERIMENT_FILTERS.strip().split("\n"):
        find(filter=text)
    mine = "name LIKE 's-exp%'"
    for order in ("name", "name DESC", "experiment_id", "experiment_id DESC", "attributes.name", "tags.team", "lifecycle_stage", "nothing", "name SIDEWAYS", "metrics.a"):
        find(filter=mine, order_by=[order])
    find(filter=mine, order_by=["name ASC", "name DESC"])
    pair.post("experiments/delete", {"experiment_id": "«s-exp c»"})
    for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL", "BOGUS"):
        find(filter=mine, view_type=view)
    for limit in (0, -1, 50_001, None, "2"):
        find(filter=mine, max_results=limit)
    pair.post("experiments/search", {"filter": mine, "order_by": ["name"], "max_results": 1}).keep("next_page_token", "experiments page")
    find(filter=mine, max_results=1, page_token="«experiments page»")
    find(page_token="nonsense")
    pair.get("experiments/search", max_results=5, filter=mine, order_by="name DESC", view_type="ALL")
    pair.get("experiments/search", filter=mine, title="no limit")
    pair.ask("GET", "experiments/search", query={"max_results": 5, "filter": mine, "order_by": ["name", "experiment_id"]})


MODEL_FILTERS = """
name = 's-model-a'
name != 's-model-a' AND name LIKE 's-model%'
name LIKE 'S-MODEL%'
name ILIKE 'S-MODEL%'
name IN ('s-model-a', 's-model-b')
name NOT IN ('s-model-a')
tags.team = 'red'
tags.team != 'red'
tags.team LIKE 'r%'
tag.team ILIKE 'R%'
tags.`a b` = 'x'
tags.team IN ('red')
tags.team > 'a'
tags.team IS NULL
creation_timestamp > 1
last_updated_timestamp > 1
description = 'x'
name > 'a'
name = 5
name = 'a' OR name = 'b'
(name = 'a')
name
metrics.x > 1
attribute.name = 's-model-a'
tags.`mlflow.prompt.is_prompt` = 'true'
tags.`mlflow.prompt.is_prompt` != 'true'
tags.mlflow.prompt.is_prompt = 'true' AND name LIKE 's-model%'
"""

VERSION_FILTERS = """
name = 's-model-a'
name LIKE 's-model%'
name ILIKE 'S-MODEL%'
name IN ('s-model-a', 's-model-b')
name != 's-model-a'
run_id = 'none'
run_id IN ('none')
run_id NOT IN ('none')
run_id IN ()
run_id LIKE 'n%'
source_path LIKE 'mlflow%'
source_path = 'x'
version_number = 1
version_number > 1
version_number >= '1'
version_number LIKE '1'
version_number = 1.5
version_number IN (1)
tags.team = 'red'
tags.team LIKE 'r%'
tags.team != 'red'
tags.team IN ('red')
creation_timestamp > 1
last_updated_timestamp > 1
current_stage = 'None'
name = 'a' OR name = 'b'
nothing = 'x'
name = 5
attributes.name = 's-model-a'
tags.`mlflow.prompt.is_prompt` = 'true'
"""


def registry_searches(pair: Pair) -> None:
    run = pair.post("runs/create", {"experiment_id": "0", "start_time": 1, "run_name": "reg"}).keep("run.info.run_id", "s reg")
    root = f"mlflow-artifacts:/0/{run}/artifacts"
    for name, tags in (("a", {"team": "red"}), ("b", {"team": "blue", "a b": "x"}), ("prompt", {"mlflow.prompt.is_prompt": "true"})):
        tagged = [{"key": key, "value": value} for key, value in tags.items()]
        pair.post("registered-models/create", {"name": f"s-model-{name}", "tags": tagged, "description": f"d {name}"})
        if name == "prompt":
            tagged.append({"key": "mlflow.prompt.text", "value": "hi"})
            pair.post("model-versions/create", {"name": "s-model-prompt", "source": "dummy-source", "tags": tagged})
            continue
        for version in (1, 2):
            pair.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/m/MLmodel", raw=MLMODEL)
            pair.post("model-versions/create", {"name": f"s-model-{name}", "source": f"{root}/m", "run_id": run, "tags": tagged if version == 1 else []})
    for text in MODEL_FILTERS.strip().split("\n"):
        pair.get("registered-models/search", filter=text)
    for order in ("name", "name DESC", "creation_timestamp DESC", "last_updated_timestamp ASC", "timestamp DESC", "description", "tags.team", "name SIDEWAYS", "attribute.name"):
        pair.get("registered-models/search", filter="name LIKE 's-model%'", order_by=order)
    pair.ask("GET", "registered-models/search", query={"filter": "name LIKE 's-model%'", "order_by": ["name DESC", "creation_timestamp"]})
    pair.ask("GET", "registered-models/search", query={"filter": "name LIKE 's-model%'", "order_by": ["name DESC", "name"]}, title="twice")
    for limit in (0, -1, 1000, 1001, "x"):
        pair.get("registered-models/search", filter="name LIKE 's-model%'", max_results=limit)
    pair.get("registered-models/search", filter="name LIKE 's-model%'", max_results=1).keep("next_page_token", "models page")
    pair.get("registered-models/search", filter="name LIKE 's-model%'", max_results=1, page_token="«models page»")
    pair.get("registered-models/search", page_token="nonsense")
    for text in VERSION_FILTERS.strip().split("\n"):
        pair.ask("GET", "model-versions/search", query={"filter": text, "order_by": ["name", "version_number"]})
    pair.get("model-versions/search", filter=f"run_id = '{run}'", order_by="version_number DESC")
    for order in ("name", "version_number DESC", "creation_timestamp", "last_updated_timestamp DESC", "run_id", "tags.team", "version DESC"):
        pair.ask("GET", "model-versions/search", query={"filter": "name = 's-model-a'", "order_by": [order]})
    for limit in (0, -1, 200_001, "x"):
        pair.get("model-versions/search", filter="name = 's-model-a'", max_results=limit)
    pair.get("model-versions/search", filter="name = 's-model-a'", max_results=1, order_by="version_number").keep("next_page_token", "versions page")
    pair.get("model-versions/search", filter="name = 's-model-a'", max_results=1, order_by="version_number", page_token="«versions page»")
    pair.get("model-versions/search", page_token="nonsense")


MLMODEL = "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    env: conda.yaml\nutc_time_created: '2026-01-01 00:00:00.000000'\n"

LOGGED_FILTERS = """
name = 'la'
name LIKE 'l%'
name ILIKE 'L%'
name != 'la'
name IN ('la', 'lb')
attributes.name = 'la'
attribute.name = 'la'
model_id = 'none'
model_type = 'agent'
status = 'READY'
status = 'LOGGED_MODEL_READY'
status != 'READY'
status = 'PENDING'
source_run_id = ''
creation_timestamp > 1
creation_timestamp_ms > 1
creation_time > 1
last_updated_timestamp > 1
last_updated_timestamp_ms > 1
metrics.acc > 0.5
metrics.acc = '0.5'
metrics.acc != 0.5
params.depth = '3'
params.depth > '1'
params.depth != '3'
params.depth IN ('3')
params.depth LIKE '3%'
tags.team = 'red'
tags.team != 'red'
tags.team IN ('red')
tags.team ILIKE 'R%'
tags.team IS NULL
nothing = 'x'
dataset.name = 'd'
name = 'a' OR name = 'b'
name
experiment_id = '1'
lifecycle_stage = 'active'
"""


def logged_model_searches(pair: Pair) -> None:
    home = pair.post("experiments/create", {"name": "s-logged"}).keep("experiment_id", "sl")
    run = pair.post("runs/create", {"experiment_id": home, "start_time": 1, "run_name": "sl"}).keep("run.info.run_id", "sl run")
    for number, name in enumerate(("la", "lb", "lc")):
        body = {"experiment_id": home, "name": name, "model_type": "agent" if number else "", "source_run_id": run if number == 2 else ""}
        body |= {"params": [{"key": "depth", "value": str(number + 2)}], "tags": [{"key": "team", "value": ["red", "blue", "Red"][number]}]}
        model = pair.post("logged-models", body).keep("model.info.model_id", f"sl {name}")
        for dataset, value in (("d", 0.4 + number / 10), ("e", 0.9 - number / 10)):
            # MLflow keeps one point of a key, time and step, whatever its dataset.
            moment = 1 if dataset == "d" else 2
            point = {"run_id": run, "key": "acc", "value": value, "timestamp": moment, "step": number, "model_id": model, "dataset_name": dataset, "dataset_digest": "1"}
            pair.post("runs/log-metric", point)
        pair.post("runs/log-metric", {"run_id": run, "key": "plain", "value": "NaN" if number == 1 else number, "timestamp": 1, "model_id": model})
        if number == 0:
            pair.patch(f"logged-models/{model}", {"model_id": model, "status": "LOGGED_MODEL_READY"})

    def find(title: str = "", **what: object) -> None:
        pair.post("logged-models/search", {"experiment_ids": [home], "order_by": [{"field_name": "name"}], **what}, title)

    for text in LOGGED_FILTERS.strip().split("\n"):
        find(filter=text)
    for name in ("name", "model_id", "model_type", "status", "creation_timestamp", "creation_time", "last_updated_timestamp", "metrics.acc", "metrics.plain", "metrics.none", "params.depth", "tags.team", "nothing", "source_run_id", "experiment_id", "metrics.`a b`", ""):
        if name in ("creation_timestamp", "creation_time", "last_updated_timestamp", "model_id"):
            find(order_by=[{"field_name": name, "ascending": True}, {"field_name": "name"}], filter="name = 'la'")
        else:
            find(order_by=[{"field_name": name, "ascending": True}, {"field_name": "name"}])
    find(order_by=[{"field_name": "metrics.plain", "ascending": False}])
    find(order_by=[{"field_name": "metrics.acc", "ascending": False, "dataset_name": "d"}])
    find(order_by=[{"field_name": "metrics.acc", "ascending": False, "dataset_name": "e", "dataset_digest": "1"}])
    find(order_by=[{"field_name": "metrics.acc", "dataset_digest": "1"}])
    find(order_by=[{"field_name": "name", "dataset_name": "d"}])
    find(order_by=["name"])
    find(order_by=[{}])
    find(datasets=[{"dataset_name": "d"}], filter="metrics.acc > 0.45")
    find(datasets=[{"dataset_name": "e", "dataset_digest": "1"}], filter="metrics.acc > 0.75")
    find(datasets=[{"dataset_name": "none"}], filter="metrics.acc > 0")
    find(datasets=[{"dataset_name": "d"}])
    find(datasets=[{"dataset_digest": "1"}])
    find(datasets=["d"])
    for limit in (0, -1, 1, 50, 51, 1000, 1001):
        find(max_results=limit)
    pair.post("logged-models/search", {"experiment_ids": [home], "order_by": [{"field_name": "name"}], "max_results": 2}).keep("next_page_token", "logged page")
    find("next page", max_results=2, page_token="«logged page»")
    find("token of another search", max_results=2, page_token="«logged page»", filter="name = 'la'")
    find("token", page_token="nonsense")
    pair.post("logged-models/search", {"experiment_ids": []}, "none")
    pair.post("logged-models/search", {}, "none said")
    pair.post("logged-models/search", {"experiment_ids": ["99999"]}, "unknown")
    pair.post("logged-models/search", {"experiment_ids": ["abc"]}, "no number")


SCENARIOS = [run_searches, experiment_searches, registry_searches, logged_model_searches]
