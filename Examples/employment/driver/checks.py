"""Claims that are checked while the demo runs, and waiting without sleeping longer than a poll."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
POLL_SECONDS = 0.2


class StageFailure(Exception):
    """A claim that did not hold: what was expected and what was seen."""


def expect(holds: bool, expected: str, seen: object = None) -> None:
    """Goes on only when the claim holds."""
    if not holds:
        raise StageFailure(f"expected: {expected}" + ("" if seen is None else f"\n    seen: {shortened(seen)}"))


def until(look: Callable[[], T | None], expected: str, timeout: float, meanwhile: Callable[[], None] | None = None) -> T:
    """Looks again and again until there is something to see; `meanwhile` keeps the world going between two looks."""
    deadline = time.monotonic() + timeout
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise StageFailure(f"expected within {timeout:.0f} s: {expected}")
        if meanwhile is not None:
            meanwhile()
        time.sleep(POLL_SECONDS)


def shortened(value: object, most: int = 1500) -> str:
    text = str(value)
    return text if len(text) <= most else text[:most] + " …"
