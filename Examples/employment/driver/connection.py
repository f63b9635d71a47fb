"""One keep-alive connection with at most one request under way: a few lines of HTTP/1.1, because speed is the point here."""

import json
import socket
import time
from dataclasses import dataclass

TIMEOUT_SECONDS = 30.0
# A connection that idled longer than this may have been ended by the server in the meantime: that is looked up before it is used.
IDLE_SECONDS = 0.5


@dataclass(slots=True)
class Answer:
    """One answered or failed request."""

    prediction_id: str
    version: str
    route: str
    label: int
    milliseconds: float
    error: str | None = None


class Connection:
    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._socket: socket.socket | None = None
        self._received = bytearray()
        self._sent_at = 0.0
        self._used_at = 0.0
        # Place of the request under way among those of its batch.
        self.index = -1

    def fileno(self) -> int:
        return self._socket.fileno() if self._socket is not None else -1

    def begin(self, index: int, request: bytes) -> None:
        """Sends a request. Raises OSError when that is impossible."""
        self.index = index
        self._received.clear()
        self._sent_at = time.perf_counter()
        if self._socket is not None and self._sent_at - self._used_at > IDLE_SECONDS and self._was_ended():
            self.close()
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=TIMEOUT_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)

    def receive(self) -> Answer | None:
        """The answer; None while a part of it is missing. To be called when there is something to read."""
        try:
            received = self._socket.recv(65536)
        except OSError as error:
            return self.failed(f"the connection failed: {error}")
        if not received:
            return self.failed("the server closed the connection before it answered")
        self._received += received
        return self._parsed()

    def failed(self, why: str) -> Answer:
        self.close()
        return Answer("", "", "", -1, self._elapsed(), why)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _elapsed(self) -> float:
        return (time.perf_counter() - self._sent_at) * 1000

    def _was_ended(self) -> bool:
        """An idle connection that the server ended is readable and there is nothing to read."""
        self._socket.setblocking(False)
        try:
            return self._socket.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self._socket.settimeout(TIMEOUT_SECONDS)

    def _parsed(self) -> Answer | None:
        head, separator, body = bytes(self._received).partition(b"\r\n\r\n")
        if not separator:
            return None
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if "content-length" not in headers:
            return self.failed(f"an answer without Content-Length: {status}")
        if len(body) < int(headers["content-length"]):
            return None
        elapsed = self._elapsed()
        self._used_at = time.perf_counter()
        if headers.get("connection", "").lower() == "close":
            self.close()
        if status.split(" ", 2)[1] != "200":
            return Answer("", "", "", -1, elapsed, f"{status}: {body[:300].decode(errors='replace')}")
        return Answer(
            headers.get("x-jidoka-prediction-id", ""),
            headers.get("x-jidoka-model-version", ""),
            headers.get("x-jidoka-route", ""),
            int(json.loads(body)["outputs"][0]["data"][0]),
            elapsed,
        )
