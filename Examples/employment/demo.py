#!/usr/bin/env python3
"""The main job, end to end, on real data: ten stages through `jidoka`'s command line and HTTP, each claim checked.

FULL=1 replays all of 2016 to 2018; JIDOKA_DEMO_ROWS=N replays N rows (20,000 unless told otherwise).
On a terminal the server stays up until Ctrl-C; otherwise the exit status is 0 when every claim held, 1 when one did not.
"""

import os
import sys
import time
import traceback

from driver.census import Census
from driver.checks import StageFailure
from driver.demo import LINE, WINDOW_ROWS, Demo
from driver.server import Server, new_folder
from driver.stages_data import add_data, check_data, pass_gate, train
from driver.stages_loop import catch_bad_version, shift
from driver.stages_serving import agree, replay, report
from driver.stages_trace import trace
from driver.summary import PATH, summarize, table
from driver.traffic import World
from driver.webhook import Webhook

STAGES = [
    ("The 2015 data becomes a dataset version", add_data),
    ("Its expectations hold; a corrupted batch is refused", check_data),
    ("An ordinary MLflow script trains a model", train),
    ("The model passes its gate and becomes champion", pass_gate),
    ("The endpoint answers as scikit-learn does", agree),
    ("2016 to 2018 is replayed, labels one window later", replay),
    ("The monitor reports drift and performance", report),
    ("The population shifts and the line follows", shift),
    ("A bad version is caught and rolled back", catch_bad_version),
    ("Every answer can be traced, the record is whole", trace),
]


def rows_to_replay() -> int:
    if os.environ.get("FULL") == "1":
        return sys.maxsize
    return int(os.environ.get("JIDOKA_DEMO_ROWS", "20000"))


def run(demo: Demo, begun: float) -> int:
    try:
        for number, (title, work) in enumerate(STAGES, 1):
            demo.stage(number, title, work)
    except Exception as failure:
        demo.clear_progress()
        shown = str(failure) if isinstance(failure, StageFailure) else traceback.format_exc()
        print(f"\nStage {len(demo.stages) + 1} failed.\n    {shown}\n\nThe server's last lines ({demo.server.log}):", flush=True)
        print(demo.server.log_tail(), flush=True)
        return 1
    summary = summarize(demo, time.monotonic() - begun)
    print("\n" + table(summary) + f"\nAll figures: {PATH}", flush=True)
    return 0


def main() -> int:
    begun = time.monotonic()
    census = Census()
    rows = rows_to_replay()
    webhook = Webhook()
    server = Server(new_folder(), webhook.url, webhook.secret)
    status = 1
    try:
        other = "" if server.port == 5000 else " (port 5000 is taken)"
        print(f"jidoka is up after {server.started_in:.2f} s on {server.url}{other}, files in {server.folder}", flush=True)
        demo = Demo(server, webhook, census, rows, World(server, LINE, lag=WINDOW_ROWS), census.shifted(rows))
        status = run(demo, begun)
        if status == 0 and sys.stdout.isatty():
            print(f"\nThe server stays up on {server.url} until Ctrl-C.")
            server.process.wait()
    except KeyboardInterrupt:
        print("\nstopping", flush=True)
    finally:
        webhook.close()
        ended = server.stop()
    if ended != 0:
        print(f"expected: the server exits with 0 on SIGTERM\n    seen: {ended}")
    return status or (1 if ended != 0 else 0)


if __name__ == "__main__":
    sys.exit(main())
