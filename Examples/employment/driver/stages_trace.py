"""Stage 10: every answer can be traced, and the record is whole."""

import subprocess

from .checks import expect
from .demo import LINE, Demo
from .server import PROJECT


def trace(demo: Demo) -> None:
    demo.world.tell_all()
    for version in (demo.first_version, demo.second_version):
        prediction = demo.world.last_prediction[version]
        chain = demo.server.cli("trace", prediction)
        expect(str(chain["model_version"]["version"]) == version, f"the chain names version {version}", chain)
        expect(chain["prediction"]["id"] == prediction and chain["endpoint"] == LINE, "the chain begins at the prediction", chain)
        expect(chain["route"] in ("champion", "challenger"), "the chain names the route", chain)
        expect(bool(chain["run"]["id"]), "the chain names the run", chain)
        commit = git_commit()
        if commit is not None:
            expect(chain["code"]["commit"] == commit, f"the chain names commit {commit}", chain["code"])
            expect(chain["code"]["dirty"] in (True, False), "the chain says whether the code was changed", chain["code"])
        expect(bool(chain["dataset"]["digest"]), "the chain ends at the dataset version", chain)
    expect(chain["dataset"]["digest"] != demo.data_digest, "the second version was trained on other data", chain["dataset"])
    for line in demo.server.command("trace", prediction).stdout.splitlines():
        demo.say("| " + line)
    audit = demo.server.cli("audit", "verify")
    expect(audit["valid"] is True, "the event chain is whole", audit)
    demo.say(f"audit: the chain of {audit['events']:,} events is whole")
    demo.figures["audit"] = audit


def git_commit() -> str | None:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=PROJECT, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None
