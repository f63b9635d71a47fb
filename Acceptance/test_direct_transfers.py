"""Uploads in parts and downloads that go past the server, by the stock client, on a bucket; and their refusal on files of the machine."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
import requests
from mlflow import MlflowClient

from bucket import Bucket
from jidoka import Jidoka

PART = 5 << 20
CONTENT = bytes(range(256)) * (40 * 1024) + b"the last part is small"


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    made = Bucket()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def on_bucket(bucket: Bucket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jidoka]:
    server = Jidoka(tmp_path_factory.mktemp("on-bucket"), **bucket.variables)
    server.start()
    yield server
    assert server.stop() == 0, server.log_tail()


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's own limits, made small; nothing says whether the server can do it."""
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(PART))
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(PART))
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", str(3 << 20))
    monkeypatch.delenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", raising=False)
    monkeypatch.delenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", raising=False)


def run_at(server: Jidoka) -> tuple[MlflowClient, str]:
    client = MlflowClient(server.url)
    mlflow.set_tracking_uri(server.url)
    return client, client.create_run("0").info.run_id


def requested(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Method and address of everything that is asked from now on."""
    seen: list[str] = []
    plain = requests.Session.request

    def watched(self, method, url, *arguments, **more):
        seen.append(f"{method.upper()} {url}")
        return plain(self, method, url, *arguments, **more)

    monkeypatch.setattr(requests.Session, "request", watched)
    return seen


@pytest.mark.parametrize("forced", [False, True], ids=["as the server says", "as the client is told"])
def test_large_file_goes_past_the_server_and_comes_back(
    on_bucket: Jidoka, bucket: Bucket, small_parts: None, forced: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if forced:
        monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
        monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "true")
    content = CONTENT + str(forced).encode()
    (tmp_path / "big ü.bin").write_bytes(content)
    (tmp_path / "small.txt").write_text("small")
    client, run = run_at(on_bucket)
    seen = requested(monkeypatch)
    client.log_artifact(run, str(tmp_path / "big ü.bin"), "data/in")
    client.log_artifact(run, str(tmp_path / "small.txt"))
    parts = [call for call in seen if call.startswith(f"PUT {bucket.endpoint}/")]
    assert len(parts) == 3 and len([call for call in seen if "/mpu/complete/" in call]) == 1, seen
    listed = client.list_artifacts(run, "data/in")
    assert [(one.path, one.file_size) for one in listed] == [("data/in/big ü.bin", len(content))]
    seen.clear()
    assert Path(client.download_artifacts(run, "data/in/big ü.bin", str(tmp_path / "down"))).read_bytes() == content
    assert len([call for call in seen if call.startswith(f"GET {bucket.endpoint}/")]) == 4, seen
    # The server itself reads and checks the same bytes.
    through = requests.get(f"{on_bucket.url}/get-artifact", params={"run_id": run, "path": "data/in/big ü.bin"}, timeout=30)
    assert through.content == content and through.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert f"artifacts/objects/{hashlib.sha256(content).hexdigest()}" in bucket.keys("objects/")
    assert all(key.endswith(".done") for key in bucket.keys("staged/"))


def test_model_is_logged_and_loaded_past_the_server(on_bucket: Jidoka, small_parts: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "1")

    class Twice(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input: list[int], params=None) -> list[int]:
            return [2 * one for one in model_input]

    run_at(on_bucket)
    with mlflow.start_run(experiment_id="0"):
        info = mlflow.pyfunc.log_model(name="twice", python_model=Twice())
    assert mlflow.pyfunc.load_model(info.model_uri).predict([1, 2]) == [2, 4]


def test_failed_part_leaves_nothing(on_bucket: Jidoka, bucket: Bucket, small_parts: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.bin").write_bytes(CONTENT)
    client, run = run_at(on_bucket)
    plain = requests.put

    def failing(url, *arguments, **more):
        if "partNumber=2" in url:
            raise requests.ConnectionError("the line is dead")
        return plain(url, *arguments, **more)

    monkeypatch.setattr(requests, "put", failing)
    with pytest.raises(Exception, match="the line is dead"):
        client.log_artifact(run, str(tmp_path / "broken.bin"))
    assert client.list_artifacts(run) == []
    assert "<Upload>" not in requests.get(f"{bucket.endpoint}/{bucket.name}?uploads", timeout=30).text


def mpu(server: Jidoka, verb: str, folder: str, **body: object) -> requests.Response:
    return requests.post(f"{server.url}/api/2.0/mlflow-artifacts/mpu/{verb}/{folder}", json=body, timeout=30)


def test_bad_requests_are_refused_before_and_after(on_bucket: Jidoka) -> None:
    client, run = run_at(on_bucket)
    folder = f"0/{run}/artifacts"
    client.log_text(run, "x", "taken/file.txt")
    for place, body in [
        (f"{folder}/%252e%252e/x", {"path": "a"}), (folder, {"path": ".."}), (folder, {}), (folder, {"path": "a", "num_parts": 0}),
        (folder, {"path": "a", "num_parts": 10_001}), (folder, {"path": "taken"}), (f"{folder}/taken/file.txt", {"path": "below"}), (folder, {"path": "a", "num_parts": "x"}),
    ]:  # fmt: skip
        assert mpu(on_bucket, "create", place, **body).status_code == 400, (place, body)
    made = mpu(on_bucket, "create", folder, path="C:\\data\\a.bin", num_parts=1).json()
    assert [one["part_number"] for one in made["credentials"]] == [1]
    tag = requests.put(made["credentials"][0]["url"], data=b"abc", timeout=30).headers["ETag"]
    parts = [{"part_number": 1, "etag": tag, "url": made["credentials"][0]["url"]}]
    assert mpu(on_bucket, "complete", folder, path="a.bin", upload_id="x.y", parts=parts).status_code == 404
    assert mpu(on_bucket, "complete", folder, path="a.bin", upload_id=made["upload_id"], parts=[]).status_code == 400
    assert mpu(on_bucket, "complete", folder, path="a.bin", upload_id=made["upload_id"], parts=[{"part_number": 1, "etag": "no"}]).status_code == 400
    for _ in range(2):  # a client that was not answered in time asks again
        assert mpu(on_bucket, "complete", folder, path="a.bin", upload_id=made["upload_id"], parts=parts).status_code == 200
    assert mpu(on_bucket, "complete", folder, path="b.bin", upload_id=made["upload_id"], parts=parts).status_code == 404
    assert client.list_artifacts(run)[0].file_size == 3
    assert requests.get(f"{on_bucket.url}/api/2.0/mlflow-artifacts/presigned/{folder}/none", timeout=30).status_code == 404


def test_address_of_a_run_s_file(on_bucket: Jidoka) -> None:
    client, run = run_at(on_bucket)
    client.log_text(run, "<b>text</b>", "page.html")
    ask = f"{on_bucket.url}/api/2.0/mlflow/artifacts/presigned-download-url"
    answer = requests.post(ask, json={"run_id": run, "path": "page.html", "expiration": 60}, timeout=30).json()
    assert answer["file_size"] == 11 and answer["headers"] == {} and "X-Amz-Expires=60" in answer["presigned_url"]
    file = requests.get(answer["presigned_url"], timeout=30)
    assert file.text == "<b>text</b>" and file.headers["content-disposition"].startswith("attachment")
    for body in [{"run_id": run, "path": "page.html", "expiration": 0}, {"run_id": run, "path": "../x"}, {"run_id": run}]:
        assert requests.post(ask, json=body, timeout=30).status_code == 400, body
    # Nothing would say that the bytes have come, so there is no address for writing outside of an upload.
    assert requests.post(ask.replace("download", "upload"), json={"run_id": run, "path": "x"}, timeout=30).status_code == 400


def test_server_says_what_it_can_do(on_bucket: Jidoka, server: Jidoka, bucket: Bucket, tmp_path: Path) -> None:
    proxied = Jidoka(tmp_path, **bucket.variables, JIDOKA_DIRECT_TRANSFERS="off")
    proxied.start()
    try:
        for one, can in ((on_bucket, True), (server, False), (proxied, False)):
            info = requests.get(f"{one.url}/api/3.0/mlflow/server-info", timeout=30).json()
            assert [info[f"multipart_{what}_enabled"] for what in ("uploads", "downloads")] == [can, can]
            assert not info["presigned_upload_run_id_supported"]
    finally:
        assert proxied.stop() == 0


def test_store_of_files_sends_through_the_proxy(server: Jidoka, small_parts: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the client insists: it knows the refusal and goes back to the proxy."""
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "true")
    (tmp_path / "big.bin").write_bytes(CONTENT)
    client, run = run_at(server)
    client.log_artifact(run, str(tmp_path / "big.bin"))
    assert Path(client.download_artifacts(run, "big.bin", str(tmp_path))).read_bytes() == CONTENT
    for verb in ("create", "complete", "abort"):
        refused = mpu(server, verb, f"0/{run}/artifacts", path="a", upload_id="x", parts=[{"part_number": 1, "etag": "x"}])
        assert (refused.status_code, refused.json()["error_code"]) == (501, "NOT_IMPLEMENTED")
    refused = requests.get(f"{server.url}/api/2.0/mlflow-artifacts/presigned/0/{run}/artifacts/big.bin", timeout=30)
    assert (refused.status_code, refused.json()["error_code"]) == (501, "NOT_IMPLEMENTED")


def test_uploads_that_were_left_are_given_up_when_artifacts_are_collected(on_bucket: Jidoka, bucket: Bucket) -> None:
    run = run_at(on_bucket)[1]
    mpu(on_bucket, "create", f"0/{run}/artifacts", path="a", num_parts=2)
    # This bucket says of every upload that it began in 2010.
    assert on_bucket.cli("artifacts", "gc", "--apply")["unfinished_uploads"] >= 1
    assert "<Upload>" not in requests.get(f"{bucket.endpoint}/{bucket.name}?uploads", timeout=30).text
