"""Stages 5 to 7: the endpoint answers, two years pass, the monitor has watched."""

import io
import re
import time

import joblib
import numpy as np
import pandas as pd

from .census import FEATURES, People
from .checks import expect
from .demo import LINE, WINDOW_ROWS, Demo
from .traffic import Tally

TOLERANCE = 1e-5
ROWS_PER_REQUEST = 50


def agree(demo: Demo) -> None:
    """The same 1,000 rows through three protocols, against the estimator that the training script saved."""
    path = f"/api/v1/datasets/census/versions/{demo.data_version}/content"
    holdout = People.of(pd.read_parquet(io.BytesIO(demo.server.content(path, part="holdout")))).chunk(0, 1000)
    expect(len(holdout) == 1000, "1,000 held-out rows", len(holdout))
    estimator = joblib.load(io.BytesIO(artifact(demo, "sklearn/model.joblib")))
    wanted = estimator.predict_proba(holdout.features)
    figures = {}
    for name, ask in (("v2 JSON", ask_json), ("v2 binary", ask_binary), ("TensorFlow-Serving", ask_tensorflow)):
        labels, probabilities = ask(demo, holdout)
        worst = float(np.abs(probabilities - wanted).max())
        expect(worst <= TOLERANCE, f"{name} equals scikit-learn within {TOLERANCE}", worst)
        clear = np.abs(wanted[:, 1] - 0.5) > TOLERANCE
        expect(bool((labels == wanted.argmax(axis=1))[clear].all()), f"{name} answers scikit-learn's labels")
        demo.say(f"{name}: 1,000 rows, largest difference to scikit-learn {worst:.1e}")
        figures[name] = worst
    demo.world.tell_all()
    demo.figures["largest_difference"] = figures


def artifact(demo: Demo, path: str) -> bytes:
    info = demo.server.get("/api/2.0/mlflow/runs/get", run_id=demo.run_id)["run"]["info"]
    scheme, _, root = info["artifact_uri"].partition(":")
    expect(scheme == "mlflow-artifacts", "artifacts go through the server", info["artifact_uri"])
    return demo.server.content(f"/api/2.0/mlflow-artifacts/artifacts/{root.strip('/')}/{path}")


def take_headers(demo: Demo, headers, people: People) -> None:
    """Every answer says who made it; the labels of these rows will come like those of all others."""
    prediction = headers.get("x-jidoka-prediction-id")
    expect(bool(prediction), "the answer has a prediction id", dict(headers))
    expect(headers.get("x-jidoka-model-version") == demo.first_version, "the answer names the model version", dict(headers))
    expect(headers.get("x-jidoka-route") == "champion", "the answer names the route", dict(headers))
    for place, truth in enumerate(people.truth.tolist()):
        demo.world.owe(prediction if len(people) == 1 else f"{prediction}-{place}", truth)


def ask_json(demo: Demo, people: People):
    labels, probabilities = [], []
    for start in range(0, len(people), ROWS_PER_REQUEST):
        part = people.chunk(start, ROWS_PER_REQUEST)
        tensor = {"name": "features", "datatype": "FP32", "shape": list(part.features.shape), "data": part.features.ravel().tolist()}
        answer = demo.server.session.post(f"{demo.server.url}/v2/models/{LINE}/infer", json={"inputs": [tensor]}, timeout=30)
        expect(answer.status_code == 200, "v2 JSON answers 200", answer.text)
        take_headers(demo, answer.headers, part)
        outputs = {output["name"]: output for output in answer.json()["outputs"]}
        labels.append(np.array(outputs["label"]["data"]))
        probabilities.append(np.array(outputs["probabilities"]["data"]).reshape(outputs["probabilities"]["shape"]))
    return np.concatenate(labels), np.concatenate(probabilities)


def ask_binary(demo: Demo, people: People):
    from tritonclient import http

    labels, probabilities = [], []
    with http.InferenceServerClient(f"127.0.0.1:{demo.server.port}") as client:
        expect(client.is_server_ready() and client.is_model_ready(LINE), "tritonclient finds the model ready")
        for start in range(0, len(people), ROWS_PER_REQUEST):
            part = people.chunk(start, ROWS_PER_REQUEST)
            tensor = http.InferInput("features", list(part.features.shape), "FP32")
            tensor.set_data_from_numpy(part.features, binary_data=True)
            wanted = [http.InferRequestedOutput(name, binary_data=True) for name in ("label", "probabilities")]
            answer = client.infer(LINE, [tensor], outputs=wanted)
            parameters = answer.get_response()["parameters"]
            headers = {
                "x-jidoka-prediction-id": parameters["prediction_id"],
                "x-jidoka-model-version": str(parameters.get("jidoka_model_version", answer.get_response()["model_version"])),
                "x-jidoka-route": parameters["route"],
            }
            take_headers(demo, headers, part)
            labels.append(answer.as_numpy("label"))
            probabilities.append(answer.as_numpy("probabilities"))
    return np.concatenate(labels), np.concatenate(probabilities)


