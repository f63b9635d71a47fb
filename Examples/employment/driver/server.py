"""The `jidoka` server as a child process, its command line, and its HTTP surface."""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import requests

from .checks import StageFailure, expect, shortened

PROJECT = Path(__file__).resolve().parent.parent
FOLDERS_KEPT = 3


def binary() -> Path:
    path = Path(os.environ.get("JIDOKA_BINARY") or PROJECT.parent.parent / ".build/release/jidoka").resolve()
    if not path.exists():
        raise SystemExit(f"{path} is missing: `make build` makes it, or name one with JIDOKA_BINARY")
    return path


def free_port(wanted: int) -> int:
    """The wanted port when nobody has it, else one that is free."""
    for port in (wanted, 0):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return listener.getsockname()[1]
    raise SystemExit("no free port on 127.0.0.1")


def new_folder() -> Path:
    """A fresh folder for this run: the server's home and log, the report. Of the earlier ones the newest few are kept."""
    root = PROJECT / ".jidoka"
    root.mkdir(exist_ok=True)
    earlier = sorted(path for path in root.iterdir() if path.name.startswith("demo-"))
    for path in earlier[: -(FOLDERS_KEPT - 1)]:
        shutil.rmtree(path, ignore_errors=True)
    folder = root / datetime.now().strftime("demo-%Y%m%d-%H%M%S-%f")
    folder.mkdir()
    return folder


def ends_with_parent() -> None:
    """Runs in the child: SIGTERM when the driver dies (Linux, prctl PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Server:
    """`jidoka up` in the example's folder."""

    def __init__(self, folder: Path, webhook_url: str, webhook_secret: str) -> None:
        self.folder = folder
        self.port = free_port(5000)
        self.url = f"http://127.0.0.1:{self.port}"
        self.session = requests.Session()
        environment = dict(os.environ)
        environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
        environment |= {"JIDOKA_WEBHOOK_URL": webhook_url, "JIDOKA_WEBHOOK_SECRET": webhook_secret}
        environment |= {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
        self.environment = environment
        self.log = folder / "server.log"
        begun = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [binary(), "up", "--home", folder / "home", "--port", str(self.port)],
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=ends_with_parent,
            )
        self._wait_for_health(begun)
        self.started_in = time.monotonic() - begun

    def _wait_for_health(self, begun: float) -> None:
        while time.monotonic() - begun < 10:
            if self.process.poll() is not None:
                raise StageFailure(f"expected: a running server\n    seen: exit status {self.process.returncode}\n{self.log_tail()}")
            try:
                if self.session.get(self.url + "/health", timeout=2).text.strip() == "OK":
                    return
            except requests.ConnectionError:
                time.sleep(0.01)
        raise StageFailure(f"expected: /health answers OK within 10 s\n{self.log_tail()}")

    def log_tail(self, lines: int = 20) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def resident_megabytes(self) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return float("nan")

    def stop(self) -> int:
        """SIGTERM, and the exit status. A server that does not end is killed, which is an error of its own."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    # The command line

    def cli(self, *words: object, status: int | tuple[int, ...] = 0) -> dict:
        """`jidoka WORDS --json`; what it printed. Any other exit status than the expected one fails the stage."""
        done = self.command(*words, "--json")
        allowed = (status,) if isinstance(status, int) else status
        shown = "jidoka " + " ".join(map(str, words))
        if done.returncode not in allowed:
            raise StageFailure(
                f"expected: `{shown}` exits with {' or '.join(map(str, allowed))}\n    seen: {done.returncode}\n"
                + shortened(done.stdout + done.stderr)
            )
        try:
            answer = json.loads(done.stdout) if done.stdout.strip() else {}
        except json.JSONDecodeError:
            raise StageFailure(f"expected: `{shown} --json` prints JSON\n    seen: {shortened(done.stdout)}") from None
        return answer if isinstance(answer, dict) else {"items": answer}

    def command(self, *words: object, timeout: float = 180) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(binary()), *map(str, words)],
            cwd=PROJECT,
            env=self.environment | {"JIDOKA_URL": self.url},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    # HTTP

    def get(self, path: str, **query: object) -> dict:
        return self._json(self.session.get(self.url + path, params=query, timeout=30))

    def post(self, path: str, body: object, **query: object) -> dict:
        return self._json(self.session.post(self.url + path, json=body, params=query, timeout=60))

    def listed(self, path: str, key: str, **query: object) -> list[dict]:
        answer = self.get(path, **query)
        items = answer if isinstance(answer, list) else answer.get(key)
        expect(isinstance(items, list), f"{path} lists `{key}`", answer)
        return items

    def content(self, path: str, **query: object) -> bytes:
        answer = self.session.get(self.url + path, params=query, timeout=60)
        expect(answer.status_code == 200, f"{path} answers 200", f"{answer.status_code} {answer.text[:500]}")
        return answer.content

    def _json(self, answer: requests.Response) -> dict:
        expect(
            200 <= answer.status_code < 300,
            f"{answer.request.method} {answer.request.path_url} succeeds",
            f"{answer.status_code} {answer.text[:1000]}",
        )
        return answer.json()

    def events(self, kind: str, after: int = 0) -> list[dict]:
        return self.listed("/api/v1/events", "events", kind=kind, after=after, limit=500)

    def last_event(self) -> int:
        """Sequence number of the newest event."""
        after = 0
        while events := self.listed("/api/v1/events", "events", after=after, limit=500):
            after = events[-1]["sequence"]
        return after
