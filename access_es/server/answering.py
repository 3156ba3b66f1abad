"""From the next request of a connection to its answer, in a thread of its own."""

from __future__ import annotations

import enum
from typing import Any

from gunicorn.http import wsgi  # type: ignore[import-untyped]
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]

from access_es.server.body import RequestBodyError
from access_es.server.connection import Connection
from access_es.server.forwarded import read_forwarded
from access_es.server.refusal import OUR_FAULT, explain
from access_es.server.request import StrictRequest
from access_es.server.response import ClientGone, Response


class Outcome(enum.Enum):
    KEEP = enum.auto()  # the connection can carry another request
    CLOSE = enum.auto()
    RESET = enum.auto()  # closed already, so that nobody takes half an answer for a whole one


def answer_next(worker: Any, conn: Connection) -> Outcome:
    """Parse, run the application, answer. Never raises: this is where a connection's errors end."""
    try:
        request = next(conn.parser)
    except StopIteration:
        return Outcome.CLOSE
    except ParseException as fault:
        worker.log.debug("Refused a request from %s: %s", conn.client, type(fault).__name__)
        conn.refuse(explain(fault))
        return Outcome.CLOSE
    return _answer(worker, request, conn)


def _answer(worker: Any, request: StrictRequest, conn: Connection) -> Outcome:
    response, environ = wsgi.create(request, conn.sock, conn.client, conn.server, worker.cfg, response_class=Response)
    scheme, address = read_forwarded(request.pairs, conn.client[0], worker.cfg.forwarded_allow_networks())
    environ.update({
        "wsgi.url_scheme": scheme or environ["wsgi.url_scheme"],
        "REMOTE_ADDR": address,
        "wsgi.multithread": True,
        "access_es.target": request.target,
        "access_es.headers": request.pairs,
        "access_es.body_arrived": not request.body.is_left_behind,
    })  # fmt: skip
    if not worker.alive or not worker.cfg.keepalive:
        response.force_close()
    try:
        _run(worker.wsgi, environ, response)
    except ClientGone as fault:
        worker.log.debug("%s left before the answer was complete: %s", conn.client, fault)
        return Outcome.CLOSE
    except BaseException as fault:  # also SystemExit: an application must not end the worker from a thread
        return _fail(worker, conn, response, fault)
    return Outcome.KEEP if not response.should_close() and conn.finish_request() else Outcome.CLOSE


def _run(application: Any, environ: dict[str, Any], response: Response) -> None:
    chunks = application(environ, response.start_response)
    try:
        for chunk in chunks:
            response.write(chunk)
        response.close()
    finally:
        if hasattr(chunks, "close"):
            chunks.close()


def _fail(worker: Any, conn: Connection, response: Response, fault: BaseException) -> Outcome:
    if response.has_begun:
        worker.log.error("An answer was cut short: %s", type(fault).__name__, exc_info=fault)
        conn.reset()
        return Outcome.RESET
    if isinstance(fault, RequestBodyError):
        conn.refuse(explain(fault))
        return Outcome.CLOSE
    worker.log.error("The application failed: %s", type(fault).__name__, exc_info=fault)
    conn.refuse(OUR_FAULT)
    return Outcome.CLOSE
