"""Posts an answer to the Lambda Runtime API while it arrives (Lambda Developer Guide, "Building a custom runtime").

By hand with http.client, which the runtime client has loaded already. The API takes the body no faster than the client
or Lambda's own rate allows, so each piece may block.
"""

from __future__ import annotations

import http.client
import logging
import time

from access_es.errors import AccessEsError
from access_es.streaming.answer import MEDIA_TYPE, StreamedAnswer

_PATH = "/2018-06-01/runtime/invocation/{}/response"
_LAST_CHUNK = b"0\r\n\r\n"
_UNBOUNDED_SECONDS = 900.0  # no function runs longer
_ACCEPTED = 202
log = logging.getLogger("access_es.streaming")


def post_streamed(address: str, request_id: str, answer: StreamedAnswer, invocation_id: str | None = None) -> None:
    """Send it all, or break the connection off: that alone tells a client that its answer is not whole.

    Error trailers would count as a successful response (Lambda Developer Guide, the same page). Raises nothing: what
    leaves here would end the process (awslambdaric, `handle_event_request`).
    """
    connection = http.client.HTTPConnection(address, timeout=_UNBOUNDED_SECONDS)
    try:
        _begin(connection, request_id, invocation_id)
        _send_chunk(connection, answer.prelude, answer.send_by)
        for piece in answer.body:
            if piece:
                _send_chunk(connection, piece, answer.send_by)
        connection.send(_LAST_CHUNK)
        _check(connection.getresponse(), request_id)
    except AccessEsError:
        pass  # whoever reads the body has logged why it ended
    except Exception as fault:
        log.warning("The answer was cut off on its way to Lambda: %s: %s [%s]", type(fault).__name__, fault, request_id)
    finally:
        connection.close()
        answer.body.close()


def _begin(connection: http.client.HTTPConnection, request_id: str, invocation_id: str | None) -> None:
    connection.putrequest("POST", _PATH.format(request_id), skip_accept_encoding=True)
    connection.putheader("Content-Type", MEDIA_TYPE)
    connection.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
    connection.putheader("Transfer-Encoding", "chunked")
    if invocation_id:
        connection.putheader("Lambda-Runtime-Invocation-Id", invocation_id)
    connection.endheaders()


def _send_chunk(connection: http.client.HTTPConnection, piece: bytes, send_by: float | None) -> None:
    if send_by is not None and connection.sock is not None:
        left = send_by - time.monotonic()
        if left <= 0:
            raise TimeoutError("the function's time is over")
        connection.sock.settimeout(left)
    connection.send(b"%x\r\n%b\r\n" % (len(piece), piece))


def _check(response: http.client.HTTPResponse, request_id: str) -> None:
    said = response.read()
    if response.status != _ACCEPTED:
        log.warning("Lambda took the answer with %s: %r [%s]", response.status, said[:200], request_id)
