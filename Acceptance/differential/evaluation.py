"""Evaluation datasets and scorers."""

import json

from differential.pair import Pair

DATASETS = "/api/3.0/mlflow/datasets"
SCORERS = "/api/3.0/mlflow/scorers"


def datasets(pair: Pair) -> None:
    home = pair.post("experiments/create", {"name": "evaluated"}).keep("experiment_id", "e home")
    other = pair.post("experiments/create", {"name": "evaluated too"}).keep("experiment_id", "e other")
    one = pair.post(f"{DATASETS}/create", {"name": "questions", "experiment_ids": [home], "tags": json.dumps({"team": "red", "mlflow.user": "ann"})}).keep("dataset.dataset_id", "ds one")
    two = pair.post(f"{DATASETS}/create", {"name": "answers"}).keep("dataset.dataset_id", "ds two")
    for body in ({}, {"name": ""}, {"name": "tagged", "tags": "not json"}, {"name": "typed", "tags": {"a": "b"}}):
        pair.post(f"{DATASETS}/create", body)
    for identity in (one, two, "d-none"):
        pair.get(f"{DATASETS}/{identity}")
        pair.get(f"{DATASETS}/{identity}/experiment-ids")
        pair.get(f"{DATASETS}/{identity}/records")
    rows = [
        {"inputs": {"q": "a"}, "expectations": {"e": 1}, "tags": {"t": "x"}, "source": {"source_type": "HUMAN", "source_data": {"user_name": "ann"}}},
        {"inputs": {"q": "b", "deep": [1, {"c": None}]}}, {"inputs": {"q": "a"}, "expectations": {"f": 2}},
    ]  # fmt: skip
    # Records of one request have one time, and then no order of their own: the first comes alone.
    pair.post(f"{DATASETS}/{one}/records", {"records": json.dumps(rows[:1])}, "one")
    for title, records in (("another and two merges", json.dumps(rows)), ("again", json.dumps(rows)), ("none", "[]"), ("not JSON", "x"), ("not a list", "{}"), ("no inputs", '[{"expectations": {"a": 1}}]'), ("as a list", [1])):
        pair.post(f"{DATASETS}/{one}/records", {"records": records}, title)
    pair.post(f"{DATASETS}/{one}/records", {}, "nothing")
    pair.post(f"{DATASETS}/d-none/records", {"records": json.dumps(rows)}, "unknown")
    for query in ({}, {"max_results": 1}, {"max_results": 0}, {"page_token": "bogus"}):
        pair.get(f"{DATASETS}/{one}/records", **query)
    pair.get(f"{DATASETS}/{one}")
    for body in ({"tags": json.dumps({"team": "blue", "stage": "trial"})}, {"tags": "x"}, {}, {"tags": json.dumps({"team": None})}):
        pair.patch(f"{DATASETS}/{one}/tags", body)
    pair.patch(f"{DATASETS}/d-none/tags", {"tags": "{}"}, "unknown")
    pair.delete(f"{DATASETS}/{one}/tags/stage")
    pair.delete(f"{DATASETS}/{one}/tags/stage", title="twice")
    pair.get(f"{DATASETS}/{one}")
    for verb in ("add", "remove"):
        for body in ({"experiment_ids": [other]}, {"experiment_ids": [other]}, {"experiment_ids": []}, {}, {"experiment_ids": ["987654"]}):
            pair.post(f"{DATASETS}/{one}/{verb}-experiments", body)
        pair.post(f"{DATASETS}/d-none/{verb}-experiments", {"experiment_ids": [home]}, "unknown")
        pair.get(f"{DATASETS}/{one}/experiment-ids")
    for body in ({}, {"experiment_ids": [home]}, {"filter_string": "name = 'answers'"}, {"filter_string": "name LIKE 'q%'"}, {"filter_string": "tags.team = 'blue'"}, {"filter_string": "nothing = 1"}, {"filter_string": "created_by = 'ann'"},
                 {"order_by": ["name ASC"]}, {"order_by": ["name DESC"]}, {"order_by": ["created_time ASC"]}, {"order_by": ["nothing"]}, {"max_results": 1, "order_by": ["name ASC"]}, {"max_results": 0}, {"page_token": "bogus"}):  # fmt: skip
        pair.post(f"{DATASETS}/search", body)
    pair.get(f"{DATASETS}/{one}/records")
    pair.post(f"{DATASETS}/create", {"name": "nowhere", "experiment_ids": ["987654"]}, "unknown experiment")
    for identity in (two, two, "d-none"):
        pair.delete(f"{DATASETS}/{identity}")
    pair.get(f"{DATASETS}/{two}", title="deleted")


def scorers(pair: Pair) -> None:
    home = pair.post("experiments/create", {"name": "scored"}).keep("experiment_id", "s home")
    builtin = json.dumps({"name": "exact", "mlflow_version": "3.17.2", "builtin_scorer_class": "Correctness", "builtin_scorer_pydantic_data": {"name": "correctness"}})
    good = {"experiment_id": home, "name": "exact", "serialized_scorer": builtin}
    for body in (good, good, {**good, "name": "other"}, {**good, "name": ""}, {**good, "experiment_id": "987654"}, {"experiment_id": home, "name": "x"}, {}, {**good, "serialized_scorer": "not json"}):
        pair.post(f"{SCORERS}/register", body)
    for query in ({"experiment_id": home}, {}, {"experiment_id": "987654"}):
        pair.get(f"{SCORERS}/list", **query)
    for query in ({"experiment_id": home, "name": "exact"}, {"experiment_id": home, "name": "none"}, {"experiment_id": home}, {"name": "exact"}):
        pair.get(f"{SCORERS}/versions", **query)
        pair.get(f"{SCORERS}/get", **query)
    for version in (1, 2, 9, "x"):
        pair.get(f"{SCORERS}/get", experiment_id=home, name="exact", version=version)
    for body in ({"experiment_id": home, "name": "exact", "version": 1}, {"experiment_id": home, "name": "exact", "version": 1}, {"experiment_id": home, "name": "exact", "version": 9}, {"experiment_id": home, "name": "none"}, {"experiment_id": home, "name": "exact"}, {}):
        pair.delete(f"{SCORERS}/delete", body)
    pair.get(f"{SCORERS}/list", experiment_id=home, title="after")
    for query in ({"scorer_ids": ["x", "y"]}, {}):
        pair.get(f"{SCORERS}/online-configs", **query)


SCENARIOS = [datasets, scorers]
