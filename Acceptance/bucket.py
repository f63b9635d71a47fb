"""A bucket of moto's S3 server, and the variables by which programs find it."""

import subprocess

import requests

from jidoka import ROOT

SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""


class Bucket:
    def __init__(self, name: str = "team") -> None:
        python = ROOT / ".cache/venv-s3/bin/python"
        assert python.exists(), f"{python} is missing: `scripts/setup test` makes it"
        # It ends with this process: nothing is ever written to its input.
        self.process = subprocess.Popen([str(python), "-u", "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.endpoint = f"http://127.0.0.1:{int(self.process.stdout.readline())}"
        self.url = f"s3://{name}/artifacts"
        self.name = name
        assert requests.put(f"{self.endpoint}/{name}", timeout=30).status_code == 200
        self.variables = {"AWS_ENDPOINT_URL": self.endpoint, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "JIDOKA_ARTIFACT_STORE": self.url}

    def keys(self, prefix: str = "") -> list[str]:
        """All keys below the prefix of the store."""
        text = requests.get(f"{self.endpoint}/{self.name}", params={"list-type": "2", "prefix": f"artifacts/{prefix}"}, timeout=30).text
        return [part.split("</Key>")[0] for part in text.split("<Key>")[1:]]

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
