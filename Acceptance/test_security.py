"""Attacks of the record of MLflow and its neighbours, byte by byte over bare sockets: no client tidies a path before it is sent."""

import gzip
import json
import os
import pickle
import socket
import time
import urllib.parse
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from jidoka import Jidoka, run

SECRET = "the-secret-of-this-machine"
DEEP = "../" * 12

# Each names a file outside of where it may point, or tries to. `{root}` is the real file's absolute path, percent-encoding is as sent.
EVIL = [
    "../secret.txt", DEEP + "etc/passwd", "a/../../secret.txt", "a/../../../etc/passwd", "./../secret.txt", "..", ".", "a/..", "a/.", "a/./b",
    "{root}", "/etc/passwd", "//etc/passwd", "///etc/passwd", "//proc/self/root/etc/passwd", "/proc/self/environ", "a//etc/passwd",
    "..\\secret.txt", "a\\..\\..\\secret.txt", "\\etc\\passwd", "\\\\host\\share\\file", "C:\\Windows\\win.ini", "C:/Windows/win.ini", "c:boot.ini",
    "file:///etc/passwd", "file:/etc/passwd", "file://localhost/etc/passwd", "FILE:///etc/passwd", "http://127.0.0.1:1/x", "s3://bucket/key",
    "#/../../etc/passwd", "a#/../../../etc/passwd", "?/../../etc/passwd", "a?b=../../etc/passwd", ";/../../etc/passwd",
    "%2e%2e/secret.txt", "%2e%2e%2fsecret.txt", "..%2f..%2fetc%2fpasswd", "%252e%252e%252fetc%252fpasswd", "%25252e%25252e%25252fetc", "..%5c..%5cetc",
    "%c0%ae%c0%ae/etc/passwd", "%c0%ae%c0%ae%c0%afetc%c0%afpasswd", "%e0%80%ae%e0%80%ae/etc/passwd", "..%c1%9cetc", "%uff0e%uff0e/etc/passwd",
    "\uff0e\uff0e/etc/passwd", "..\u2215etc\u2215passwd", "\u2025/etc/passwd", "a\x00/../../etc/passwd", "secret.txt%00.png", "%00", "a\x01b",
    "a\r\nX-Evil: 1", "~root/.ssh/id_rsa", "$HOME/x", "`id`", "$(id)", "a" * 9_000, "a/" * 3_000 + "b", "", " ", ".../...//", "....//....//etc/passwd",
    "..;/..;/etc/passwd", "jidoka.db", "../jidoka.db", "../../objects", "CON", "NUL.txt", "a\u202egnp.exe",
]
assert len(EVIL) >= 40


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guarded")


@pytest.fixture(scope="module")
def guarded(home: Path) -> Iterator[Jidoka]:
    """A server beside a file that nobody may read or change."""
    for place in (home / "secret.txt", home / ".jidoka-secret.txt"):
        place.write_text(SECRET)
    jidoka = Jidoka(home)
    jidoka.start()
    yield jidoka
    assert jidoka.stop() == 0, jidoka.log_tail()
    for place in (home / "secret.txt", home / ".jidoka-secret.txt"):
        assert place.read_text() == SECRET
    assert not (home / "pwned").exists()


@pytest.fixture(scope="module")
def tracked(guarded: Jidoka) -> dict[str, str]:
    run_info = guarded.post("/api/2.0/mlflow/runs/create", {"experiment_id": "0", "start_time": 1})["run"]["info"]
    model = guarded.post("/api/2.0/mlflow/logged-models", {"experiment_id": "0", "name": "m"})["model"]["info"]["model_id"]
    guarded.post("/api/2.0/mlflow/registered-models/create", {"name": "target"})
    return {"run": run_info["run_id"], "root": run_info["artifact_uri"], "model": model}


def raw(server: Jidoka, sent: bytes, patience: float = 10) -> bytes:
    """What comes back until the server closes or falls silent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=patience) as connection:
        connection.sendall(sent)
        answer = b""
        try:
            while part := connection.recv(65_536):
                answer += part
        except (TimeoutError, ConnectionResetError):
            pass
        return answer


def ask(server: Jidoka, method: str, target: bytes, body: bytes = b"", *headers: str) -> tuple[int, bytes]:
    lines = [f"Host: 127.0.0.1:{server.port}", "Connection: close", f"Content-Length: {len(body)}", *headers]
    answer = raw(server, method.encode() + b" " + target + b" HTTP/1.1\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    return (int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else 0), answer


def harmless(status: int, answer: bytes, what: object) -> None:
    # 501 is what a store of files says to uploads in parts.
    assert status < 500 or status == 501, (what, answer[:300])
    assert SECRET.encode() not in answer and b"root:" not in answer and b"SQLite format" not in answer, (what, answer[:300])
    assert b"\nX-Evil" not in answer.partition(b"\r\n\r\n")[0], (what, answer[:300])


def as_sent(path: str) -> bytes:
    """As a target's bytes: only what would end the request line is encoded."""
    return path.encode().replace(b"\r", b"%0D").replace(b"\n", b"%0A").replace(b" ", b"%20").replace(b"\x00", b"%00")


