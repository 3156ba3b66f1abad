"""Lambda Function URL, payload 2.0: path and query arrive raw. Repeated headers come joined."""

from __future__ import annotations

from access_es.ingress.fields import Event, read_text, to_bytes
from access_es.ingress.payload_v2 import read_v2
from access_es.messages import ProxyRequest


def read_request(event: Event) -> ProxyRequest:
    """The request behind an event. Raises BadRequest."""
    # Not requestContext.http.path, which is decoded (recorded: github.com/hotsock/voker, vokerhttp/testdata).
    return read_v2(event, to_bytes(read_text(event, "rawPath")) or b"/")
