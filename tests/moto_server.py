"""AWS on this machine: moto behind HTTP, one for a whole test run and process, empty at its beginning.

Tests share it, so each makes tables and buckets under names of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from access_es.demo.cloud.rest_integrations import RestIntegrations
from tests.running_proxy import KEY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

REGION = "us-east-1"


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """Where moto listens; for `AWS_ENDPOINT_URL`."""
    with running_moto() as url:
        yield url


def moto_environment(url: str) -> dict[str, str]:
    """The environment in which boto3 finds moto. The keys are those of the test gateway; moto takes any."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": KEY[0],
        "AWS_SECRET_ACCESS_KEY": KEY[1],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def running_moto() -> Iterator[str]:
    from moto.moto_server.werkzeug_app import (  # seconds, for those who need it
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    class Handler(MotoRequestHandler):
        protocol_version = "HTTP/1.1"  # keeps connections, as AWS does

        def log(self, type: str, message: str, *args: Any) -> None:
            pass

    app = _OneItemAtATime(RestIntegrations(DomainDispatcherApplication(create_backend_app)))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _OneItemAtATime:
    """DynamoDB decides a condition and writes in one step; moto does so only while nobody else asks."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if not environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB"):
            return self._app(environ, start_response)
        with self._lock:
            return list(self._app(environ, start_response))
