"""Which requests may be retried, and our errors for failed calls to the domain."""

from __future__ import annotations

import re
from http.client import HTTPException, IncompleteRead

from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from access_es.errors import (
    AccessEsError,
    BadRequest,
    DomainDisconnected,
    DomainTimeout,
    DomainUnreachable,
)
from access_es.upstream.connection import NothingSent
from access_es.upstream.head import BadHead

FAULTS = (HTTPError, HTTPException, OSError, ValueError)
_OUR_OBJECT = re.compile(r"^_\w+\(host='[^']*', port=\d+\): ")  # urllib3 begins with the connection's repr
_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))


def may_repeat(fault: Exception, method: str, target: str) -> bool:
    """Whether a request may be sent again: nothing of it was sent, or sending it twice is safe.

    Only a connection that broke before any answer counts. PUT and DELETE are idempotent to HTTP, but not in what
    Elasticsearch answers (409 for a second `_create`, 404 for a second delete), and a scroll moves on with every GET.
    """
    cause = fault.args[-1] if isinstance(fault, ProtocolError) and fault.args else None
    if isinstance(cause, NothingSent):
        return True
    return method in _SAFE_METHODS and "scroll" not in target and isinstance(cause, ConnectionError)


def explain_call(fault: Exception) -> AccessEsError:
    """Our error for a call that brought no answer."""
    if isinstance(fault, (NewConnectionError, ConnectTimeoutError, SSLError, ProxyError)):
        return DomainUnreachable(detail=_describe(fault))
    if isinstance(fault, ValueError) and not isinstance(fault, HTTPError):
        return BadRequest("The method or a header contains bytes that HTTP does not allow.", detail=_describe(fault))
    return explain_body(fault)


def explain_body(fault: Exception) -> AccessEsError:
    """Our error for an answer that ended too early."""
    kind = DomainTimeout if isinstance(fault, (ReadTimeoutError, TimeoutError)) else DomainDisconnected
    return kind(detail=_describe(fault))


def _describe(fault: Exception) -> str:
    """For our log, which must not show what was sent: http.client and urllib3 quote the bytes they could not read."""
    cause = fault.args[-1] if isinstance(fault, ProtocolError) and fault.args else fault
    is_quoting = isinstance(cause, IncompleteRead) or not isinstance(cause, (HTTPError, OSError, BadHead))
    return type(cause).__name__ if is_quoting else f"{type(cause).__name__}: {_OUR_OBJECT.sub('', str(cause))}"
