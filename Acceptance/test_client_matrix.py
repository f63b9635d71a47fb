"""The stock MLflow clients of the matrix, each in an environment of its own, run the same suite (`clients/suite.py`), beside each other."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from jidoka import ROOT, Jidoka

VERSIONS = sorted(path.stem for path in (ROOT / "Acceptance/clients").glob("*.txt"))
SECONDS_MAX = 400


def test_matrix_holds_an_old_a_middle_and_the_newest_client() -> None:
    assert VERSIONS == ["2.22.4", "3.13.0", "3.17.2"]


@pytest.fixture(scope="module")
def suites(server: Jidoka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[subprocess.Popen[bytes], Path]]]:
    """One running suite for each version, with the file that takes what it says."""
    running: dict[str, tuple[subprocess.Popen[bytes], Path]] = {}
    variables = {
        **os.environ, "MLFLOW_TRACKING_URI": server.url, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "GIT_PYTHON_REFRESH": "quiet",
    }  # fmt: skip
    try:
        for version in VERSIONS:
            python = ROOT / f".venv-client-{version}/bin/python"
            assert python.exists(), f"{python} is missing: `scripts/setup test` makes it"
            folder = tmp_path_factory.mktemp("client")
            words = ["-m", "pytest", "-q", "--noconftest", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", folder]
            words += ["-W", "ignore", "--basetemp", folder / "tests", ROOT / "Acceptance/clients/suite.py"]
            said = folder / "said.txt"
            with said.open("wb") as out:
                process = subprocess.Popen([python, *words], cwd=folder, env=variables, stdout=out, stderr=out, start_new_session=True)
            running[version] = (process, said)
        yield running
    finally:
        for process, _ in running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.mark.parametrize("version", VERSIONS)
def test_client_passes_the_suite(suites: dict[str, tuple[subprocess.Popen[bytes], Path]], version: str) -> None:
    process, said = suites[version]
    status = process.wait(SECONDS_MAX)
    text = said.read_text(errors="replace")
    assert status == 0, text[-8000:]
    assert " passed" in text and "skipped" not in text, text[-500:]
