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

        # Back in a database of its own, and in the place of one that has gone on.
        dump = tmp_path / "line.dump"
        other = ("--backend-store", postgres.database("other"))
        assert server.cli("db", "restore", dump, "--dry-run", *other)["restored"] is False
        assert server.cli("db", "restore", dump, *other)["check"]["valid"]
        server.variables["JIDOKA_BACKEND_STORE"] = store[1]
        server.start()
        server.post(API + "/experiments/create", {"name": "later"})
        taken = run("db", "restore", dump, "--force", *store, cwd=tmp_path)
        assert taken.returncode == 1 and "stop it first" in taken.stderr
        server.stop()
        there = run("db", "restore", dump, *store, cwd=tmp_path)
        assert there.returncode == 1 and "exists already" in there.stderr
        done = server.cli("db", "restore", dump, "--force", *store)
        assert done["restored"] and done["check"]["valid"] and done["check"]["rows"]["experiments"] == 0
        # And undone: what was replaced is a backup too.
        undone = server.cli("db", "restore", done["kept"], "--force", *store)
        assert undone["check"]["valid"] and undone["check"]["rows"]["experiments"] == 2
        (tmp_path / "torn.dump").write_bytes(dump.read_bytes()[:500])
        torn = run("db", "restore", tmp_path / "torn.dump", "--force", *store, cwd=tmp_path)
        assert torn.returncode == 1 and "pg_restore" in torn.stderr
        assert server.cli("db", "check", *store)["rows"]["experiments"] == 2
    finally:
        postgres.stop()
