"""Two servers that are asked the same: MLflow's own (the reference) and ours.

What a server chose itself (ids, times, invented names) is replaced by a mark before answers are compared, so that everything else must be
equal. A value that later requests need is kept under a token (`«run»`) and put back per server.
"""

import base64
import json
import math
import re
from dataclasses import dataclass, field

import requests

SIDES = ("reference", "ours")
# Lists without a promised order, and what tells their items apart.
UNORDERED = {"tags": ("key",), "params": ("key",), "aliases": ("alias",), "latest_versions": ("version",), "dataset_inputs": ("dataset.name", "dataset.digest"), "attributes": ("key",), "request_metadata": ("key",), "assessments": ("assessment_name", "create_time"), "data_points": ("dimensions",), "records": ("inputs",), "dataset_summaries": ("name", "digest", "context")}
TIMES = {
    "creation_time", "created_time", "last_update_time", "creation_timestamp", "last_updated_timestamp", "creation_timestamp_ms", "last_updated_timestamp_ms",
}  # fmt: skip
# A time of this run, not one that a request gave.
CLOCK_TIME = re.compile(r"^20(2[4-9]|[3-9]\d)-\d\d-\d\dT[\d:.]+Z$")
INVENTED_DIGEST = re.compile(r"^[0-9a-f]{8}$")
INVENTED_NAME = re.compile(r"^[a-z]+-[a-z]+-\d{1,3}$")
UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
# Texts that are JSON, compared as what they stand for.
JSON_TEXTS = {"tags", "schema", "profile", "records"}
HEXADECIMAL = re.compile(r"\b[0-9a-f]{32}\b")
# An experiment's number at the places where only such a number stands.
EXPERIMENT = re.compile(r"(?<=mlflow-artifacts:/)\d+\b|(?<=')\d+(?=/models/)|(?<=for experiment )\d+\b|(?<=The experiment )\d+(?= must be)|(?<=experiment_ids\": \[\")\d+")
# A Python set in a message has no order.
PYTHON_SET = re.compile(r"\{('[^{}]*')\}")


@dataclass(frozen=True)
class Difference:
    """One answer, one place in it, and what the two servers have there."""

    call: str
    place: str
    reference: str
    ours: str

    def __str__(self) -> str:
        return f"{self.call}\n    {self.place}\n      reference: {self.reference}\n      ours:      {self.ours}"


@dataclass
class Answer:
    """What one server said; `value` is the JSON, the text, or a mark for HTML."""

    status: int
    headers: dict[str, str]
    value: object

    def at(self, path: str) -> object:
        found = self.value
        for step in path.split("."):
            found = found[int(step)] if isinstance(found, list) else found[step]
        return found


