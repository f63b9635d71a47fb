"""What the benchmarks share: the server under test, its peer, what the kernel says of a process, and the printed result."""

import argparse
import datetime
import json
import math
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / ".build" / "benchmarks"
# Seconds from SIGTERM after which a server is killed.
STOP_PATIENCE = 20
TICKS = os.sysconf("SC_CLK_TCK")


def parser(description: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--json", action="store_true", help="print the result as JSON instead of a table")
    return made


def binary() -> Path:
    path = Path(os.environ.get("JIDOKA_BINARY") or ROOT / ".build/release/jidoka").resolve()
    if not path.exists():
        fail(f"{path} is missing", "`make build` makes it, or name one with JIDOKA_BINARY")
    return path


def fail(what: str, hint: str) -> None:
    sys.exit(f"error: {what}\nwhat to do: {hint}")


def use_python(path: Path, why: str) -> None:
    """Runs this script again with another Python, whose packages it needs."""
    if not path.exists():
        fail(f"{path.relative_to(ROOT)} is missing: {why}", "scripts/setup test")
    if Path(sys.prefix).resolve() != path.parent.parent.resolve():
        os.execv(path, [str(path), *sys.argv])


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def folder(name: str):
    """An empty folder that is gone afterwards, whatever happens."""
    path = Path(tempfile.mkdtemp(prefix=f"jidoka-bench-{name}-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Server:
    """A server as a child process in a process group of its own."""

    def __init__(self, command: list[str], port: int, cwd: Path, health: str = "/health", **variables: str) -> None:
        self.port = port
        self.health = health
        self.cwd = cwd
        self.command = command
        self.variables = variables
        self.process: subprocess.Popen | None = None

    def start(self, patience: float) -> float:
        """Seconds from the start of the process until its path of health answers 200."""
        with (self.cwd / "server.log").open("ab") as log:
            begun = time.perf_counter()
            self.process = subprocess.Popen(
                self.command, cwd=self.cwd, env={**os.environ, **self.variables}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        while (waited := time.perf_counter() - begun) < patience:
            if self.healthy():
                return time.perf_counter() - begun
            if self.process.poll() is not None:
                break
            time.sleep(0.002 if waited < 2 else 0.05)
        tail = (self.cwd / "server.log").read_text(errors="replace")[-2000:]
        self.stop()
        fail(f"{self.command[0]} did not answer {self.health} within {patience:.0f} s", f"read what it wrote:\n{tail}")

    def healthy(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(f"GET {self.health} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
                return connection.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def processes(self) -> list[int]:
        """The process and all that it started, by process group."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.process.pid:
                found.append(int(entry.name))
        return found

    def resident_megabytes(self) -> float:
        total = 0
        for pid in self.processes():
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            total += next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")), 0)
        return total / 1024

    def highest_megabytes(self) -> float:
        """The sum of what each process has had at most since it started."""
        total = 0
        for pid in self.processes():
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            total += next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")), 0)
        return total / 1024

    def cpu_seconds(self) -> float:
        total = 0
        for pid in self.processes():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def stop(self, patience: float = STOP_PATIENCE) -> float:
        """Seconds from SIGTERM to the end; the whole group is gone on return."""
        begun = time.perf_counter()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                pass
        took = time.perf_counter() - begun
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        return took


def jidoka(cwd: Path) -> Server:
    port = free_port()
    return Server([str(binary()), "up", "--home", str(cwd / ".jidoka"), "--port", str(port)], port, cwd)


def mlflow_python() -> Path | None:
    """A Python that can run `mlflow server`: MLFLOW_PYTHON, else one of the repository's environments; nil when none can."""
    candidates = [os.environ.get("MLFLOW_PYTHON"), ROOT / ".venv-bench/bin/python", ROOT / ".venv-test/bin/python"]
    for candidate in candidates:
        if not candidate or not Path(candidate).exists():
            continue
        check = subprocess.run([str(candidate), "-c", "import mlflow, flask, sqlalchemy"], capture_output=True)
        if check.returncode == 0:
            return Path(candidate).absolute()
    return None


def mlflow_version(python: Path) -> str:
    asked = [str(python), "-c", "import importlib.metadata as m; print(m.version('mlflow'))"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def mlflow_server(python: Path, cwd: Path) -> Server:
    port = free_port()
    command = [
        str(python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--backend-store-uri", f"sqlite:///{cwd}/mlflow.db",
        "--default-artifact-root", str(cwd / "artifacts"),
    ]  # fmt: skip
    return Server(command, port, cwd, MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")


NO_MLFLOW = "not measured: no environment has `mlflow` with its server; name one with MLFLOW_PYTHON=/path/to/python"


def quantile(values: list[float], share: float) -> float:
    """The value that `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def machine() -> dict:
    def asked(*command: str) -> str:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else ""

    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    memory = next(int(line.split()[1]) for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal:"))
    return {
        "date": datetime.date.today().isoformat(), "cpu": model or platform.machine(), "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**20, 1), "kernel": platform.release(), "python": platform.python_version(),
        "commit": asked("git", "rev-parse", "--short", "HEAD"), "dirty": bool(asked("git", "status", "--porcelain")),
        "build": "debug" if "debug" in binary().parts else "release", "load_before": round(os.getloadavg()[0], 2),
    }  # fmt: skip


def report(name: str, result: dict, rows: list[tuple[str, ...]], notes: list[str], as_json: bool) -> None:
    """Prints the table (or the JSON) and keeps the JSON under .build/benchmarks."""
    text = json.dumps(result, indent=1)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(text + "\n")
    if as_json:
        print(text)
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        print("  ".join(cell.ljust(width) if not column else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths))))
        if number == 0:
            print("─" * (sum(widths) + 2 * (len(widths) - 1)))
    here = result["machine"]
    state = ", with uncommitted changes" if here["dirty"] else ""
    print(f"\n{here['date']}, {here['cpu']}, {here['cores']} cores, {here['memory_gib']} GiB, {here['build']} build of {here['commit']}{state}")
    for note in notes:
        print(note)
    print(f"as JSON: .build/benchmarks/{name}.json")
