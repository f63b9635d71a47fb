"""A PostgreSQL server of the tests: in a temporary folder, on a socket in it, run by an unprivileged user, stopped by its pid file."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path


class Postgres:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="jidoka-pg-", dir="/tmp"))
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
        assert found, "PostgreSQL is not installed: scripts/setup test"
        self.binaries = found[-1].parent
        self.user = None
        if os.getuid() == 0:
            self.user = pwd.getpwnam("postgres")
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        self.run("initdb", "-D", "data", "-U", "jidoka", "-A", "trust", "--locale=C", "--encoding=UTF8", "--no-sync")
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off -c full_page_writes=off -c shared_buffers=32MB"
        self.run("pg_ctl", "-D", "data", "-w", "-t", "60", "-l", "log", "-o", options, "start")

    def run(self, program: str, *words: str) -> None:
        identity = {} if self.user is None else {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        done = subprocess.run(
            [self.binaries / program, *words],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=90,
            **identity,
        )
        assert done.returncode == 0, f"{program} failed, see {self.folder}/log"

    def database(self, name: str) -> str:
        """The address of a new database."""
        self.run("createdb", "-h", str(self.folder), "-U", "jidoka", name)
        return f"postgresql://jidoka@/{name}?host={self.folder}"

    def stop(self) -> None:
        self.run("pg_ctl", "-D", "data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder)
