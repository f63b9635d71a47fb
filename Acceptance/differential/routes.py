"""Every classic and logged-model route with a good request, and the bad ones that are derived from it field by field."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from differential.pair import Pair

TEXT, NUMBER, REAL, FLAG, LIST = "text", "number", "real", "flag", "list"

# What stands in a field that should hold something else.
WRONG = {
    TEXT: [5, ["a"], {"a": 1}, True, None],
    NUMBER: ["abc", 1.5, [1], True, "12", None, 9_223_372_036_854_775_808],
    REAL: ["abc", [1.0], True, "1.5", None],
    FLAG: ["maybe", 1, "true", None],
    LIST: ["x", {"a": 1}, None],
}


@dataclass
class Shape:
    """A route: `good` is a whole valid body or query, `kinds` say what each field holds."""

    method: str
    path: str
    good: dict[str, object]
    kinds: dict[str, str]
    # Fields that must be unique for each call that succeeds.
    fresh: list[str] = field(default_factory=list)

    def bodies(self) -> Iterator[tuple[str, dict[str, object]]]:
        for name, kind in self.kinds.items():
            if name in self.good:
                yield f"without {name}", {key: value for key, value in self.good.items() if key != name}
            if kind == TEXT:
                yield f"empty {name}", {**self.good, name: ""}
            for wrong in WRONG[kind] if self.method != "GET" else []:
                yield f"{name} is {wrong!r}", {**self.good, name: wrong}
            if "_" in name and self.method != "GET":
                head, *rest = name.split("_")
                camel = head + "".join(part.capitalize() for part in rest)
                value = self.good.get(name, "x" if kind == TEXT else 1)
                yield f"{camel} and {name}", {**self.good, name: value, camel: value}
                yield f"{camel} alone", {**{key: one for key, one in self.good.items() if key != name}, camel: value}
        yield "an unknown field", {**self.good, "no_such_field": 1}
        if self.method != "GET":
            yield "nothing", {}


EXPERIMENT, SEARCHED, RUN, MODEL, LOGGED = "«shape experiment»", "«shape searched»", "«shape run»", "shape-model", "«shape logged»"

SHAPES = [
    Shape("POST", "experiments/create", {"name": "shape", "artifact_location": "", "tags": []}, {"name": TEXT, "artifact_location": TEXT, "tags": LIST}, ["name"]),
    Shape("GET", "experiments/get", {"experiment_id": EXPERIMENT}, {"experiment_id": TEXT}),
    Shape("GET", "experiments/get-by-name", {"experiment_name": "shapes"}, {"experiment_name": TEXT}),
    Shape("POST", "experiments/search", {"max_results": 3}, {"max_results": NUMBER, "filter": TEXT, "order_by": LIST, "page_token": TEXT, "view_type": TEXT}),
    Shape("GET", "experiments/search", {"max_results": 3}, {"max_results": NUMBER}),
    Shape("POST", "experiments/update", {"experiment_id": EXPERIMENT, "new_name": "shapes"}, {"experiment_id": TEXT, "new_name": TEXT}),
    Shape("POST", "experiments/set-experiment-tag", {"experiment_id": EXPERIMENT, "key": "k", "value": "v"}, {"experiment_id": TEXT, "key": TEXT, "value": TEXT}),
    Shape("POST", "experiments/delete-experiment-tag", {"experiment_id": EXPERIMENT, "key": "gone"}, {"experiment_id": TEXT, "key": TEXT}),
    Shape("POST", "experiments/delete", {"experiment_id": "99999"}, {"experiment_id": TEXT}),
    Shape("POST", "experiments/restore", {"experiment_id": "99999"}, {"experiment_id": TEXT}),
    Shape("POST", "runs/create", {"experiment_id": EXPERIMENT, "start_time": 1, "run_name": "r"}, {"experiment_id": TEXT, "start_time": NUMBER, "run_name": TEXT, "user_id": TEXT, "tags": LIST}),
    Shape("GET", "runs/get", {"run_id": RUN}, {"run_id": TEXT}),
    Shape("POST", "runs/update", {"run_id": RUN, "end_time": 5}, {"run_id": TEXT, "end_time": NUMBER, "run_name": TEXT, "status": TEXT}),
    Shape("POST", "runs/delete", {"run_id": "0" * 32}, {"run_id": TEXT}),
    Shape("POST", "runs/restore", {"run_id": "0" * 32}, {"run_id": TEXT}),
    Shape("POST", "runs/search", {"experiment_ids": [SEARCHED], "max_results": 1}, {"experiment_ids": LIST, "max_results": NUMBER, "filter": TEXT, "order_by": LIST, "page_token": TEXT, "run_view_type": TEXT}),
    Shape("POST", "runs/log-metric", {"run_id": RUN, "key": "m", "value": 1.0, "timestamp": 5, "step": 0}, {"run_id": TEXT, "key": TEXT, "value": REAL, "timestamp": NUMBER, "step": NUMBER, "model_id": TEXT, "dataset_name": TEXT}),
    Shape("POST", "runs/log-parameter", {"run_id": RUN, "key": "p", "value": "1"}, {"run_id": TEXT, "key": TEXT, "value": TEXT}),
    Shape("POST", "runs/set-tag", {"run_id": RUN, "key": "t", "value": "1"}, {"run_id": TEXT, "key": TEXT, "value": TEXT}),
    Shape("POST", "runs/delete-tag", {"run_id": RUN, "key": "gone"}, {"run_id": TEXT, "key": TEXT}),
    Shape("POST", "runs/log-batch", {"run_id": RUN, "metrics": [], "params": [], "tags": []}, {"run_id": TEXT, "metrics": LIST, "params": LIST, "tags": LIST}),
    Shape("POST", "runs/log-inputs", {"run_id": RUN, "datasets": []}, {"run_id": TEXT, "datasets": LIST, "models": LIST}),
    Shape("POST", "runs/outputs", {"run_id": RUN, "models": []}, {"run_id": TEXT, "models": LIST}),
    Shape("POST", "runs/log-model", {"run_id": RUN, "model_json": "{}"}, {"run_id": TEXT, "model_json": TEXT}),
    Shape("GET", "metrics/get-history", {"run_id": RUN, "metric_key": "h"}, {"run_id": TEXT, "metric_key": TEXT}),
    Shape("GET", "artifacts/list", {"run_id": RUN}, {"run_id": TEXT}),
    Shape("POST", "registered-models/create", {"name": "shape-new", "description": "d", "tags": []}, {"name": TEXT, "description": TEXT, "tags": LIST}, ["name"]),
    Shape("GET", "registered-models/get", {"name": MODEL}, {"name": TEXT}),
    Shape("GET", "registered-models/search", {"max_results": 3}, {"max_results": NUMBER}),
    Shape("PATCH", "registered-models/update", {"name": MODEL, "description": "d"}, {"name": TEXT, "description": TEXT}),
    Shape("POST", "registered-models/rename", {"name": MODEL, "new_name": MODEL}, {"name": TEXT, "new_name": TEXT}),
    Shape("DELETE", "registered-models/delete", {"name": "no such model"}, {"name": TEXT}),
    Shape("POST", "registered-models/get-latest-versions", {"name": MODEL, "stages": []}, {"name": TEXT, "stages": LIST}),
    Shape("GET", "registered-models/get-latest-versions", {"name": MODEL}, {"name": TEXT}),
    Shape("POST", "registered-models/set-tag", {"name": MODEL, "key": "k", "value": "v"}, {"name": TEXT, "key": TEXT, "value": TEXT}),
    Shape("DELETE", "registered-models/delete-tag", {"name": MODEL, "key": "gone"}, {"name": TEXT, "key": TEXT}),
    Shape("POST", "registered-models/alias", {"name": MODEL, "alias": "a", "version": "1"}, {"name": TEXT, "alias": TEXT, "version": TEXT}),
    Shape("GET", "registered-models/alias", {"name": MODEL, "alias": "zz"}, {"name": TEXT, "alias": TEXT}),
    Shape("DELETE", "registered-models/alias", {"name": MODEL, "alias": "zz"}, {"name": TEXT, "alias": TEXT}),
    Shape("POST", "model-versions/create", {"name": MODEL, "source": "dummy-source", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}, {"key": "mlflow.prompt.text", "value": "hi"}]}, {"name": TEXT, "source": TEXT, "run_id": TEXT, "tags": LIST, "run_link": TEXT, "description": TEXT, "model_id": TEXT}),
    Shape("GET", "model-versions/get", {"name": MODEL, "version": "1"}, {"name": TEXT, "version": TEXT}),
    Shape("GET", "model-versions/get-download-uri", {"name": MODEL, "version": "1"}, {"name": TEXT, "version": TEXT}),
    Shape("GET", "model-versions/search", {"max_results": 1}, {"max_results": NUMBER}),
    Shape("PATCH", "model-versions/update", {"name": MODEL, "version": "1", "description": "d"}, {"name": TEXT, "version": TEXT, "description": TEXT}),
    Shape("POST", "model-versions/transition-stage", {"name": MODEL, "version": "1", "stage": "Staging", "archive_existing_versions": False}, {"name": TEXT, "version": TEXT, "stage": TEXT, "archive_existing_versions": FLAG}),
    Shape("POST", "model-versions/set-tag", {"name": MODEL, "version": "1", "key": "k", "value": "v"}, {"name": TEXT, "version": TEXT, "key": TEXT, "value": TEXT}),
    Shape("DELETE", "model-versions/delete-tag", {"name": MODEL, "version": "1", "key": "gone"}, {"name": TEXT, "version": TEXT, "key": TEXT}),
    Shape("DELETE", "model-versions/delete", {"name": MODEL, "version": "99"}, {"name": TEXT, "version": TEXT}),
    Shape("POST", "logged-models", {"experiment_id": EXPERIMENT, "name": "lm"}, {"experiment_id": TEXT, "name": TEXT, "model_type": TEXT, "source_run_id": TEXT, "params": LIST, "tags": LIST}),
    Shape("PATCH", f"logged-models/{LOGGED}", {"model_id": LOGGED, "status": "LOGGED_MODEL_PENDING"}, {"status": TEXT}),
    Shape("PATCH", f"logged-models/{LOGGED}/tags", {"model_id": LOGGED, "tags": [{"key": "a", "value": "b"}]}, {"tags": LIST}),
    Shape("POST", f"logged-models/{LOGGED}/params", {"model_id": LOGGED, "params": [{"key": "a", "value": "b"}]}, {"params": LIST}),
    Shape("POST", "logged-models/search", {"experiment_ids": [SEARCHED], "max_results": 1}, {"experiment_ids": LIST, "filter": TEXT, "datasets": LIST, "max_results": NUMBER, "order_by": LIST, "page_token": TEXT}),
]  # fmt: skip


def prepare(pair: Pair) -> None:
    """What the good requests speak of."""
    pair.post("experiments/create", {"name": "shapes"}).keep("experiment_id", "shape experiment")
    pair.post("runs/create", {"experiment_id": EXPERIMENT, "start_time": 1, "run_name": "shape"}).keep("run.info.run_id", "shape run")
    pair.post("runs/log-metric", {"run_id": RUN, "key": "h", "value": 1.0, "timestamp": 5})
    pair.post("experiments/create", {"name": "shapes searched"}).keep("experiment_id", "shape searched")
    pair.post("runs/create", {"experiment_id": SEARCHED, "start_time": 1, "run_name": "shape"})
    pair.post("logged-models", {"experiment_id": SEARCHED, "name": "shape"})
    pair.post("registered-models/create", {"name": MODEL, "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]})
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}, {"key": "mlflow.prompt.text", "value": "hi"}]
    pair.post("model-versions/create", {"name": MODEL, "source": "dummy-source", "tags": tags})
    pair.post("logged-models", {"experiment_id": EXPERIMENT, "name": "shape"}).keep("model.info.model_id", "shape logged")


def ask(pair: Pair, shape: Shape) -> None:
    """The good request under both prefixes, then every bad one."""
    number = 0
    for prefix in ("/api/2.0/mlflow/", "/ajax-api/2.0/mlflow/"):
        number += 1
        send(pair, shape, prefix + shape.path, fresh(shape, shape.good, number), "good")
    for title, body in shape.bodies():
        number += 1
        send(pair, shape, shape.path, fresh(shape, body, number), title)


def send(pair: Pair, shape: Shape, path: str, body: dict[str, object], title: str) -> None:
    if shape.method == "GET":
        pair.ask("GET", path, query=body, title=title)
    else:
        pair.ask(shape.method, path, body=body, title=title)


def fresh(shape: Shape, body: dict[str, object], number: int) -> dict[str, object]:
    return {key: f"{value}-{number}" if key in shape.fresh and value == shape.good[key] else value for key, value in body.items()}
