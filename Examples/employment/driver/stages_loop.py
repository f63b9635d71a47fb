"""Stages 8 and 9: the population shifts and the line follows it; a bad version is caught."""

import io
import re
import subprocess
import sys

import pandas as pd

from .census import SHIFTED_AGES
from .checks import StageFailure, expect, shortened, until
from .demo import LINE, WINDOW_ROWS, Demo
from .server import PROJECT
from .stages_data import describe
from .stages_serving import drift_values
from .traffic import Tally

CHUNK_ROWS = 250
# While the line trains, people keep asking at this pace: rows between two looks.
TRICKLE_ROWS = 40
WINDOWS_UNTIL_DRIFT_MAX = 8
ROWS_UNTIL_VERDICT_MAX = 40_000


def shift(demo: Demo) -> None:
    demo.event_before_shift = demo.server.last_event()
    demo.say(f"from now on everybody who asks is {SHIFTED_AGES[0]} to {SHIFTED_AGES[1]} years old ({len(demo.shifted):,} such people)")
    before = demo.world.watch(Tally())
    drift, values = confirm_drift(demo, before)
    demo.say(f"drift confirmed after {before.answered:,} rows: {drift['reason']}")
    calm = demo.figures["monitor"]["drift_at_most"]
    for feature, value in sorted(values.items(), key=lambda pair: -pair[1])[:6]:
        demo.say(f"drift of {feature:<5} {value:.3f} (before the shift never above {calm[feature]:.3f})")
    demo.say(f"accuracy of version {demo.first_version} on them: {before.accuracy(demo.first_version):.4f}")
    during = demo.world.watch(Tally())
    alert = until(lambda: demo.webhook.find("drift.confirmed"), "the webhook receives the alert", 30, lambda: trickle(demo))
    expect(not demo.webhook.refused, "every webhook is signed", demo.webhook.refused)
    demo.say(f"webhook: a signed alert has arrived ({', '.join(sorted(alert))})")
    demo.second_version, gate = retrain(demo)
    for check in gate["checks"]:
        demo.say(f"gate: {describe(check)}")
    rollout = follow_rollout(demo, demo.second_version, "done")
    percents = [entry["percent"] for entry in rollout["history"] if entry["state"] == "canary"]
    expect(percents[:1] == [10] and 50 in percents, "the canary goes over 10 % and 50 %", rollout["history"])
    for entry in rollout["history"]:
        demo.say(f"rollout: {entry['state']:<10} {entry['percent']:>3} %  {entry['reason']}")
    until(lambda: demo.champion() == demo.second_version or None, f"version {demo.second_version} is champion", 10)
    after = demo.world.watch(Tally())
    for _ in range(2 * WINDOW_ROWS // CHUNK_ROWS):
        demo.world.ask(demo.shifted.draw(CHUNK_ROWS))
    old = merged(demo.first_version, before, during)
    new = merged(demo.second_version, during, after)
    demo.nothing_failed()
    gain = f"on the shifted population version {demo.second_version} is better by more than 2 points"
    expect(new > old + 0.02, gain, f"{old:.4f}, {new:.4f}")
    demo.say(f"on the shifted population: version {demo.first_version} {old:.4f}, version {demo.second_version} {new:.4f}")
    demo.figures["shifted"] = {
        "rows_until_drift": before.answered,
        "old_champion": old,
        "new_champion": new,
        "drift": drift["reason"],
        "drift_values": values,
        "gate": gate,
        "rollout": rollout,
    }


def merged(version: str, *tallies: Tally) -> float:
    served = sum(tally.served[version] for tally in tallies)
    expect(served > 0, f"version {version} answered shifted rows")
    return sum(tally.right[version] for tally in tallies) / served


def trickle(demo: Demo) -> None:
    demo.world.ask(demo.shifted.draw(TRICKLE_ROWS))


def confirm_drift(demo: Demo, tally: Tally) -> tuple[dict, dict[str, float]]:
    """The event, and the drift of each feature in the newest window."""
    full = 0
    while tally.answered < WINDOWS_UNTIL_DRIFT_MAX * WINDOW_ROWS:
        demo.world.ask(demo.shifted.draw(CHUNK_ROWS))
        demo.progress(f"{tally.answered:,} rows of the shifted population")
        if demo.world.predictions // WINDOW_ROWS == full:
            continue
        full = demo.world.predictions // WINDOW_ROWS
        windows = demo.evaluated_windows()
        confirmed = demo.server.events("drift.confirmed", after=demo.event_before_shift)
        if confirmed:
            return confirmed[0], drift_values(windows[0])
    raise StageFailure(f"expected: drift is confirmed within {tally.answered} rows\n    seen: {shortened(windows)}")


def retrain(demo: Demo) -> tuple[str, dict]:
    """Follows the policy's retrain; the new version and its gate's report."""

    def started() -> dict | None:
        stopped = demo.server.events("retrain.failed", after=demo.event_before_shift)
        expect(not stopped, "the retrain starts", stopped)
        return next(iter(demo.server.events("retrain.started", after=demo.event_before_shift)), None)

    event = until(started, "the policy starts the pipeline", 60, lambda: trickle(demo))
    # Whoever has asked by now may be in the training data.
    demo.shifted.set_apart()
    identity = event["payload"]["pipeline_run"]
    demo.say(f"the policy started pipeline run {identity}")

    def ended() -> dict | None:
        run = demo.server.get(f"/api/v1/pipeline/runs/{identity}")
        demo.progress(", ".join(f"{step['name']} {step['status']}" for step in run["steps"]))
        return run if run["status"] in ("succeeded", "failed", "cancelled") else None

    run = until(ended, "the retrain ends", 120, lambda: trickle(demo))
    expect(run["status"] == "succeeded", "the retrain succeeds", run)
    expect(run["gate"]["verdict"] == "passed", "the gate passes the new version", run["gate"])
    compared = [check for check in run["gate"]["checks"] if check.get("champion_value") is not None]
    expect(bool(compared), "the gate compares with the champion", run["gate"])
    demo.figures["retrain"] = {"pipeline_run": run["id"], "data": run["data"], "version": run["model_version"]}
    return str(run["model_version"]), run["gate"]


def follow_rollout(demo: Demo, version: str, wanted: str) -> dict:
    """Traffic and labels go on until the rollout of the version ends in the wanted state."""

    def newest() -> dict | None:
        rollouts = demo.server.listed("/api/v1/rollouts", "rollouts", endpoint=LINE)
        return next((rollout for rollout in rollouts if str(rollout["version"]) == version), None)

    rollout = until(newest, f"a rollout of version {version} starts", 60, lambda: trickle(demo))
    asked = 0
    while rollout["state"] not in ("done", "rolled_back"):
        if asked > ROWS_UNTIL_VERDICT_MAX:
            raise StageFailure(f"expected: the rollout ends within {asked:,} rows\n    seen: {rollout}")
        demo.world.ask(demo.shifted.draw(CHUNK_ROWS))
        asked += CHUNK_ROWS
        rollout = demo.server.get(f"/api/v1/rollouts/{rollout['id']}")
        demo.progress(f"rollout of version {version}: {rollout['state']} at {rollout['percent']} %, {asked:,} rows")
    expect(rollout["state"] == wanted, f"the rollout of version {version} ends {wanted}", rollout)
    return rollout


def catch_bad_version(demo: Demo) -> None:
    failed_before = demo.world.total.failed
    tally = demo.world.watch(Tally())
    path = f"/api/v1/datasets/census/versions/{demo.figures['retrain']['data']['census'][:12]}/content"
    data = demo.server.folder / "recent.parquet"
    pd.read_parquet(io.BytesIO(demo.server.content(path, part="train"))).to_parquet(data, index=False)
    trained = subprocess.Popen(
        [sys.executable, "train.py", "--data", str(data), "--shuffle-labels"],
        cwd=PROJECT,
        env=demo.server.environment | {"MLFLOW_TRACKING_URI": demo.server.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    until(lambda: trained.poll() is not None or None, "the training script ends", 120, lambda: trickle(demo))
    printed = trained.stdout.read()
    found = re.search(r"run ([0-9a-f]{32})", printed)
    expect(trained.returncode == 0 and found is not None, "the script trains on shuffled labels", printed)
    version = str(demo.server.cli("models", "register", LINE, found.group(1))["version"])
    demo.say(f"version {version} was trained on shuffled labels")

    reason = "drill: can the line catch a bad version?"
    refused = demo.server.command("rollout", "start", LINE, version, "--reason", reason)
    expect(refused.returncode != 0, "without an override a version that passed no gate gets no traffic", refused.stdout)
    demo.server.cli("rollout", "start", LINE, version, "--override", "--reason", reason)
    rollout = follow_rollout(demo, version, "rolled_back")
    harm = [event for event in demo.server.events("rollout.harm_detected") if event["subject"]["id"] == rollout["id"]]
    expect(len(harm) == 1, "harm is detected", rollout)
    started = [event for event in demo.server.events("rollout.started") if event["subject"]["id"] == rollout["id"]]
    expect(started[0]["payload"].get("override") is True and started[0]["reason"] == reason, "the override is on record", started)
    expect(demo.champion() == demo.second_version, f"version {demo.second_version} is still champion", demo.champion())
    demo.nothing_failed()
    expect(demo.world.total.failed == failed_before, "no request failed")
    demo.say(f"harm: {harm[0]['reason']}")
    demo.say(f"rolled back after {tally.served[version]:,} answers of version {version}; {tally.failed} requests failed")
    demo.figures["bad_version"] = {
        "version": version, "answers": tally.served[version], "accuracy": tally.accuracy(version),
        "champion_accuracy": tally.accuracy(demo.second_version), "harm": harm[0]["reason"], "rollout": rollout,
    }  # fmt: skip
