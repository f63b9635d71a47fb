"""A receiver of webhooks that believes only what is signed with the secret it shares with the server."""

import hashlib
import hmac
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Webhook:
    """Listens on a free port of the loopback interface."""

    def __init__(self) -> None:
        self.secret = secrets.token_hex(16)
        self.accepted: list[dict] = []
        self.refused: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                status = receiver.take(body, self.headers.get("x-jidoka-signature", ""))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, body: bytes, signature: str) -> int:
        """HTTP status: 204 for a signed alert, 401 for anything else."""
        wanted = "sha256=" + hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, signature):
            self.refused.append(f"signature {signature!r} of {len(body)} bytes")
            return 401
        self.accepted.append(json.loads(body))
        return 204

    def find(self, text: str) -> dict | None:
        """The first accepted alert that mentions the text."""
        return next((alert for alert in self.accepted if text in json.dumps(alert)), None)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
