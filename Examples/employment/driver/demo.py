"""What the stages share: the server, the world around it, and the figures that have been measured."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .census import Census, People, ShiftedPopulation
from .checks import expect, until
from .server import Server
from .traffic import World
from .webhook import Webhook

LINE = "employment"
# As in jidoka.yaml: a monitor's window, which is also how far labels are behind.
WINDOW_ROWS = 2000


@dataclass
class Demo:
    server: Server
    webhook: Webhook
    census: Census
    rows: int
    world: World
    shifted: ShiftedPopulation
    # Figures for the table and for demo-summary.json.
    figures: dict = field(default_factory=dict)
    stages: list[dict] = field(default_factory=list)
    # Left by one stage for the next: dataset version, runs, model versions.
    data_version: str = ""
    data_digest: str = ""
    pipeline_run: dict = field(default_factory=dict)
    run_id: str = ""
    first_version: str = ""
    second_version: str = ""
    event_before_shift: int = 0

    def say(self, text: str) -> None:
        self.clear_progress()
        print("   " + text, flush=True)

    def progress(self, text: str) -> None:
        """A line that the next one overwrites; only on a terminal."""
        if sys.stdout.isatty():
            print("\r\033[K   … " + text, end="", flush=True)

    def clear_progress(self) -> None:
        if sys.stdout.isatty():
            print("\r\033[K", end="")

    def stage(self, number: int, title: str, work: Callable[["Demo"], None]) -> None:
        print(f"\n{number}. {title}", flush=True)
        begun = time.monotonic()
        work(self)
        took = time.monotonic() - begun
        self.stages.append({"stage": number, "title": title, "seconds": round(took, 2)})
        self.clear_progress()
        print(f"   done in {took:.1f} s", flush=True)

    def evaluated_windows(self, patience: float = 60) -> list[dict]:
        """The monitor's windows, as soon as it has evaluated all that are full."""
        wanted = self.world.predictions // WINDOW_ROWS

        def look() -> list[dict] | None:
            windows = self.server.listed(f"/api/v1/monitors/{LINE}/windows", "windows", limit=1000)
            return windows if len(windows) >= wanted else None

        return until(look, f"{wanted} windows of {WINDOW_ROWS:,} rows are evaluated", patience)

    def champion(self) -> str | None:
        """The version that answers by default; None when there is none yet."""
        endpoints = self.server.listed("/api/v1/endpoints", "endpoints")
        champion = next((endpoint.get("champion") for endpoint in endpoints if endpoint["name"] == LINE), None)
        return None if champion is None else str(champion)

    def replay(self, people: People, what: str) -> None:
        for start in range(0, len(people), WINDOW_ROWS):
            self.world.ask(people.chunk(start, WINDOW_ROWS))
            self.progress(f"{what}: {min(start + WINDOW_ROWS, len(people)):,} of {len(people):,}")

    def nothing_failed(self) -> None:
        failed = self.world.total
        expect(failed.failed == 0, "every request is answered", f"{failed.failed} failed, the first: {failed.errors[:3]}")
