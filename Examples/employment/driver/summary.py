"""The table at the end and demo-summary.json."""

import json
import platform
import subprocess
from importlib.metadata import version

from .demo import Demo
from .server import PROJECT
from .stages_trace import git_commit

PATH = PROJECT / "demo-summary.json"


def summarize(demo: Demo, seconds: float) -> dict:
    total = demo.world.total
    shifted, natural, bad = (demo.figures[name] for name in ("shifted", "natural", "bad_version"))
    summary = {
        "requests": {
            "answered": total.answered, "failed": total.failed, "by_version": dict(total.served), "by_route": dict(total.routes),
            "p50_ms": total.quantile(0.5), "p99_ms": total.quantile(0.99), "labels": demo.world.labels,
        },
        "accuracy": {
            "champion_natural": natural["accuracy"], "champion_shifted": shifted["old_champion"],
            "challenger_shifted": shifted["new_champion"], "bad_version_shifted": bad["accuracy"],
        },
        "server": {"start_seconds": demo.server.started_in, "resident_megabytes": demo.server.resident_megabytes()},
        "stages": demo.stages,
        "seconds": round(seconds, 1),
        "versions": {
            "jidoka": demo.server.get("/api/v1/status").get("version"), "python": platform.python_version(),
            **{name: version(name) for name in ("mlflow-skinny", "scikit-learn", "onnx", "skl2onnx", "tritonclient")},
        },
        "git": {"commit": git_commit(), "dirty": dirty()},
        "figures": demo.figures,
    }  # fmt: skip
    PATH.write_text(json.dumps(summary, indent=1, default=str) + "\n")
    return summary


def dirty() -> bool | None:
    done = subprocess.run(["git", "status", "--porcelain"], cwd=PROJECT, capture_output=True, text=True)
    return bool(done.stdout.strip()) if done.returncode == 0 else None


def table(summary: dict) -> str:
    requests, accuracy, server = summary["requests"], summary["accuracy"], summary["server"]
    rows = [
        ("requests answered / failed", f"{requests['answered']:,} / {requests['failed']}"),
        ("labels joined", f"{requests['labels']:,}"),
        ("latency seen by the callers, p50 / p99", f"{requests['p50_ms']:.2f} / {requests['p99_ms']:.2f} ms"),
        ("accuracy, people of 2016 to 2018", f"{accuracy['champion_natural']:.4f}"),
        ("accuracy after the shift, old champion", f"{accuracy['champion_shifted']:.4f}"),
        ("accuracy after the shift, retrained", f"{accuracy['challenger_shifted']:.4f}"),
        ("accuracy after the shift, bad version", f"{accuracy['bad_version_shifted']:.4f}"),
        ("server: time to start, memory at the end", f"{server['start_seconds']:.2f} s, {server['resident_megabytes']:.0f} MB"),
    ]
    rows += [(f"stage {stage['stage']}: {stage['title']}", f"{stage['seconds']:.1f} s") for stage in summary["stages"]]
    rows.append(("everything", f"{summary['seconds']:.0f} s"))
    wide = max(len(name) for name, _ in rows)
    rule = "─" * (wide + 26)
    return "\n".join([rule, *(f"{name:<{wide}}  {value:>24}" for name, value in rows), rule])