@dataclass
class Pair:
    urls: dict[str, str]
    known: dict[str, dict[str, str]] = field(default_factory=lambda: {side: {} for side in SIDES})
    differences: list[Difference] = field(default_factory=list)
    calls: int = 0

    def __post_init__(self) -> None:
        self.sessions = {side: requests.Session() for side in SIDES}
        self.last: dict[str, Answer] = {}

    # --- asking ------------------------------------------------------------------------------------------------------------------

    def get(self, path: str, /, title: str = "", **query: object) -> "Pair":
        return self.ask("GET", path, query=query, title=title)

    def post(self, path: str, body: object, title: str = "") -> "Pair":
        return self.ask("POST", path, body=body, title=title)

    def patch(self, path: str, body: object, title: str = "") -> "Pair":
        return self.ask("PATCH", path, body=body, title=title)

    def delete(self, path: str, body: object = None, title: str = "") -> "Pair":
        return self.ask("DELETE", path, body=body, title=title)

    def ask(
        self, method: str, path: str, *, body: object = None, query: object = None, raw: bytes | str | None = None,
        headers: dict[str, str] | None = None, title: str = "", compared: tuple[str, ...] = (),
    ) -> "Pair":  # fmt: skip
        """Sends to both and notes every difference. `compared` names headers that count."""
        path = path if path.startswith("/") else f"/api/2.0/mlflow/{path}"
        shown = json.dumps(body if body is not None else query if query else "", ensure_ascii=False)
        call = f"{method} {path} {shown[:160]}{' # ' + title if title else ''}"
        self.calls += 1
        for side in SIDES:
            self.last[side] = self._send(side, method, path, body, query, raw, headers)
        seen = {side: self._comparable(side, self.last[side], compared) for side in SIDES}
        self.differences += [Difference(call, *found) for found in differences(seen["reference"], seen["ours"])]
        return self

    def keep(self, path: str, name: str) -> str:
        """The value at `path` of the last answers, kept under a token for later requests."""
        token = f"«{name}»"
        for side in SIDES:
            try:
                self.known[side][token] = str(self.last[side].at(path))
            except (KeyError, IndexError, TypeError) as missing:
                raise AssertionError(f"{side} has no {path}: {self.last[side]}") from missing
        return token

    def _send(
        self, side: str, method: str, path: str, body: object, query: object, raw: bytes | str | None, headers: dict[str, str] | None
    ) -> Answer:
        arguments: dict[str, object] = {"headers": self._resolved(side, headers or {}), "timeout": 60, "allow_redirects": False}
        if query:
            items = query.items() if isinstance(query, dict) else query
            arguments["params"] = [(name, one) for name, value in items for one in (value if isinstance(value, list) else [value])]
            arguments["params"] = self._resolved(side, arguments["params"])
        if raw is not None:
            arguments["data"] = raw.encode() if isinstance(raw, str) else raw
        elif body is not None:
            # Written by hand: bare NaN must pass, and text must go out as it is.
            arguments["data"] = json.dumps(self._resolved(side, body), ensure_ascii=False).encode()
            arguments["headers"].setdefault("Content-Type", "application/json")
        answer = self.sessions[side].request(method, self.urls[side] + self._resolved(side, path), **arguments)
        return Answer(answer.status_code, {name.lower(): text for name, text in answer.headers.items()}, content(answer))

    def _resolved(self, side: str, value: object) -> object:
        if isinstance(value, str):
            if "«" in value:
                for token, text in self.known[side].items():
                    value = value.replace(token, text)
            return value
        if isinstance(value, dict):
            return {name: self._resolved(side, one) for name, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._resolved(side, one) for one in value]
        return value

    # --- comparing ---------------------------------------------------------------------------------------------------------------

    def _comparable(self, side: str, answer: Answer, headers: tuple[str, ...]) -> object:
        """An error as one line, anything else as a tree."""
        value = answer.value
        if answer.status >= 400:
            if isinstance(value, dict) and "error_code" in value:
                classes = [value[name] for name in ("sqlstate", "error_class") if name in value]
                return f"{answer.status} {value['error_code']} {classes}: {self._plain_text(side, str(value.get('message')), '')}"
            return f"{answer.status} {value if isinstance(value, str) else json.dumps(self._plain(side, value), ensure_ascii=False)}"
        seen: dict[str, object] = {"status": answer.status, "body": self._plain(side, value)}
        for name in headers:
            seen[f"header {name}"] = answer.headers.get(name)
        return seen

    def _plain(self, side: str, value: object, name: str = "", parent: str = "") -> object:
        if isinstance(value, dict):
            return {key: self._plain(side, one, key, name) for key, one in value.items()}
        if isinstance(value, list):
            items = [self._plain(side, one, name, name) for one in value]
            by = ("key", "dataset_name") if name == "metrics" and parent == "data" else UNORDERED.get(name)
            return sorted(items, key=lambda item: [str(field_of(item, path)) for path in by]) if by else items
        if name == "experiment_id" and isinstance(value, int) and value != 0:
            return "«number»"
        if name in TIMES and isinstance(value, int) and value > 1_600_000_000_000:
            return "«time»"
        if isinstance(value, str):
            return self._plain_json(side, value, name) if name in JSON_TEXTS and value[:1] in "{[" else self._plain_text(side, value, name)
        return value

    def _plain_json(self, side: str, text: str, name: str) -> object:
        try:
            return self._plain(side, json.loads(text), name)
        except ValueError:
            return text

    def _plain_text(self, side: str, text: str, name: str) -> str:
        if name == "next_page_token":
            return self._plain_text(side, decoded_token(text), "")
        if name in ("create_time", "last_update_time") and CLOCK_TIME.match(text):
            return "«time»"
        if name in ("run_name", "value", "name") and INVENTED_NAME.match(text):
            return "«invented name»"
        if name == "digest" and INVENTED_DIGEST.match(text):
            return "«digest»"
        if name in ("experiment_id", "experiment_ids") and text != "0":
            return "«number»"
        for token, known in sorted(self.known[side].items(), key=lambda item: -len(item[1])):
            if len(known) >= 8:
                text = text.replace(known, token)
        text = PYTHON_SET.sub(lambda found: "{" + ", ".join(sorted(found[1].split(", "))) + "}", text)
        return HEXADECIMAL.sub("«id»", UUID.sub("«id»", EXPERIMENT.sub(lambda found: "0" if found[0] == "0" else "«number»", text)))


def field_of(item: object, path: str) -> object:
    for step in path.split("."):
        item = item.get(step) if isinstance(item, dict) else item
    return item


def content(answer: requests.Response) -> object:
    kind = answer.headers.get("content-type", "")
    if kind.startswith("text/html") and "<!doctype" in answer.text[:40].lower():
        return "«HTML page»"
    try:
        return answer.json()
    except ValueError:
        return answer.text


def decoded_token(token: str) -> str:
    try:
        text = base64.b64decode(token).decode()
        return "«place»" if re.match(r"\d+:dr-", text) else json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return token


def differences(reference: object, ours: object, place: str = "") -> list[tuple[str, str, str]]:
    """(place, reference, ours) for each leaf that is not the same."""
    if isinstance(reference, dict) and isinstance(ours, dict):
        found = []
        for name in [*reference, *(name for name in ours if name not in reference)]:
            found += differences(reference.get(name, "«absent»"), ours.get(name, "«absent»"), f"{place}.{name}" if place else name)
        return found
    if isinstance(reference, list) and isinstance(ours, list) and len(reference) == len(ours):
        found = []
        for index, (one, other) in enumerate(zip(reference, ours, strict=True)):
            found += differences(one, other, f"{place}[{index}]")
        return found
    if type(reference) is type(ours) and reference == ours:
        return []
    if isinstance(reference, float) and isinstance(ours, float) and math.isclose(reference, ours, rel_tol=1e-12):
        return []
    if place == "" and (isinstance(reference, str) or isinstance(ours, str)):
        return [("answer", *(one if isinstance(one, str) else f"{one['status']} {json.dumps(one['body'], ensure_ascii=False)[:2000]}" for one in (reference, ours)))]
    return [(place, json.dumps(reference, ensure_ascii=False), json.dumps(ours, ensure_ascii=False))]
