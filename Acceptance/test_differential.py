"""The same requests to MLflow's own server and to ours: every difference is in the table below, with its reason, and nowhere else.

A difference that no row explains fails, and so does a row that explains nothing any more. `docs/reference/mlflow.md` lists the rows.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from differential import evaluation, files, registry, routes, searching, tracing, tracking
from differential.pair import Difference, Pair
from jidoka import ROOT, Jidoka, free_port

MLFLOW = Path(os.environ.get("MLFLOW_SERVER_BINARY") or ROOT / ".venv-mlflow/bin/mlflow")
SCENARIOS = [*tracking.SCENARIOS, *searching.SCENARIOS, *registry.SCENARIOS, *files.SCENARIOS, *tracing.SCENARIOS, *evaluation.SCENARIOS]


@dataclass(frozen=True)
class Row:
    """A difference that is meant. Each pattern is a regular expression that must be found in its part of the difference."""

    reason: str
    call: str = ""
    place: str = ""
    reference: str = ""
    ours: str = ""
    # Something that is still missing here: the row may stay a while after the gap was closed.
    gap: bool = False

    def explains(self, difference: Difference) -> bool:
        parts = ((self.call, difference.call), (self.place, difference.place), (self.reference, difference.reference), (self.ours, difference.ours))
        return all(re.search(pattern, text, re.DOTALL) for pattern, text in parts)


WRONG_TYPE = r"400 INVALID_PARAMETER_VALUE .*: Invalid value .* supplied:  Hint: Value was of type"
REFUSED = r"400 INVALID_PARAMETER_VALUE"

ROWS: list[Row] = [
    Row("MLflow fails with 500, which clients repeat for minutes; ours answers the request, or refuses it with 400", reference=r"^500 "),
    Row("MLflow shows its database's own error, with its code; ours says what is wrong, or does what was asked", reference=r"IntegrityError"),
    Row("what to do is added in parentheses", place="answer", reference=r"^(4.*)$", ours=r"^4.* \(.*\)$"),
    Row("a value of a wrong type is refused by its name; MLflow drops it, and all fields after it, without a word", reference=r"^(?!.*Hint: Value was)", ours=WRONG_TYPE),
    Row("a whole number beyond 64 bits is written as a floating-point number in the refusal", reference=r"9223372036854775808", ours=r"9\.223372036854776e\+18"),
    Row("an entry without its key is refused", reference=r"^(200|400 .*ATTRIBUTE_NOT_FOUND|400 .*must be specified)", ours=rf"{REFUSED} .*: Missing value for required parameter '[a-z_]+\[\d+\]"),
    Row("a dataset needs a name, a digest, a source type and a source", call=r"runs/log-inputs", reference=r"^200", ours=r"Missing value for required parameter 'datasets"),
    Row("the limits of names and counts hold at creation too, on every store", call=r"(runs/create|registered-models/create|logged-models) ", reference=r"^200", ours=rf"{REFUSED} .*(exceeds the maximum length|Names may|can contain at most)"),
    Row("a logged model's long param is cut to 6000 characters, as a run's is", call=r"logged-models ", place=r"params\[0\]\.value"),
    Row("ids and version numbers are digits and nothing else", reference=r"^200", ours=rf"{REFUSED} .*(Experiment ID must be a valid integer|must be an integer, got ' 1')"),
    Row("artifacts lie in this server's own store only", call=r"experiments/create.*location", ours=rf"{REFUSED} .*Invalid artifact location"),
    Row("a version's source is a model or an artifact of this server, never a path or an address", call=r"model-versions/create", ours=rf"{REFUSED} .*: Invalid model version source"),
    Row("a source of a run is followed when it is registered: the answer is where its files are", call=r"get-download-uri", place=r"artifact_uri", reference=r"runs:/"),
    Row("an update without a description empties it; ours shows it as empty text", call=r"model-versions/update", place=r"description", ours='""'),
    Row("the words for a missing name or version of a download", call=r"get-download-uri", reference=rf"{REFUSED}", ours=rf"{REFUSED} .*: Missing value for required"),
    Row("a page token is refused in one way, also one with a negative offset", ours=rf"{REFUSED} .*: Invalid page token"),
    Row("a limit that is none is refused everywhere", call=r"max_results|limit", reference=r"^(200|400)", ours=rf"{REFUSED} .*max_results"),
    Row("searches go beyond MLflow's language: what it refuses here is answered", call=r"search", reference=rf"^{REFUSED}", ours=r"^200"),
    Row("a search that is refused says so in fewer forms of words", call=r"search", reference=rf"^{REFUSED}", ours=rf"^{REFUSED} (?!.*Hint: Value)"),
    Row("a dangling AND, a missing AND or a missing key is refused, not ignored", call=r"(runs|traces)/search", reference=r"^200", ours=rf"^{REFUSED} .*(Invalid clause|Invalid attribute key 'metrics')"),
    Row("a comma at the end of a list is refused", call=r"run_id IN \('a',\)", reference=r"^200", ours=rf"^{REFUSED}"),
    Row("a doubled quote in a filter stands for one", call=r"it''s", place=r"body\.runs", reference="absent"),
    Row("a quoted version number is no number", call=r"version_number >= '1'", reference=r"^200", ours=rf"^{REFUSED}"),
    Row("logged models are found by their status; MLflow compares its names with its numbers and finds none", call=r"logged-models/search.*status", place=r"body\.models"),
    Row("deleted logged models are not found: their life cycle is no attribute", call=r"lifecycle_stage = 'active'", reference=r"^200", ours=rf"^{REFUSED}"),
    Row("a logged model's search may also compare lists of params and tags there, not yet here", call=r"logged-models/search.*(params|tags)\.\w+ IN", reference=r"^200", ours=rf"^{REFUSED}", gap=True),
    Row("NaN of a logged model's metric stays NaN; MLflow reads it as 0", call=r"logged-models/search", place=r"metrics\[\d\]\.value", reference=r"^0\.0$", ours=r'^"NaN"$'),
    Row("NaN and missing values sort last, as in runs; MLflow sorts a logged model's NaN as 0", call=r"logged-models/search.*metrics\.plain"),
    Row("a dataset without a digest is a dataset of any digest; MLflow looks for one whose digest is empty", call=r'datasets": \[\{"dataset_name": "d"\}', place=r"body\.models", reference="absent"),
    Row("the page token of a search for logged models has another form; clients give it back as it is", call=r"logged-models/search", place=r"next_page_token"),
    Row("a logged model shows the latest point of each key, dataset and run; MLflow lists all points", call=r"GET .*logged-models/.*with metrics", place=r"data\.metrics"),
    Row("a logged model is finalized with a status that exists", call=r"PATCH .*logged-models", reference=r"^200", ours=rf"{REFUSED} .*Invalid model status"),
    Row("the id in the path is enough", call=r"logged-models/", reference=r"Missing value for required parameter 'model_id'"),
    Row("a logged model's long tag is cut to 8000 characters, as a run's is", call=r"logged-models ", place=r"tags\[0\]\.value"),
    Row("a logged model that is deleted is gone", call=r"DELETE .*logged-models/.*twice", reference=r"^200", ours=r"^404"),
    Row("a refused name is shown as it was sent, not escaped", call="木", reference=r"\\u6728"),
    Row("an alias of a model that does not exist is refused by the model's name", call=r"registered-models/alias .*unknown model", ours=r"Registered Model with name=none not found"),
    Row("the words for a missing path, name or run of a file", call=r"artifact", reference=r"^40[04]", ours=rf"{REFUSED} .*: Missing value for required parameter"),
    Row("a backslash in a path is refused", call=r"a\\\\b", ours=rf"{REFUSED} .*: Invalid path"),
    Row("the root of a run's files may be written `/` or `.`, and paths below it are plain", call=r'artifacts/list .*"path": "[/.]"'),
    Row("an empty file has a size, 0", place=r"file_size", reference="absent", ours=r"^0$"),
    Row("a folder is refused in the form of all errors", call=r"# folder", reference=r"detail"),
    Row("more kinds of files have a type of their own", call=r"p\.parquet|x\.tar\.gz", place="header content-type"),
    Row("a file name beyond ASCII has a plain twin without accents in MLflow, with underscores here; clients read the exact one", place="header content-disposition", reference=r"u \.txt"),
    Row("a quote in a file name is written in both forms", place="header content-disposition", reference=r"q'\.txt"),
    Row("NaN in a refusal is shown in quotes", call=r"# body", reference=r"Invalid value NaN", ours=r'Invalid value \\?"NaN'),
    Row("a version that a search finds carries its aliases", call=r"model-versions/search", place=r"aliases", reference="absent"),
    Row("the status message says what was verified, and what could not be", place=r"status_message", ours="verified|models:/|mlflow-artifacts|registered|outside|cannot|follow"),
    Row("a version whose files this server cannot read is not ready; MLflow makes it ready unseen", call=r"s3://bucket/model", place=r"model_version\.(status|version|status_message)$"),
    Row("unknown paths and methods are answered in JSON; clients look at the status only", reference="«HTML page»", ours=r"^(404|405) "),
    Row("the AI gateway is not part of this server", call=r"server-info", place=r"features_enabled\.gateway"),
    Row("presigned uploads are not offered", call=r"server-info", place=r"presigned_"),
    Row("a trace has an id", call=r"mlflow/traces .*# no id", reference=r"^200", ours=r"Missing value for required parameter 'trace.trace_info.trace_id'"),
    Row("a trace of the second protocol has its times", call=r"/api/2.0/mlflow/traces.*# no time", reference=r"^200", ours=r"Missing value for required parameter 'timestamp_ms'"),
    Row("a time or a duration that is none is refused; MLflow drops it, and all fields after it, without a word", call=r"mlflow/traces .*that is none", reference=r"^200", ours=rf"{REFUSED} .*Invalid value '(yesterday|long)'"),
    Row("spans go to an experiment that exists", call=r"/v1/traces .*x-mlflow-experiment-id", reference=r"^200", ours=r"^40[04] "),
    Row("refusals of spans have the form that OpenTelemetry says", call=r"/v1/traces", reference=r'^4\d\d \{"detail"', ours=r"^4"),
    Row("a whole number in an assessment stays one; MLflow makes it a floating-point number", place=r"(feedback|expectation)\.value", reference=r"^\d+\.0$", ours=r"^\d+$"),
    Row("an assessment has a name", call=r"assessments .*# no name", reference=r"^200", ours=r"an assessment needs a name"),
    Row("attributes of a span that an exporter wrote as JSON are found without their quotes", call=r"span\.(type = 'LLM'|attributes\.color = 'blue')", place=r"body\.traces", reference="absent"),
    Row("a trace's long tag is cut to 8000 characters; MLflow shows 4096 of them", call=r"traces/", place=r"tags\.long"),
    Row("traces are linked to runs that exist", call=r"link-to-run", reference=r"^200", ours=r"^404 .*Run with id="),
    Row("the words for a figure that there is not", call=r"traces/metrics", reference=r"^400", ours=rf"{REFUSED}"),
    Row("figures are of traces, spans or assessments", call=r"traces/metrics .*NOTHING", reference=r"^200", ours=rf"{REFUSED} .*view_type"),
    Row("an evaluation dataset names its experiments; MLflow's client asks for them when it is not told", place=r"dataset\.experiment_ids", reference="absent"),
    Row("an evaluation record leaves out what it does not have", call=r"datasets/.*/records", place=r"records\[\d\]\.(outputs|tags)", reference=r"^\{\}$", ours="absent"),
    Row("an unknown evaluation dataset is refused by every route, in the same words", call=r"datasets/", ours=r"^404 .*Evaluation dataset with id"),
    Row("evaluation datasets belong to experiments that exist", call=r"mlflow/datasets/", ours=r"^404 .*No Experiment with id=987654 exists"),
    Row("records that are no list are refused", call=r"records .*not a list", reference=r"^200", ours=rf"{REFUSED} .*must be a JSON list"),
]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("differential")
    ours = Jidoka(folder)
    reference = start_reference(folder)
    try:
        ours.start()
        yield Pair({"reference": wait_for_reference(*reference), "ours": ours.url})
    finally:
        os.killpg(reference[0].pid, signal.SIGKILL)
        reference[0].wait()
        ours.stop()


def start_reference(folder: Path) -> tuple[subprocess.Popen[bytes], str, Path]:
    """`mlflow server` with one worker, without its job runner, on SQLite and a folder."""
    assert MLFLOW.exists(), f"{MLFLOW} is missing: `scripts/setup test` makes it"
    port, log = free_port(), folder / "mlflow.log"
    words = ["server", "--workers", "1", "--host", "127.0.0.1", "--port", str(port), "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    words += ["--artifacts-destination", str(folder / "artifacts")]
    settings = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    variables = {**os.environ, **settings, "PATH": os.pathsep.join([str(MLFLOW.parent), os.environ["PATH"]])}
    with log.open("wb") as out:
        process = subprocess.Popen([str(MLFLOW), *words], cwd=folder, env=variables, stdout=out, stderr=out, start_new_session=True)
    return process, f"http://127.0.0.1:{port}", log


def wait_for_reference(process: subprocess.Popen[bytes], url: str, log: Path, patience: float = 120) -> str:
    begun = time.monotonic()
    while time.monotonic() - begun < patience:
        assert process.poll() is None, f"mlflow server ended with {process.returncode}\n{log.read_text()[-4000:]}"
        try:
            if requests.get(f"{url}/health", timeout=2).status_code == 200:
                return url
        except requests.ConnectionError:
            time.sleep(0.2)
    raise AssertionError(f"mlflow server did not answer within {patience} s\n{log.read_text()[-4000:]}")


def check(pair: Pair, before: int) -> None:
    found = [one for one in pair.differences[before:] if not any(row.explains(one) for row in ROWS)]
    assert not found, f"{len(found)} differences that no row explains:\n" + "\n".join(map(str, found))


@pytest.fixture(scope="module")
def prepared(pair: Pair) -> Pair:
    """The pair, with what the good requests of the route table speak of."""
    routes.prepare(pair)
    return pair


@pytest.mark.parametrize("shape", routes.SHAPES, ids=lambda shape: f"{shape.method} {re.sub('«.*?»', 'id', shape.path)}")
def test_route_answers_good_and_bad_fields_as_mlflow_does(prepared: Pair, shape: routes.Shape) -> None:
    before = len(prepared.differences)
    routes.ask(prepared, shape)
    check(prepared, before)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_scenario_goes_as_with_mlflow(pair: Pair, scenario) -> None:
    before = len(pair.differences)
    scenario(pair)
    check(pair, before)


def test_the_page_lists_every_row() -> None:
    page = (ROOT / "docs/reference/mlflow.md").read_text()
    assert [row.reason for row in ROWS] == [line[2:] for line in page.splitlines() if line.startswith("- ")]


def test_enough_was_asked_and_every_row_is_needed(pair: Pair) -> None:
    assert pair.calls >= 300, pair.calls
    idle = [row for row in ROWS if not row.gap and not any(row.explains(one) for one in pair.differences)]
    assert not idle, "rows that explain nothing any more:\n" + "\n".join(map(str, idle))
