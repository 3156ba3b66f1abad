"""Which requests may be retried, and our errors for failed calls to the domain."""

from __future__ import annotations

import re
from http.client import HTTPException

from urllib3.exceptions import HTTPError

from access_es.errors import (
    AccessEsError,
    AnswerHeadTooLarge,
    BadRequest,
    DomainDisconnected,
    DomainTimeout,
)
from access_es.upstream.connection import NothingSent
from access_es.upstream.head import MAX_HEAD_BYTES, BadHead, HeadTooLarge

FAULTS = (HTTPError, HTTPException, OSError, ValueError)
_ITS_OBJECT = re.compile(r"^\w+\(host='[^']*', port=\d+\): ")  # urllib3 begins with the connection's repr
_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))


def may_repeat(fault: Exception, method: str, target: str) -> bool:
    """Whether a request may be sent again: nothing of it was sent, or sending it twice is safe.

    Only a connection that broke before any answer counts. PUT and DELETE are idempotent to HTTP, but not in what
    Elasticsearch answers (409 for a second `_create`, 404 for a second delete), and a scroll moves on with every GET.
    """
    if isinstance(fault, NothingSent):
        return True
    return method in _SAFE_METHODS and "scroll" not in target and isinstance(fault, ConnectionError)


def explain(fault: Exception) -> AccessEsError:
    """Our error for a call without an answer, or an answer that ended too early."""
    if isinstance(fault, HeadTooLarge):
        return AnswerHeadTooLarge(MAX_HEAD_BYTES)
    if isinstance(fault, ValueError) and not isinstance(fault, HTTPError):
        return BadRequest("The method or a header contains bytes that HTTP does not allow.", detail=describe(fault))
    kind = DomainTimeout if isinstance(fault, TimeoutError) else DomainDisconnected
    return kind(detail=describe(fault))


def describe(fault: Exception) -> str:
    """For our log, which must not show what was sent: some errors quote the bytes they could not read."""
    is_quoting = not isinstance(fault, (HTTPError, OSError, BadHead))
    return type(fault).__name__ if is_quoting else f"{type(fault).__name__}: {_ITS_OBJECT.sub('', str(fault))}"
