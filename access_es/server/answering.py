"""From the next request of a connection to its answer, in the connection's own greenlet."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from wsgiref.types import WSGIApplication

from access_es.client_presence import ClientGone
from access_es.errors import AccessEsError, BadRequest
from access_es.server.body import RequestBody, RequestBodyError
from access_es.server.clients import Clients
from access_es.server.connection import ClientLeft, Connection
from access_es.server.environ import build_environ
from access_es.server.forwarded import Network, read_forwarded
from access_es.server.refusal import OUR_FAULT, TOO_MANY_CONNECTIONS, TOO_SLOW, Refusal, Refused
from access_es.server.request_head import RequestHead
from access_es.server.response import Response

log = logging.getLogger("access_es.server")


@dataclass(frozen=True, slots=True)
class Site:
    """What answers: the application, its address, and the trusted proxies in front."""

    application: WSGIApplication
    server: tuple[str, int]
    trusted: Sequence[Network]
    clients: Clients
    is_stopping: Callable[[], bool]


def answer_next(site: Site, connection: Connection) -> bool:
    """Read one request, run the application, answer. Whether the connection can carry another one.

    Raises OSError or ClientLeft where the connection ended.
    """
    try:
        head = connection.read_head()
        if head is None:
            if connection.is_overdue and connection.received:
                connection.refuse(TOO_SLOW)
            return False
        body = RequestBody(connection, head)
        if head.can_gather:
            body.gather()
    except Refused as fault:
        log.debug("Refused a request from %s: %s", connection.address, fault)
        connection.refuse(fault.refusal)
        return False
    except RequestBodyError as fault:
        connection.refuse(_explain(fault))
        return False
    except ClientGone:
        return False
    connection.begin(head.method, head.target)
    return _answer(site, connection, head, body)


def _answer(site: Site, connection: Connection, head: RequestHead, body: RequestBody) -> bool:
    scheme: str | None = "https" if connection.is_tls else "http"
    address = connection.address
    if site.trusted:
        forwarded_scheme, address = read_forwarded(head.pairs, connection.address, site.trusted)
        scheme = forwarded_scheme or scheme
        if not site.clients.enter(address):
            site.clients.leave(address)
            connection.refuse(TOO_MANY_CONNECTIONS)
            return False
    try:
        return _answer_from(site, connection, head, body, scheme or "http", address)
    finally:
        if site.trusted:
            site.clients.leave(address)


def _answer_from(
    site: Site, connection: Connection, head: RequestHead, body: RequestBody, scheme: str, address: str
) -> bool:
    environ = build_environ(head, body, connection, site.server, scheme, address)
    response = Response(connection, head)

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        return response.start(status, headers, exc_info, lambda: body.is_left_behind or site.is_stopping())

    try:
        _run(site.application, environ, start_response, response)
    except ClientLeft as fault:
        log.debug("%s left before the answer was complete: %s", connection.address, fault)
        return False
    except BaseException as fault:  # also SystemExit: an application must not end the worker
        _fail(connection, response, fault)
        return False
    connection.finish()
    return response.keeps_alive and not body.is_left_behind


def _run(application: WSGIApplication, environ: dict[str, Any], start_response: Any, response: Response) -> None:
    chunks = application(environ, start_response)
    try:
        for chunk in chunks:
            response.write(chunk)
        response.finish()
    finally:
        if hasattr(chunks, "close"):
            chunks.close()


def _fail(connection: Connection, response: Response, fault: BaseException) -> None:
    if response.has_begun:
        if not isinstance(fault, AccessEsError):  # whose line in the log was written where it was known
            log.error("An answer was cut short: %s", type(fault).__name__, exc_info=fault)
        connection.reset()
    elif isinstance(fault, BadRequest):
        connection.refuse(_explain(fault))
    else:
        log.error("The application failed: %s", type(fault).__name__, exc_info=fault)
        connection.refuse(OUR_FAULT)


def _explain(fault: BadRequest) -> Refusal:
    return Refusal(fault.status, fault.code, fault.message)
