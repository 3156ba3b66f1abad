"""Reads requests as they arrived, byte for byte."""

from __future__ import annotations

from typing import Any

from access_es.ingress import wsgi_server
from access_es.messages import ProxyRequest

EVENT_KEY = "lambda.event"  # where Zappa keeps the event; the rest of its environ is a lossy translation


def read_request(environ: dict[str, Any]) -> ProxyRequest:
    """The request behind an environ, from its most exact source. Raises BadRequest for an event it cannot read."""
    event = environ.get(EVENT_KEY)
    if event is None:
        return wsgi_server.read_request(environ)
    from access_es.ingress.lambda_event import read_event  # never needed locally

    return read_event(event, environ.get("lambda.context"))
