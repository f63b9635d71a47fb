"""Webhooks by the stock client, delivered to a real receiver that checks MLflow's signature."""

import ipaddress
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import mlflow
import pytest
import requests
from mlflow import MlflowClient
from mlflow.entities.webhook import WebhookStatus
from mlflow.exceptions import MlflowException

from jidoka import Jidoka, run

SECRET = "s3cret of the team"


class Receiver:
    """Keeps what comes; answers with the statuses that are queued, then with 200."""

    def __init__(self) -> None:
        self.got: list[tuple[dict, dict, str]] = []
        self.answers: list[int] = []
        self.length = 2
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                receiver.got.append((json.loads(body), dict(self.headers.items()), body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("location", "http://127.0.0.1:1/elsewhere")
                self.send_header("content-length", str(receiver.length))
                self.end_headers()
                try:
                    self.wfile.write(b"ok" + b"." * (receiver.length - 2))
                except ConnectionError:
                    pass  # the sender has seen enough

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, count: int, patience: float = 20) -> list[tuple[dict, dict, str]]:
        deadline = time.monotonic() + patience
        while len(self.got) < count:
            assert time.monotonic() < deadline, f"{len(self.got)} of {count} came: {[(got[0]['entity'], got[0]['action']) for got in self.got]}"
            time.sleep(0.02)
        return self.got

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def signed(headers: dict, body: str, secret: str) -> bool:
    """As MLflow's documentation has receivers check it."""
    import base64
    import hashlib
    import hmac

    content = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.{body}"
    wanted = "v1," + base64.b64encode(hmac.new(secret.encode(), content.encode(), hashlib.sha256).digest()).decode()
    return hmac.compare_digest(wanted, headers["X-MLflow-Signature"]) and abs(time.time() - int(headers["X-MLflow-Timestamp"])) < 300


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture
def jidoka(tmp_path: Path) -> Iterator[Jidoka]:
    server = Jidoka(tmp_path, JIDOKA_WEBHOOK_ALLOW="127.0.0.1")
    server.start()
    mlflow.set_tracking_uri(server.url)
    # The client remembers an experiment of the module before.
    mlflow.set_experiment(experiment_id="0")
    yield server
    server.stop()


def test_the_client_makes_changes_tests_and_forgets_a_webhook(jidoka: Jidoka, receiver: Receiver) -> None:
    client = MlflowClient(jidoka.url)
    made = client.create_webhook("team-chat", receiver.url, ["model_version.created", "prompt.created"], description="d", secret=SECRET)
    assert (made.name, made.url, str(made.status), made.description) == ("team-chat", receiver.url, "ACTIVE", "d")
    assert [str(event) for event in made.events] == ["model_version.created", "prompt.created"]
    assert client.get_webhook(made.webhook_id).webhook_id == made.webhook_id
    assert [webhook.webhook_id for webhook in client.list_webhooks()] == [made.webhook_id]
    result = client.test_webhook(made.webhook_id)
    assert result.success and result.response_status == 200 and result.response_body == "ok"
    body, headers, text = receiver.wait(1)[0]
    assert body["entity"] == "model_version" and body["action"] == "created" and body["data"]["name"] == "example_model"
    assert signed(headers, text, SECRET) and not signed(headers, text, "another")
    changed = client.update_webhook(made.webhook_id, name="chat", events=["prompt_alias.created"], status=WebhookStatus.DISABLED)
    assert (changed.name, str(changed.status), [str(event) for event in changed.events]) == ("chat", "DISABLED", ["prompt_alias.created"])
    assert "secret" not in json.dumps(jidoka.get(f"/api/2.0/mlflow/webhooks/{made.webhook_id}"))
    client.delete_webhook(made.webhook_id)
    with pytest.raises(MlflowException, match="not found") as refused:
        client.get_webhook(made.webhook_id)
    assert refused.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_what_the_registry_does_is_told_once_in_mlflows_words(jidoka: Jidoka, receiver: Receiver) -> None:
    client = MlflowClient(jidoka.url)
    every = [
        "registered_model.created", "model_version.created", "model_version_tag.set", "model_version_tag.deleted", "model_version_alias.created",
        "model_version_alias.deleted", "prompt.created", "prompt_version.created", "prompt_tag.set", "prompt_version_tag.set", "prompt_alias.created",
    ]  # fmt: skip
    client.create_registered_model("before")
    client.create_webhook("all", receiver.url, every, secret=SECRET)
    disabled = client.create_webhook("none", receiver.url, every, status=WebhookStatus.DISABLED)
    client.create_registered_model("house", tags={"a": "1"}, description="prices")
    with mlflow.start_run() as started:
        mlflow.log_text("x", "model/MLmodel")
    client.create_model_version("house", f"runs:/{started.info.run_id}/model", started.info.run_id, tags={"b": "2"}, description="first")
    client.set_model_version_tag("house", "1", "k", "v")
    client.delete_model_version_tag("house", "1", "k")
    client.set_registered_model_alias("house", "best", "1")
    client.delete_registered_model_alias("house", "best")
    client.set_registered_model_tag("house", "not", "told")
    mlflow.genai.register_prompt("greet", "Hi {{you}}", commit_message="m", tags={"t": "u"})
    told = [(body["entity"] + "." + body["action"], body["data"], headers, text) for body, headers, text in receiver.wait(8)]
    time.sleep(1)
    told = [(body["entity"] + "." + body["action"], body["data"], headers, text) for body, headers, text in receiver.got]
    assert all(signed(headers, text, SECRET) for _, _, headers, text in told), "the disabled webhook has no secret: it was told something"
    data = {kind: data for kind, data, _, _ in told}
    assert data["registered_model.created"] == {"name": "house", "tags": {"a": "1"}, "description": "prices"}
    version = data["model_version.created"]
    assert version["version"] == "1" and version["run_id"] == started.info.run_id and version["tags"] == {"b": "2"} and version["description"] == "first"
    assert data["model_version_tag.set"] == {"name": "house", "version": "1", "key": "k", "value": "v"}
    assert data["model_version_tag.deleted"] == {"name": "house", "version": "1", "key": "k"}
    assert data["model_version_alias.created"] == {"name": "house", "alias": "best", "version": "1"}
    assert data["model_version_alias.deleted"] == {"name": "house", "alias": "best"}
    assert data["prompt.created"]["name"] == "greet"
    assert data["prompt_version.created"]["template"] == "Hi {{you}}"
    assert len({headers["X-MLflow-Delivery-Id"] for _, _, headers, _ in told}) == len(told), "each was told once"
    assert jidoka.cli("webhooks", "deliveries", "--webhook", disabled.webhook_id) == []
    assert jidoka.cli("audit", "verify")["valid"]


def test_a_failed_delivery_is_tried_again_a_refused_one_is_a_dead_letter(jidoka: Jidoka, receiver: Receiver) -> None:
    client = MlflowClient(jidoka.url)
    hook = client.create_webhook("all", receiver.url, ["registered_model.created"])
    receiver.answers = [500, 200]
    client.create_registered_model("one")
    first, second = receiver.wait(2)[:2]
    assert first[1]["X-MLflow-Delivery-Id"] == second[1]["X-MLflow-Delivery-Id"] and first[2] == second[2], "the same message"
    receiver.answers = [302]
    client.create_registered_model("two")
    receiver.wait(3)

    def dead() -> list:
        return jidoka.cli("webhooks", "deliveries", "--state", "dead", "--webhook", hook.webhook_id)

    deadline = time.monotonic() + 10
    while not dead():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert dead()[0]["error"] == "the answer was 302", "a redirect leads where nobody allowed it"
    jidoka.cli("webhooks", "redeliver", dead()[0]["id"])
    receiver.wait(4)
    assert receiver.got[3][1]["X-MLflow-Delivery-Id"] == receiver.got[2][1]["X-MLflow-Delivery-Id"]


def test_a_receiver_that_hangs_holds_up_no_other_and_a_long_answer_is_an_answer(jidoka: Jidoka, receiver: Receiver) -> None:
    client = MlflowClient(jidoka.url)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client.create_webhook("silent", f"http://127.0.0.1:{silent.getsockname()[1]}/", ["registered_model.created"])
        client.create_webhook("well", receiver.url, ["registered_model.created"])
        begun = time.monotonic()
        for index in range(12):
            client.create_registered_model(f"m{index}")
        receiver.wait(12, 5)
        assert time.monotonic() - begun < 5
    receiver.length = 1 << 20
    client.create_registered_model("long")
    receiver.wait(13)
    time.sleep(2.5)
    assert len(receiver.got) == 13, "it was settled by its status"


def test_a_prompt_that_is_gone_at_once_is_told_of_as_a_prompt(jidoka: Jidoka, receiver: Receiver) -> None:
    client = MlflowClient(jidoka.url)
    client.create_webhook("all", receiver.url, ["model_version_alias.created", "prompt_alias.created", "prompt_tag.set"])
    for index in range(5):
        mlflow.genai.register_prompt(f"p{index}", "Hi")
        client.set_prompt_alias(f"p{index}", "best", 1)
        client.set_prompt_tag(f"p{index}", "k", "v")
        requests.delete(f"{jidoka.url}/api/2.0/mlflow/registered-models/delete", json={"name": f"p{index}"}, timeout=10).raise_for_status()
    kinds = {(body["entity"], body["action"]) for body, _, _ in receiver.wait(10)}
    assert kinds == {("prompt_alias", "created"), ("prompt_tag", "set")}


def test_a_server_that_is_killed_tells_what_it_had_not_told(jidoka: Jidoka, receiver: Receiver) -> None:
    client = MlflowClient(jidoka.url)
    client.create_webhook("all", receiver.url, ["registered_model.created"])
    for index in range(30):
        client.create_registered_model(f"m{index}")
    os.kill(jidoka.process.pid, signal.SIGKILL)
    jidoka.process.wait()
    jidoka.start()
    deadline = time.monotonic() + 20
    while {body["data"]["name"] for body, _, _ in receiver.got} != {f"m{index}" for index in range(30)}:
        assert time.monotonic() < deadline, f"{len(receiver.got)} came"
        time.sleep(0.05)
    names = {}
    for body, headers, _ in receiver.got:
        names.setdefault(body["data"]["name"], set()).add(headers["X-MLflow-Delivery-Id"])
    assert all(len(ids) == 1 for ids in names.values()), "a repetition has the same id"


def points_here(name: str) -> bool:
    try:
        return all(ipaddress.ip_address(found[4][0]).is_loopback for found in socket.getaddrinfo(name, 443))
    except OSError:
        return False


def test_addresses_of_this_machine_are_refused_unless_allowed(tmp_path: Path, receiver: Receiver) -> None:
    server = Jidoka(tmp_path)
    server.start()
    try:
        client = MlflowClient(server.url)
        for url in (receiver.url, "https://localhost/x", "https://169.254.169.254/latest", "https://[::1]/", "https://2130706433/", "https://0x7f.1/", "ftp://example.com/x", "https://", " "):
            with pytest.raises(MlflowException) as refused:
                client.create_webhook("evil", url, ["prompt.created"])
            assert refused.value.error_code == "INVALID_PARAMETER_VALUE", url
        # A name that points to this machine is refused when the connection would be made.
        here = next((name for name in ("ip6-localhost", "localhost4", socket.gethostname()) if points_here(name)), None)
        if here is not None:
            odd = client.create_webhook("odd", f"https://{here}:{receiver.server.server_port}/", ["prompt.created"])
            result = client.test_webhook(odd.webhook_id)
            assert not result.success and "not a public address" in result.error_message
        else:
            client.create_webhook("odd", "https://hooks.example/", ["prompt.created"])
        for name in ("", "-a", "a b", "a" * 64):
            with pytest.raises(MlflowException):
                client.create_webhook(name, "https://example.com/", ["prompt.created"])
        with pytest.raises(MlflowException):
            client.create_webhook("a", "https://example.com/", [])
        assert receiver.got == []
        listed = run("webhooks", "list", cwd=tmp_path, JIDOKA_URL=server.url)
        assert listed.returncode == 0 and "odd" in listed.stdout
    finally:
        server.stop()