def ask_tensorflow(demo: Demo, people: People):
    labels, probabilities = [], []
    for start in range(0, len(people), ROWS_PER_REQUEST):
        part = people.chunk(start, ROWS_PER_REQUEST)
        url = f"{demo.server.url}/v1/models/{LINE}:predict"
        answer = demo.server.session.post(url, json={"instances": part.features.tolist()}, timeout=30)
        expect(answer.status_code == 200, "TensorFlow-Serving REST answers 200", answer.text)
        take_headers(demo, answer.headers, part)
        labels += [one["label"] for one in answer.json()["predictions"]]
        probabilities += [one["probabilities"] for one in answer.json()["predictions"]]
    return np.array(labels), np.array(probabilities)


def replay(demo: Demo) -> None:
    natural = demo.census.natural(demo.rows)
    tally = demo.world.watch(Tally())
    begun = time.monotonic()
    demo.replay(natural, "people of 2016 to 2018")
    seconds = time.monotonic() - begun
    demo.world.tell_all()
    demo.nothing_failed()
    expect(set(tally.routes) == {"champion"}, "the champion answers everybody", dict(tally.routes))
    demo.say(f"{tally.answered:,} people asked, {tally.failed} requests failed, {tally.answered / seconds:,.0f} answers/s")
    demo.say(f"latency seen by the callers: p50 {tally.quantile(0.5):.2f} ms, p99 {tally.quantile(0.99):.2f} ms")
    demo.say(f"accuracy on them {tally.accuracy():.4f}; {demo.world.labels:,} labels have arrived")
    prediction = next(iter(demo.world.last_prediction.values()))
    joined = demo.server.get(f"/api/v1/predictions/{prediction}")
    expect(joined.get("label") is not None, f"prediction {prediction} is joined with its label", joined)
    demo.figures["natural"] = {
        "rows": tally.answered, "seconds": seconds,
        "accuracy": tally.accuracy(), "p50_ms": tally.quantile(0.5), "p99_ms": tally.quantile(0.99),
    }  # fmt: skip


def report(demo: Demo) -> None:
    """The monitor's windows, in the terminal, as JSON and as HTML."""
    windows = demo.evaluated_windows()
    demo.say(f"{len(windows)} windows of {WINDOW_ROWS:,} rows are evaluated")
    shown = demo.server.command("monitor", "show", LINE)
    prints = shown.returncode == 0 and "AGEP" in shown.stdout
    expect(prints, "`jidoka monitor show` prints each feature's drift", shown.stdout + shown.stderr)
    for line in shown.stdout.splitlines():
        demo.say("| " + line)
    document = demo.server.get(f"/api/v1/monitors/{LINE}/report")
    expect(isinstance(document, dict) and "AGEP" in str(document), "the report comes as JSON", document)
    path = demo.server.folder / "report.html"
    demo.server.cli("monitor", "show", LINE, "--html", path)
    page = path.read_text()
    expect("<html" in page and "<svg" in page and "AGEP" in page, "the HTML report has charts of the features", page[:300])
    outside = re.findall(r"""(?:src|href)=["']?(https?:[^"'> ]+)""", page)
    expect(not outside, "the HTML report is self-contained", outside)
    drifted = demo.server.events("drift.confirmed")
    expect(not drifted, "no drift is confirmed while the population stays the same", drifted)
    demo.say(f"report: {path}")
    demo.figures["monitor"] = {
        "windows": len(windows),
        "drift_at_most": {feature: max(drift_values(window)[feature] for window in windows) for feature in FEATURES},
        "accuracy": [window["performance"]["metrics"].get("accuracy") for window in reversed(windows)],
    }


def drift_values(window: dict) -> dict[str, float]:
    """The population stability index of each feature, corrected for the sample size, as the monitor measured it."""
    values = {feature["name"]: feature["psi_corrected"] for feature in window["features"]}
    expect(all(values.get(name) is not None for name in FEATURES), "every feature's drift is measured", values)
    return values
