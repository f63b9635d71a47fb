"""What the README tells a reader to type works: its marked blocks, run as they stand against a server in an empty folder.

`<!-- test: NAME -->` before a block: the block is the file NAME. `<!-- test -->`: a console block whose `$ ` lines are run in order.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from jidoka import ROOT, Jidoka, binary, environment

ADDRESS = "127.0.0.1:5000"
BLOCK = re.compile(r"^<!-- test(?:: (?P<name>[\w.]+))? -->\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[tuple[str | None, str]]:
    return [(found["name"], found["text"]) for found in BLOCK.finditer((ROOT / "README.md").read_text())]


@pytest.fixture
def reader(tmp_path: Path):
    """The folder of a reader who wrote the README's files, and their server on a port of its own."""
    server = Jidoka(tmp_path)
    for name, text in blocks():
        if name:
            (tmp_path / name).write_text(text.replace(ADDRESS, f"127.0.0.1:{server.port}"))
    server.start()
    yield server
    assert server.stop() == 0, server.log_tail()


def run(server: Jidoka, command: str) -> str:
    command = command.replace(ADDRESS, f"127.0.0.1:{server.port}")
    here = environment(JIDOKA_URL=server.url, HOME=str(server.project))
    # The client leaves the experiment of an earlier test in this process's environment.
    here = {name: value for name, value in here.items() if not name.startswith("MLFLOW_")}
    here["PATH"] = f"{Path(binary()).parent}:{here['PATH']}"
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=server.project, env=here, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}\n{server.log_tail()}"
    return done.stdout


def test_the_example_from_your_own_code_works(reader: Jidoka) -> None:
    commands = [line[2:] for name, text in blocks() if not name for line in text.splitlines() if line.startswith("$ ")]
    assert len(commands) >= 4
    # The server is up already, on another port; the rest runs as it stands.
    printed = [run(reader, command) for command in commands if not command.startswith("jidoka up")]
    assert '"predictions"' in printed[-1], printed[-1]
    said = run(reader, f"{sys.executable} ask.py")
    assert re.search(r"\[0 2\] [0-9a-f]{32}", said), said


def test_every_link_of_the_pages_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = []
    for page in pages:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken


def test_readme_is_no_longer_than_it_says() -> None:
    assert 120 <= len((ROOT / "README.md").read_text().splitlines()) <= 180
