"""The main job itself, with fewer rows and no terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jidoka import ROOT, binary

EXAMPLE = ROOT / "Examples/employment"
SUMMARY = EXAMPLE / "demo-summary.json"


@pytest.fixture(scope="module")
def demo() -> subprocess.CompletedProcess[str]:
    data = EXAMPLE / "data/employment_MA_reference.pq"
    assert data.exists(), f"{data} is missing: `scripts/setup example` fetches it"
    SUMMARY.unlink(missing_ok=True)
    # Its own environment where there is one: the pipeline's step runs `python train.py` with it.
    python = ROOT / ".venv/bin/python"
    return subprocess.run(
        [python if python.exists() else sys.executable, "demo.py"],
        cwd=EXAMPLE,
        env={**os.environ, "JIDOKA_BINARY": binary(), "JIDOKA_DEMO_ROWS": "4000"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=420,
    )


@pytest.fixture(scope="module")
def summary(demo: subprocess.CompletedProcess[str]) -> dict:
    assert demo.returncode == 0, demo.stdout
    return json.loads(SUMMARY.read_text())


def test_demo_ends_well(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.returncode == 0, demo.stdout
    for number in range(1, 11):
        assert f"\n{number}. " in demo.stdout


def test_every_request_was_answered_and_every_label_joined(summary: dict) -> None:
    requests = summary["requests"]
    assert requests["failed"] == 0 and requests["answered"] >= 4000 + 4000
    assert requests["labels"] == requests["answered"] + 3000
    assert 0 < requests["p50_ms"] <= requests["p99_ms"]


def test_retraining_helped_and_the_bad_version_did_not(summary: dict) -> None:
    accuracy = summary["accuracy"]
    assert accuracy["champion_natural"] > 0.77
    assert accuracy["champion_shifted"] < accuracy["champion_natural"] - 0.1
    assert accuracy["challenger_shifted"] > accuracy["champion_shifted"] + 0.02
    assert accuracy["bad_version_shifted"] < accuracy["challenger_shifted"] - 0.05


def test_all_stages_are_timed_and_fit(summary: dict) -> None:
    assert [stage["stage"] for stage in summary["stages"]] == list(range(1, 11))
    assert all(stage["seconds"] > 0 for stage in summary["stages"])
    assert summary["seconds"] < 300
    assert summary["server"]["start_seconds"] < 2


def test_answers_equalled_scikit_learn_in_three_protocols(summary: dict) -> None:
    differences = summary["figures"]["largest_difference"]
    assert len(differences) == 3 and max(differences.values()) <= 1e-5


def test_no_process_is_left(summary: dict) -> None:
    """`summary` asks that the demo has ended."""
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"up" in words and any(str(EXAMPLE / ".jidoka").encode() in word for word in words):
            left.append(process.name)
    assert not left
