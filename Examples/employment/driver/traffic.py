"""People ask, one request each, over a few keep-alive connections; their labels follow one window later."""

import selectors
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from .census import People
from .checks import expect
from .connection import TIMEOUT_SECONDS, Answer, Connection
from .server import Server

LABELS_PER_REQUEST = 5000


class Callers:
    """Sends rows to an endpoint with Open Inference v2 in JSON. Each row is a prediction of its own, sticky by person."""

    def __init__(self, port: int, endpoint: str, connections: int = 8) -> None:
        self._head = f"POST /v2/models/{endpoint}/infer HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        self._connections = [Connection(("127.0.0.1", port)) for _ in range(connections)]

    def close(self) -> None:
        for connection in self._connections:
            connection.close()

    def send(self, people: People) -> list[Answer]:
        """One answer for each person, in their order; a failed request is an answer with an error."""
        answers: list[Answer] = [Answer("", "", "", -1, 0, "never sent")] * len(people)
        requests = enumerate(self._requests(people))
        busy: dict[int, Connection] = {}
        with selectors.DefaultSelector() as selector:
            idle = list(self._connections)
            while True:
                while idle and self._begin(idle[-1], requests, answers):
                    connection = idle.pop()
                    busy[selector.register(connection, selectors.EVENT_READ, connection).fd] = connection
                if not busy:
                    return answers
                ready = selector.select(TIMEOUT_SECONDS)
                if not ready:
                    for descriptor, connection in busy.items():
                        selector.unregister(descriptor)
                        answers[connection.index] = connection.failed(f"no answer within {TIMEOUT_SECONDS:.0f} s")
                    idle, busy = [*idle, *busy.values()], {}
                for key, _ in ready:
                    answer = key.data.receive()
                    if answer is not None:
                        selector.unregister(key.fd)
                        answers[key.data.index] = answer
                        idle.append(busy.pop(key.fd))

    def _begin(self, connection: Connection, requests: Iterator[tuple[int, bytes]], answers: list[Answer]) -> bool:
        """Gives the connection the next request; False when there is none left."""
        for index, request in requests:
            try:
                connection.begin(index, request)
                return True
            except OSError as error:
                answers[index] = connection.failed(f"the connection failed: {error}")
        return False

    def _requests(self, people: People) -> Iterator[bytes]:
        for person, row in zip(people.ids.tolist(), people.features.tolist(), strict=True):
            data = ",".join(f"{value:.9g}" for value in row)
            body = (
                f'{{"inputs":[{{"name":"features","datatype":"FP32","shape":[1,{len(row)}],"data":[{data}]}}],'
                '"outputs":[{"name":"label"}]}'
            )
            yield f"{self._head}x-jidoka-unit: person-{person}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@dataclass
class Tally:
    """What the callers saw of one stretch of traffic."""

    answered: int = 0
    failed: int = 0
    right: Counter = field(default_factory=Counter)
    served: Counter = field(default_factory=Counter)
    routes: Counter = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add(self, answers: list[Answer], people: People) -> None:
        for answer, truth in zip(answers, people.truth.tolist(), strict=True):
            if answer.error is not None:
                self.failed += 1
                self.errors.append(answer.error)
                continue
            self.answered += 1
            self.served[answer.version] += 1
            self.right[answer.version] += answer.label == truth
            self.routes[answer.route] += 1
            self.milliseconds.append(answer.milliseconds)

    def accuracy(self, version: str | None = None) -> float | None:
        served = self.answered if version is None else self.served[version]
        right = self.right.total() if version is None else self.right[version]
        return right / served if served else None

    def quantile(self, share: float) -> float | None:
        return float(np.quantile(self.milliseconds, share)) if self.milliseconds else None


class World:
    """Callers and the truth that comes after them. `lag` rows are served before the label of a row arrives."""

    def __init__(self, server: Server, endpoint: str, lag: int) -> None:
        self._server = server
        self._callers = Callers(server.port, endpoint)
        self._lag = lag
        self._waiting: deque[tuple[str, int]] = deque()
        self._tallies: list[Tally] = [Tally()]
        self._elsewhere = 0
        self.labels = 0
        self.last_prediction: dict[str, str] = {}

    @property
    def total(self) -> Tally:
        return self._tallies[0]

    @property
    def predictions(self) -> int:
        """Rows that the endpoint has answered."""
        return self.total.answered + self._elsewhere

    def watch(self, tally: Tally) -> Tally:
        """From now on the traffic counts for this tally, beside the total."""
        self._tallies[1:] = [tally]
        return tally

    def ask(self, people: People) -> None:
        answers = self._callers.send(people)
        for tally in self._tallies:
            tally.add(answers, people)
        for answer, truth in zip(answers, people.truth.tolist(), strict=True):
            if answer.error is None:
                self.last_prediction[answer.version] = answer.prediction_id
                self._waiting.append((answer.prediction_id, truth))
        self._tell(len(self._waiting) - self._lag)

    def owe(self, prediction_id: str, truth: int) -> None:
        """A prediction that was made outside of `ask` gets its label as well."""
        self._elsewhere += 1
        self._waiting.append((prediction_id, truth))

    def tell_all(self) -> None:
        """All labels that are still due arrive now."""
        self._tell(len(self._waiting))

    def close(self) -> None:
        self._callers.close()

    def _tell(self, count: int) -> None:
        while count > 0:
            part = [self._waiting.popleft() for _ in range(min(count, LABELS_PER_REQUEST))]
            count -= len(part)
            labels = [{"prediction_id": prediction, "label": truth} for prediction, truth in part]
            answer = self._server.post("/api/v1/labels", {"labels": labels})
            expect(answer.get("accepted") == len(part), f"all {len(part)} labels are taken", answer)
            self.labels += len(part)
