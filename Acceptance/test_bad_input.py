"""Bad input gets a clear error with a hint; nothing is lost and nothing crashes."""

import ctypes
import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from deployment import Deployment, write_line
from jidoka import Jidoka, free_port, run


@pytest.fixture(autouse=True)
def server_survives(server: Jidoka) -> Iterator[None]:
    yield
    assert server.process.poll() is None, server.log_tail()
    assert requests.get(server.url + "/health", timeout=5).text == "OK"


def has_hint(answer: requests.Response, status: int, code: str) -> dict:
    """Checks that the answer is an error of ours that says what, why and what to do."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == code and error["message"] and error["hint"] and error["request_id"], error
    return error


# Bodies

MALFORMED = ['{"inputs": [', "not json", '{"a": 1}}', '{"a": "\ud800"}'.encode("utf-8", "surrogatepass"), b"\xff\xfe", "[" * 20_000, ""]


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body[:12]))
@pytest.mark.parametrize("path", ["/v2/models/iris/infer", "/v1/models/iris:predict"])
def test_malformed_json_is_refused_by_serving(deployment: Deployment, path: str, body: str | bytes) -> None:
    answer = requests.post(deployment.server.url + path, data=body, headers={"Content-Type": "application/json"}, timeout=30)
    assert answer.status_code == 400, answer.text
    assert isinstance(answer.json()["error"], str) and answer.json()["error"]


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body[:12]))
def test_malformed_json_is_refused_by_our_own_api(server: Jidoka, body: str | bytes) -> None:
    answer = requests.post(server.url + "/api/v1/labels", data=body, headers={"Content-Type": "application/json"}, timeout=30)
    has_hint(answer, 400, "invalid_argument")


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body[:12]))
def test_malformed_json_is_refused_as_mlflow_does(server: Jidoka, body: str | bytes) -> None:
    answer = requests.post(
        server.url + "/api/2.0/mlflow/experiments/create", data=body, headers={"Content-Type": "application/json"}, timeout=30
    )
    assert answer.status_code == 400 and answer.json()["error_code"] in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST"), answer.text


@pytest.mark.parametrize(
    "labels",
    [
        {"labels": [{"label": 1}]},
        {"labels": [{"prediction_id": "x"}]},
        {"labels": [{"prediction_id": 7, "label": 1}]},
        {"labels": [{"prediction_id": "x", "label": {"a": 1}}]},
        {"labels": "x"},
        {"label": []},
    ],
    ids=json.dumps,
)
def test_labels_of_a_wrong_shape_are_refused(server: Jidoka, labels: dict) -> None:
    has_hint(requests.post(server.url + "/api/v1/labels", json=labels, timeout=30), 400, "invalid_argument")


@pytest.mark.parametrize(
    "path",
    ["/v2/models/iris/infer", "/v1/models/iris:predict", "/api/v1/labels", "/api/2.0/mlflow/experiments/create"],
)
def test_body_of_a_gigabyte_is_refused_before_it_is_read(server: Jidoka, path: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {1 << 30}\r\n\r\n".encode()
        )
        answer = connection.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 413"), answer
    before = server.resident_megabytes()
    assert before < 500, "the body was not kept"


def test_endless_header_is_refused(server: Jidoka) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n")
        try:
            for _ in range(64):
                connection.sendall(b"X-Filler: " + b"a" * 65_536 + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            return
        try:
            answer = connection.recv(4096)
        except ConnectionResetError:
            return
    assert answer == b"" or re.match(rb"HTTP/1.1 4\d\d", answer), answer


# Names


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/endpoints/nobody",
        "/api/v1/models/nobody/versions/1",
        "/api/v1/datasets/nobody/versions",
        "/api/v1/pipeline/runs/nobody",
        "/api/v1/rollouts/nobody",
        "/api/v1/predictions/nobody",
        "/api/v1/trace/nobody",
    ],
)
def test_unknown_name_is_404_with_a_hint(server: Jidoka, path: str) -> None:
    has_hint(requests.get(server.url + path, timeout=30), 404, "not_found")


def test_unknown_path_and_wrong_method_are_told_apart(server: Jidoka) -> None:
    assert requests.get(server.url + "/no/such/path", timeout=30).status_code == 404
    assert requests.delete(server.url + "/api/v1/labels", timeout=30).status_code == 405


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "..%2f..%2fetc/passwd", "%2e%2e/%2e%2e/etc/passwd", "a%5c..%5c..%5cetc/passwd", "/etc/passwd"]
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_artifact_path_cannot_leave_its_folder(server: Jidoka, path: str, method: str) -> None:
    request = (
        f"{method} /api/2.0/mlflow-artifacts/artifacts/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert re.match(rb"HTTP/1.1 40[04]", answer) and b"root:" not in answer, answer


# The command line


def refused(words: list[object], cwd: Path, status: int, *mentions: str, **variables: str) -> str:
    done = run(*words, cwd=cwd, **variables)
    text = done.stdout + done.stderr
    assert done.returncode == status, f"{done.returncode}: {text}"
    for mention in mentions:
        assert mention in text, text
    return text


def test_missing_file(server: Jidoka) -> None:
    refused(["data", "add", "flowers", "nowhere.parquet"], server.project, 1, "nowhere.parquet", JIDOKA_URL=server.url)


def test_file_that_is_no_table(server: Jidoka, tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 this is not a table PAR1")
    refused(["data", "add", "flowers", tmp_path / "broken.parquet"], server.project, 1, "broken.parquet", JIDOKA_URL=server.url)


def test_unknown_command_and_flag(tmp_path: Path) -> None:
    refused(["pipelin", "run"], tmp_path, 2, "pipeline")
    refused(["pipeline", "run", "--wiat"], tmp_path, 2, "--wait")
    refused(["rollout", "start"], tmp_path, 2)


def test_no_server(tmp_path: Path) -> None:
    port = free_port()
    refused(["status"], tmp_path, 1, str(port), "jidoka up", JIDOKA_URL=f"http://127.0.0.1:{port}")


def test_occupied_port(server: Jidoka, tmp_path: Path) -> None:
    refused(["up", "--home", tmp_path / "home", "--port", server.port], tmp_path, 1, str(server.port), "--port")


@pytest.mark.parametrize(
    ("before", "after", "lines", "mentions"),
    [
        ("endpoint:", "endpiont:", "11", "endpoint"),
        ("max: 64", "max: many", "11", "max"),
        ("needs: [check]", "needs: [chekc]", "4|5|7", "check"),
        ("params: {seconds: 1}", "params: {seconds: 1", "8|9", ""),
        ("metric: accuracy", "metirc: accuracy", "10", "metric"),
    ],
)
def test_bad_line_file_names_the_line(tmp_path: Path, before: str, after: str, lines: str, mentions: str) -> None:
    path = write_line(tmp_path) / "jidoka.yaml"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))
    text = refused(["line", "check"], tmp_path, 1, "jidoka.yaml", mentions)
    assert re.search(rf"(?:line |jidoka\.yaml:)(?:{lines})\b", text), text
    refused(["up", "--home", tmp_path / "home", "--port", free_port()], tmp_path, 1, "jidoka.yaml")


@pytest.fixture
def read_only(tmp_path: Path) -> Path:
    """A folder in which nothing can be made, for root as well."""
    if os.geteuid() == 0:
        return Path("/proc/self")
    tmp_path.chmod(0o500)
    return tmp_path


def test_read_only_home(read_only: Path, tmp_path: Path) -> None:
    folder = tmp_path if os.geteuid() == 0 else Path("/tmp")
    refused(["up", "--home", read_only / "home", "--port", free_port()], folder, 1, str(read_only / "home"))


def test_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder")
    refused(["up", "--home", tmp_path / "home", "--port", free_port()], tmp_path, 1, "home")


def test_full_disk_is_an_error_and_loses_nothing(tmp_path: Path) -> None:
    """The home lies on a file system of 24 MB that fills up."""
    disk = tmp_path / "disk"
    disk.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    mounted = libc.mount(b"none", str(disk).encode(), b"tmpfs", 0, b"size=24m") == 0
    assert mounted, f"mounting a small file system needs rights ({os.strerror(ctypes.get_errno())}): run as root, or under `unshare -Urm`"
    server = Jidoka(tmp_path, home=disk / "home")
    try:
        server.start()
        written, status = fill(server)
        assert status in (500, 503, 507), status
        for path in written:
            assert requests.get(server.url + path, timeout=30).status_code == 200, path
        assert requests.get(server.url + "/health", timeout=5).status_code in (200, 503)
    finally:
        server.stop()
        libc.umount2(str(disk).encode(), 2)


def fill(server: Jidoka) -> tuple[list[str], int]:
    """Stores artifacts until one is refused: those that were acknowledged, and the status of the refusal."""
    written = []
    for number in range(40):
        path = f"/api/2.0/mlflow-artifacts/artifacts/0/fill/{number}.bin"
        answer = requests.put(server.url + path, data=os.urandom(1 << 20), timeout=30)
        if answer.status_code != 200:
            return written, answer.status_code
        written.append(path)
    raise AssertionError("40 MB fit on a disk of 24 MB")
