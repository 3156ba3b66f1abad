"""What most people write first: Flask, requests and requests-aws4auth in thirty lines, to be measured against."""

from __future__ import annotations

import os

import requests
from flask import Flask, Response, request
from requests_aws4auth import AWS4Auth

UPSTREAM = os.environ.get("UPSTREAM", "http://127.0.0.1:9200")
DROPPED = {"content-encoding", "content-length", "transfer-encoding", "connection"}
app = Flask(__name__, static_folder=None)
session = requests.Session()
auth = AWS4Auth("AKIDEXAMPLE", "secret", "us-east-1", "es")


@app.route("/", defaults={"path": ""}, methods=["GET", "POST", "PUT", "DELETE", "HEAD"])
@app.route("/<path:path>", methods=["GET", "POST", "PUT", "DELETE", "HEAD"])
def proxy(path: str) -> Response:
    answer = session.request(
        request.method,
        f"{UPSTREAM}/{path}",
        params=list(request.args.items(multi=True)),
        data=request.get_data(),
        headers={name: value for name, value in request.headers if name not in ("Host", "Content-Length")},
        auth=auth,
        allow_redirects=False,
    )
    headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in DROPPED]
    return Response(answer.content, answer.status_code, headers)
