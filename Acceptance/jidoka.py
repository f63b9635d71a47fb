"""The binary as a server and as a command."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent


def binary() -> str:
    path = Path(os.environ.get("JIDOKA_BINARY") or ROOT / ".build/release/jidoka").resolve()
    assert path.exists(), f"{path} is missing: `make build` makes it, or name one with JIDOKA_BINARY"
    return str(path)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def environment(**more: str) -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, **more}


def run(*words: object, cwd: Path | None = None, timeout: float = 60, **variables: str) -> subprocess.CompletedProcess[str]:
    """`jidoka WORDS`, to its end."""
    return subprocess.run(
        [binary(), *map(str, words)],
        cwd=cwd,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


class Jidoka:
    """`jidoka up` in a project folder, on ports of its own."""

    def __init__(self, project: Path, home: Path | None = None, *, grpc: bool = False, **variables: str) -> None:
        self.project = project
        self.home = home or project / ".jidoka"
        self.variables = variables
        self.port = free_port()
        # 0: gRPC is off.
        self.grpc_port = free_port() if grpc else 0
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = project / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, patience: float = 15) -> float:
        """Seconds from the start of the process until /health answers."""
        begun = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [binary(), "up", "--home", str(self.home), "--port", str(self.port), "--grpc-port", str(self.grpc_port)],
                cwd=self.project,
                env=environment(**self.variables),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while time.monotonic() - begun < patience:
            assert self.process.poll() is None, f"the server ended with {self.process.returncode}\n{self.log_tail()}"
            if self.is_healthy():
                return time.monotonic() - begun
            time.sleep(0.005)
        self.kill()
        raise AssertionError(f"/health did not answer within {patience} s\n{self.log_tail()}")

    def is_healthy(self) -> bool:
        """Asked over a bare socket, so that the client's own time does not count."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                return connection.recv(4096).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def stop(self, how: int = signal.SIGTERM, patience: float = 20) -> int:
        """The exit status after the signal."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"the server did not end within {patience} s of signal {how}\n{self.log_tail()}") from None
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def resident_megabytes(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS:"))

    def log_tail(self, lines: int = 30) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def cli(self, *words: object, status: int = 0) -> dict:
        """`jidoka WORDS --json` against this server."""
        done = run(*words, "--json", cwd=self.project, timeout=180, JIDOKA_URL=self.url)
        assert done.returncode == status, f"jidoka {words}: {done.returncode}\n{done.stdout}{done.stderr}\n{self.log_tail()}"
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def get(self, path: str, **query: object) -> dict:
        answer = requests.get(self.url + path, params=query, timeout=30)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def post(self, path: str, body: object) -> dict:
        answer = requests.post(self.url + path, json=body, timeout=60)
        assert 200 <= answer.status_code < 300, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def listed(self, path: str, key: str, **query: object) -> list[dict]:
        answer = self.get(path, **query)
        return answer if isinstance(answer, list) else answer[key]