@pytest.mark.parametrize("evil", EVIL, ids=range(len(EVIL)))
def test_a_path_reaches_nothing_outside(guarded: Jidoka, tracked: dict[str, str], home: Path, evil: str) -> None:
    evil = evil.replace("{root}", str(home / "secret.txt"))
    before = set(home.iterdir())
    quoted = urllib.parse.quote(evil, safe="").encode()
    for prefix in (b"/api/2.0/mlflow-artifacts", b"/ajax-api/2.0/mlflow-artifacts"):
        for form in (as_sent(evil), quoted, urllib.parse.quote(quoted, safe="").encode()):
            for method, body in (("GET", b""), ("PUT", b"changed"), ("DELETE", b"")):
                harmless(*ask(guarded, method, prefix + b"/artifacts/" + form, body), (method, form))
            harmless(*ask(guarded, "GET", prefix + b"/artifacts?path=" + form.replace(b"?", b"%3F")), form)
            for kind in (b"create", b"complete", b"abort"):
                harmless(*ask(guarded, "POST", prefix + b"/mpu/" + kind + b"/" + form, b'{"path":"x","num_parts":1,"upload_id":"x","parts":[]}',
                              "Content-Type: application/json"), (kind, form))
    run_id, model = tracked["run"].encode(), tracked["model"].encode()
    for target in (
        b"/get-artifact?run_id=" + run_id + b"&path=", b"/get-artifact?run_uuid=" + run_id + b"&path=", b"/get-artifact?path=x&run_id=",
        b"/api/2.0/mlflow/artifacts/list?run_id=" + run_id + b"&path=", b"/ajax-api/2.0/mlflow/artifacts/list?run_id=" + run_id + b"&path=",
        b"/api/2.0/mlflow/logged-models/" + model + b"/artifacts/directories?artifact_directory_path=",
        b"/ajax-api/2.0/mlflow/logged-models/" + model + b"/artifacts/files?artifact_file_path=", b"/model-versions/get-artifact?name=target&version=1&path=",
        b"/ajax-api/3.0/mlflow/get-trace-artifact?path=x&request_id=", b"/api/v1/datasets/", b"/api/v1/models/", b"/v2/models/", b"/api/v1/trace/",
        b"/static-files/", b"/",
    ):
        harmless(*ask(guarded, "GET", target + quoted), (target, evil))
        harmless(*ask(guarded, "GET", target + as_sent(evil)), (target, evil))
    assert set(home.iterdir()) == before


@pytest.mark.parametrize("evil", EVIL, ids=range(len(EVIL)))
def test_a_source_or_location_reaches_nothing_outside(guarded: Jidoka, tracked: dict[str, str], home: Path, evil: str) -> None:
    evil = evil.replace("{root}", str(home / "secret.txt"))
    sources = [evil, f"{tracked['root']}/{evil}", f"runs:/{tracked['run']}/{evil}", f"models:/target/{evil}", f"mlflow-artifacts:/{evil}",
               f"file://{evil}", f"http://127.0.0.1:1/{evil}", f"dbfs:/{evil}"]
    for source in sources:
        body = json.dumps({"name": "target", "source": source, "run_id": tracked["run"]}).encode()
        status, answer = ask(guarded, "POST", b"/api/2.0/mlflow/model-versions/create", body, "Content-Type: application/json")
        harmless(status, answer, source)
        if status == 200:  # below its own run, or elsewhere: not ready, and its downloads are no files of this machine
            version = json.loads(answer.split(b"\r\n\r\n", 1)[1])["model_version"]
            assert version["status"] != "READY", version
            uri = guarded.get("/api/2.0/mlflow/model-versions/get-download-uri", name="target", version=version["version"])["artifact_uri"]
            if uri == source and "://" in uri and not uri.lower().startswith(("file:", "mlflow-artifacts:")) or uri.startswith("dbfs:"):
                continue  # a store elsewhere: told to the client as it was said, never opened here
            assert uri.startswith("mlflow-artifacts:/") and "/../" not in uri and not uri.endswith("/.."), uri
    for location in (evil, f"mlflow-artifacts:/{evil}", f"file://{evil}"):
        body = json.dumps({"name": f"e{time.monotonic_ns()}", "artifact_location": location}).encode()
        status, answer = ask(guarded, "POST", b"/api/2.0/mlflow/experiments/create", body, "Content-Type: application/json")
        harmless(status, answer, location)
        if status != 200:
            continue
        experiment = json.loads(answer.split(b"\r\n\r\n", 1)[1])["experiment_id"]
        made = requests.post(f"{guarded.url}/api/2.0/mlflow/runs/create", json={"experiment_id": experiment, "start_time": 1}, timeout=10)
        if made.status_code == 200:
            found = requests.get(f"{guarded.url}/api/2.0/mlflow/artifacts/list", params={"run_id": made.json()["run"]["info"]["run_id"]}, timeout=10)
            harmless(found.status_code, found.content, location)
            assert not found.json().get("files"), (location, found.text)


