"""A kept-alive HTTP/1.1 connection with as little work of its own as possible, and the bodies that the loads send."""

import json
import socket
import time

API = "/api/2.0/mlflow"


class Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=300)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def post(self, path: str, body: bytes) -> bytes:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        return self.exchange(head.encode() + body)

    def get(self, path: str) -> bytes:
        return self.exchange(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())

    def exchange(self, request: bytes) -> bytes:
        self.socket.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.more()
        head, _, body = received.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next((int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")), None)
        if length is None:
            raise SystemExit(f"error: an answer without content-length: {head!r}")
        parts, have = [body], len(body)
        while have < length:
            parts.append(self.more())
            have += len(parts[-1])
        body = b"".join(parts)
        if not lines[0].startswith(b"http/1.1 200"):
            raise SystemExit(f"error: {head.decode()}\n{body.decode()}")
        return body

    def more(self) -> bytes:
        data = self.socket.recv(1 << 20)
        if not data:
            raise SystemExit("error: the server closed the connection")
        return data


def new_run(connection: Connection) -> str:
    body = json.dumps({"experiment_id": "0", "start_time": int(time.time() * 1_000)}).encode()
    return json.loads(connection.post(f"{API}/runs/create", body))["run"]["info"]["run_id"]


def metric(key: str, step: int, value: float = 0.5) -> str:
    return f'{{"key":"{key}","value":{value},"timestamp":{1_700_000_000_000 + step},"step":{step}}}'


def single(run: str, key: str, step: int) -> bytes:
    return f'{{"run_id":"{run}",{metric(key, step)[1:]}'.encode()


def wide(run: str, number: int) -> bytes:
    """1,000 metrics of 1,000 keys."""
    return f'{{"run_id":"{run}","metrics":[{",".join(metric(f"m{key}", number) for key in range(1_000))}]}}'.encode()


def deep(run: str, number: int) -> bytes:
    """1,000 metrics of 20 keys."""
    points = (metric(f"m{key}", number * 50 + step) for step in range(50) for key in range(20))
    return f'{{"run_id":"{run}","metrics":[{",".join(points)}]}}'.encode()


def points(connection: Connection, run: str, key: str) -> int:
    count, token = 0, ""
    while True:
        page = json.loads(connection.get(f"{API}/metrics/get-history?run_id={run}&metric_key={key}&max_results=20000{token}"))
        count += len(page.get("metrics", []))
        if not page.get("next_page_token"):
            return count
        token = f"&page_token={page['next_page_token']}"
