"""A program: AWS on one address. moto answers for everything but Lambda's Invoke, which runs in our own sandboxes.

python -m access_es.demo.cloud.aws_server PORT_FILE INVOKE_PORT
"""

from __future__ import annotations

import http.client
import json
import re
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.serving import make_server

from access_es.demo.cloud.rest_integrations import RestIntegrations

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

HOST = "127.0.0.1"
_URLS = re.compile(r"/[0-9-]+/functions/[^/]+/urls")
_INVOKE = re.compile(r"/2015-03-31/functions/[^/]+/invocations")
_BACK = ("content-type", "x-amz-function-error", "x-amz-executed-version", "x-amzn-errortype")


class Endpoints:
    """moto, and what it lacks."""

    def __init__(self, moto: WSGIApplication, invoke_port: int) -> None:
        self._moto = moto
        self._invoke_port = invoke_port
        self._one_at_a_time = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if method == "GET" and _URLS.fullmatch(path):  # moto has no ListFunctionUrlConfigs, which `zappa update` asks
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps({"FunctionUrlConfigs": []}).encode()]
        if method == "POST" and _INVOKE.fullmatch(path):
            return self._invoke(environ, start_response)
        if environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB"):
            with self._one_at_a_time:  # DynamoDB decides a condition and writes in one step, moto in two
                return list(self._moto(environ, start_response))
        return self._moto(environ, start_response)

    def _invoke(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        kind = environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse")
        connection = http.client.HTTPConnection(HOST, self._invoke_port)
        try:
            path = environ["PATH_INFO"].replace(":", "%3A")
            connection.request("POST", path, body, {"X-Amz-Invocation-Type": kind})
            answer = connection.getresponse()
            headers = [(name, value) for name, value in answer.getheaders() if name.lower() in _BACK]
            start_response(f"{answer.status} {answer.reason}", headers)
            return [answer.read()]
        finally:
            connection.close()


def main(port_file: Path, invoke_port: int) -> None:
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )

    class QuietHandler(MotoRequestHandler):
        protocol_version = "HTTP/1.1"  # keeps connections, as AWS does

        def log(self, type: str, message: str, *args: Any) -> None:
            pass

    app = Endpoints(RestIntegrations(DomainDispatcherApplication(create_backend_app)), invoke_port)
    server = make_server(HOST, 0, app, threaded=True, request_handler=QuietHandler)
    draft = port_file.with_suffix(".draft")
    draft.write_text(str(server.server_port), encoding="ascii")
    draft.rename(port_file)
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
