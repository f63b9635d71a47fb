"""`jidoka db`: backups while a server writes, and the way back."""

import threading
from pathlib import Path

import requests

from jidoka import Jidoka, run
from postgres import Postgres

API = "/api/2.0/mlflow"


def test_a_backup_taken_while_writing_is_whole_and_comes_back(tmp_path: Path) -> None:
    server = Jidoka(tmp_path)
    server.start()
    stop = threading.Event()
    made: list[str] = []

    def write() -> None:
        while not stop.is_set():
            name = f"e{len(made)}"
            requests.post(server.url + API + "/experiments/create", json={"name": name}, timeout=10).raise_for_status()
            made.append(name)

    writer = threading.Thread(target=write)
    writer.start()
    while len(made) < 50:
        stop.wait(0.01)
    before = len(made)
    backup = tmp_path / "backup.db"
    facts = server.cli("db", "backup", backup)
    stop.set()
    writer.join()
    assert facts["bytes"] == backup.stat().st_size
    assert Path(f"{backup}.sha256").read_text().startswith(facts["sha256"])
    assert server.cli("db", "check")["valid"]

    # A server that runs is not robbed of its database.
    assert run("db", "restore", backup, "--force", cwd=tmp_path).returncode == 1
    server.stop()
    assert run("db", "restore", backup, cwd=tmp_path).returncode == 1, "a database that is there was replaced unasked"
    preview = server.cli("db", "restore", backup, "--dry-run")
    assert preview["check"]["valid"] and not preview["restored"]
    done = server.cli("db", "restore", backup, "--force")
    assert done["restored"] and Path(done["kept"]).exists()
    server.start()
    names = {found["name"] for found in server.post(API + "/experiments/search", {"max_results": 10000})["experiments"]}
    assert set(made[:before]) <= names
    assert server.cli("audit", "verify")["valid"]
    server.stop()

    # A backup that was changed is refused.
    with backup.open("r+b") as file:
        file.seek(5000)
        file.write(b"x" * 100)
    assert run("db", "restore", backup, "--dry-run", cwd=tmp_path).returncode == 1


def test_a_postgresql_database_is_migrated_checked_and_dumped(tmp_path: Path) -> None:
    postgres = Postgres()
    try:
        server = Jidoka(tmp_path)
        store = ("--backend-store", postgres.database("line"))
        assert "tracking-0001-experiments" in server.cli("db", "migrate", *store)["applied"]
        assert server.cli("db", "migrate", *store)["applied"] == []
        assert server.cli("db", "check", *store)["valid"]
        assert server.cli("db", "status", *store)["missing"] == []
        assert server.cli("db", "backup", tmp_path / "line.dump", *store)["bytes"] > 1000
    finally:
        postgres.stop()