def test_the_server_fetches_no_address_that_a_client_names(guarded: Jidoka, tracked: dict[str, str]) -> None:
    with socket.socket() as trap:
        trap.bind(("127.0.0.1", 0))
        trap.listen()
        trap.settimeout(1)
        url = f"http://127.0.0.1:{trap.getsockname()[1]}/x"
        for path, body in (
            ("/api/2.0/mlflow/model-versions/create", {"name": "target", "source": url, "run_id": tracked["run"]}),
            ("/api/2.0/mlflow/model-versions/create", {"name": "target", "source": url.replace("http", "https")}),
            ("/api/2.0/mlflow/experiments/create", {"name": "fetching", "artifact_location": url}),
            ("/api/2.0/mlflow/runs/log-inputs", {"run_id": tracked["run"], "datasets": [
                {"dataset": {"name": "d", "digest": "1", "source_type": "http", "source": json.dumps({"url": url})}}]}),
            ("/api/2.0/mlflow/webhooks", {"name": "w", "url": url, "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]}),
            ("/api/v1/datasets/d/versions", {"path": url}),
        ):
            assert requests.post(guarded.url + path, json=body, timeout=10).status_code < 500, path
        with pytest.raises(TimeoutError):
            trap.accept()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:5000", "8.8.8.8", "a@localhost", "169.254.169.254"])
def test_a_foreign_host_is_refused(guarded: Jidoka, host: str) -> None:
    for target in ("/api/2.0/mlflow/experiments/get?experiment_id=0", "/metrics", "/api/v1/status", "/v2", "/nothing"):
        answer = raw(guarded, f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 403"), (target, answer[:200])
    assert raw(guarded, f"GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("mark", ["Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"])
def test_another_sites_page_changes_nothing(guarded: Jidoka, mark: str) -> None:
    for method, target in (("POST", "experiments/create"), ("PATCH", "registered-models/update"), ("DELETE", "registered-models/delete")):
        status, answer = ask(guarded, method, b"/api/2.0/mlflow/" + target.encode(), b'{"name":"target"}', "Content-Type: application/json", mark)
        assert status == 403, answer[:200]
    assert ask(guarded, "PUT", b"/api/2.0/mlflow-artifacts/artifacts/x", b"x", mark)[0] == 403
    assert guarded.get("/api/2.0/mlflow/registered-models/get", name="target")


def test_answers_carry_protective_headers(guarded: Jidoka, tracked: dict[str, str]) -> None:
    page = b"<script>alert(1)</script>"
    path = f"/api/2.0/mlflow-artifacts/artifacts/0/{tracked['run']}/artifacts/page.html"
    assert requests.put(guarded.url + path, data=page, timeout=10).status_code == 200
    for target in (path, f"/get-artifact?run_id={tracked['run']}&path=page.html"):
        answer = requests.get(guarded.url + target, timeout=10)
        assert answer.content == page and answer.headers["content-disposition"].startswith("attachment"), answer.headers
    for target in (path, "/health", "/nothing", "/metrics", "/api/v1/status"):
        answer = requests.get(guarded.url + target, timeout=10)
        assert (answer.headers["x-content-type-options"], answer.headers["x-frame-options"]) == ("nosniff", "SAMEORIGIN"), target
    missing = requests.get(guarded.url + "/<script>alert(1)</script>", timeout=10)
    assert missing.headers["content-type"].startswith("application/json")


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "framing",
    ["Content-Length: 5\r\nTransfer-Encoding: chunked", "Content-Length: 5\r\nContent-Length: 6", "Transfer-Encoding: xchunked", "Content-Length: +5",
     "Content-Length: -1", "Transfer-Encoding: chunked, identity", "Content-Length: 5, 5", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
     "Content-Length: 0x5", "Transfer-Encoding : chunked"],
)
def test_an_ambiguous_body_smuggles_nothing(guarded: Jidoka, framing: str) -> None:
    head = f"POST /api/2.0/mlflow/experiments/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{framing}\r\n\r\n".encode()
    answer = raw(guarded, head + b"0\r\n\r\n" + SMUGGLED, patience=2)
    assert b"smuggled" not in answer and b"404" not in answer and not answer.startswith(b"HTTP/1.1 2"), answer[:400]


def test_deep_large_and_swollen_bodies_are_refused(guarded: Jidoka) -> None:
    target = guarded.url + "/api/2.0/mlflow/experiments/create"
    kind = {"content-type": "application/json"}
    for text in ("[" * 200_000, '{"a":' * 100_000, '{"name":' + "[" * 5_000 + "]" * 5_000 + "}"):
        assert 400 <= requests.post(target, data=text, headers=kind, timeout=20).status_code < 500
    before = guarded.resident_megabytes()
    zeros = b" " * (300 << 20)
    for coding, body in (("gzip", gzip.compress(zeros, 9)), ("deflate", zlib.compress(zeros, 9))):
        assert requests.post(target, data=body, headers=kind | {"content-encoding": coding}, timeout=60).status_code == 413
    assert requests.post(guarded.url + "/api/v1/line/reload", data=b'{"actor":"' + b"a" * (9 << 20) + b'"}', timeout=60).status_code == 413
    declared = ask(guarded, "POST", b"/api/v1/labels", b"", "Content-Length: 99999999999999")
    assert declared[0] in (400, 413), declared
    assert guarded.resident_megabytes() - before < 400
    many = "".join(f"X-{i}: {'v' * 100}\r\n" for i in range(5_000)).encode()
    assert raw(guarded, b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + many + b"\r\n").split()[1] in (b"431", b"400", b"413")
    assert guarded.is_healthy()


def test_slow_clients_hold_nobody_up(guarded: Jidoka) -> None:
    slow = []
    for i in range(200):
        connection = socket.create_connection(("127.0.0.1", guarded.port))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: lo" if i % 2 else b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nab")
        slow.append(connection)
    begun = time.monotonic()
    assert guarded.is_healthy() and time.monotonic() - begun < 1
    # The head must be complete within fifteen seconds.
    slow[1].settimeout(25)
    assert slow[1].recv(1_000) is not None and time.monotonic() - begun < 20
    for connection in slow:
        connection.close()


class Bomb:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.system, (f"touch {self.path}",)


def test_a_pickle_is_bytes(guarded: Jidoka, tracked: dict[str, str], home: Path) -> None:
    """Registered, given every mark that a client can give, and promoted: nothing runs, and it is not served."""
    run_id = tracked["run"]
    bomb = pickle.dumps(Bomb(str(home / "pwned")))
    flavor = "artifact_path: evil\nflavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n  sklearn:\n    pickled_model: model.pkl\n"
    for name, content in (("model.pkl", bomb), ("python_model.pkl", bomb), ("MLmodel", flavor.encode()), ("model.onnx", bomb)):
        path = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/evil/{name}"
        assert requests.put(guarded.url + path, data=content, timeout=10).status_code == 200
    made = guarded.post("/api/2.0/mlflow/model-versions/create", {"name": "target", "source": f"runs:/{run_id}/evil", "run_id": run_id})
    version = made["model_version"]["version"]
    guarded.post("/api/2.0/mlflow/registered-models/alias", {"name": "target", "alias": "champion", "version": version})
    guarded.post("/api/2.0/mlflow/model-versions/transition-stage", {"name": "target", "version": version, "stage": "Production"})
    for verb in ("verify", "gate", "promote"):
        body = {"reason": "attack", "override": True} if verb == "promote" else {}
        answer = requests.post(f"{guarded.url}/api/v1/models/target/versions/{version}/{verb}", json=body, timeout=30)
        assert answer.status_code < 500, answer.text
    for path in ("/v2/models/target/infer", "/v1/models/target:predict"):
        assert 400 <= requests.post(guarded.url + path, json={"inputs": []}, timeout=30).status_code < 500
    assert not (home / "pwned").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "example.com", "127.0.0.1.example.com"])
def test_a_public_bind_must_be_asked_for(tmp_path: Path, host: str) -> None:
    done = run("up", "--host", host, "--port", "0", cwd=tmp_path)
    assert done.returncode == 1 and "--allow-unauthenticated" in done.stderr, done
    assert not (tmp_path / ".jidoka").exists()
