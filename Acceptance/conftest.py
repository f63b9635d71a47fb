"""Real clients against the built binary. JIDOKA_BINARY names it; without, it is .build/release/jidoka.

The MLflow tests also run against MLflow's own server, as a check of the tests:
ACCEPTANCE_MLFLOW_URL=http://127.0.0.1:5000 pytest test_mlflow_client.py
"""

import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
# A refused request should fail a test now, not after minutes of retries.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")

import pytest

from deployment import LINE, Deployment, deploy, write_line
from jidoka import Jidoka


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with a line of its own: one model, one endpoint, one dataset."""
    return write_line(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def server(project: Path) -> Iterator[Jidoka]:
    """One server for all tests that do not end it."""
    jidoka = Jidoka(project, grpc=True)
    jidoka.start()
    yield jidoka
    assert jidoka.stop() == 0, jidoka.log_tail()


@pytest.fixture(scope="session")
def mlflow_url(request: pytest.FixtureRequest) -> str:
    return os.environ.get("ACCEPTANCE_MLFLOW_URL") or request.getfixturevalue("server").url


@pytest.fixture(scope="session")
def deployment(server: Jidoka) -> Deployment:
    """An ONNX model that the stock client logged and registered, promoted, answering at its endpoint."""
    return deploy(server, LINE)
