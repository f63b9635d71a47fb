"""Writes signatures.json: what botocore signs, for the tests of our signer.

    .cache/venv-s3/bin/python Tests/S3Tests/Fixtures/make_signatures.py
"""

import datetime
import json
from pathlib import Path
from urllib.parse import quote

import botocore
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = datetime.datetime(2026, 11, 21, 0, 48, 34, tzinfo=datetime.timezone.utc)
botocore.auth.get_current_datetime = lambda remove_tzinfo=True: NOW.replace(tzinfo=None) if remove_tzinfo else NOW

ACCESS, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

CASES = [
    ("a plain path", "GET", "/bucket/objects/abc", [], {}, EMPTY),
    ("a blank in the path", "GET", "/bucket/a b/c d.txt", [], {}, EMPTY),
    ("reserved characters in the path", "GET", "/bucket/a+b=c&d;e@f:g,h(i)'*!$~.txt", [], {}, EMPTY),
    ("a percent sign in the path", "GET", "/bucket/100%25 sure", [], {}, EMPTY),
    ("dots and doubled slashes in the path", "GET", "/bucket//a/./b/../c", [], {}, EMPTY),
    ("letters beyond ASCII in the path", "PUT", "/bucket/größe/数据集.parquet", [], {"content-type": "application/octet-stream"}, HELLO),
    ("a sorted query", "GET", "/bucket", [("list-type", "2"), ("max-keys", "1000"), ("prefix", "a/b")], {}, EMPTY),
    ("an unsorted query", "GET", "/bucket", [("prefix", "a/b c+d"), ("start-after", "a/b/ü"), ("list-type", "2"), ("max-keys", "7")], {}, EMPTY),
    ("a query without a value", "POST", "/bucket/key", [("uploads", "")], {"content-type": "application/octet-stream"}, EMPTY),
    ("a part of an upload", "PUT", "/bucket/key", [("uploadId", "2~abc/def+ghi="), ("partNumber", "12")], {}, "UNSIGNED-PAYLOAD"),
    ("parts in the order that sorts by bytes", "GET", "/bucket", [("a-b", "1"), ("a", "2"), ("aB", "3"), ("a.b", "4")], {}, EMPTY),
    ("a range", "GET", "/bucket/key", [], {"range": "bytes=0-99"}, EMPTY),
    ("a copy", "PUT", "/bucket/key", [], {"x-amz-copy-source": "/bucket/a%20b", "x-amz-metadata-directive": "REPLACE"}, EMPTY),
    ("blanks in a header", "PUT", "/bucket/key", [], {"x-amz-meta-note": "  two   words  "}, HELLO),
]


class Signer(botocore.auth.S3SigV4Auth):
    def payload(self, request):
        return request.context["hash"]


class Query(botocore.auth.S3SigV4QueryAuth):
    pass


def main() -> None:
    out = []
    for token in (None, "AQoDYXdzEPT//////////wEXAMPLE+token="):
        for name, method, path, query, headers, payload in CASES:
            credentials = Credentials(ACCESS, SECRET, token)
            url = "https://s3.example.org:9000" + quote(path, safe="/~")
            # botocore signs the query of the URL as it stands, so it is given encoded.
            if query:
                url += "?" + "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in query)
            request = AWSRequest(method=method, url=url, headers=dict(headers))
            request.context.update({"hash": payload, "client_config": None})
            Signer(credentials, "s3", "eu-central-1").add_auth(request)
            presigned = AWSRequest(method=method, url=url)
            presigned.context.update({"client_config": None})
            Query(credentials, "s3", "eu-central-1", expires=900).add_auth(presigned)
            out.append(
                {
                    "name": name + (" with a session token" if token else ""),
                    "method": method,
                    "path": path,
                    "query": [list(pair) for pair in query],
                    "headers": [list(pair) for pair in headers.items()],
                    "payload": payload,
                    "token": token,
                    "authorization": request.headers["Authorization"],
                    "signature": presigned.url.rsplit("X-Amz-Signature=", 1)[1],
                }
            )
    document = {"botocore": botocore.__version__, "access": ACCESS, "secret": SECRET, "region": "eu-central-1", "microseconds": int(NOW.timestamp() * 1e6), "cases": out}
    Path(__file__).with_name("signatures.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


main()
