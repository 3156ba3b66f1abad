"""A document of the interface, decoded, rewritten and encoded again while it passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from access_es.lazy_dataclass import dataclass
from access_es.messages import Body, Held, ProxyRequest, ProxyResponse
from access_es.mounting.coding import can_recode, decoded, encoded
from access_es.mounting.headers import rewritten_headers
from access_es.mounting.interface import Kind
from access_es.mounting.rewriter import Rewriter, rewrite

_NOT_WHOLE = frozenset((204, 205, 206))


@dataclass(frozen=True, slots=True)
class _Rewritten:
    """Read once."""

    body: Body
    coding: str
    rewriter: Rewriter

    def __iter__(self) -> Iterator[bytes]:
        return encoded(rewrite(decoded(self.body, self.coding), self.rewriter), self.coding)

    def close(self) -> None:
        self.body.close()


def rewrite_document(answer: ProxyResponse, request: ProxyRequest, interface: bytes, kind: Kind) -> ProxyResponse:
    """The same answer where it must stay as it is. Raises DomainError where it cannot be decoded."""
    if _must_stay(answer):
        return answer
    answer = replace(answer, headers=rewritten_headers(answer.headers))
    if request.method == "HEAD":
        return replace(answer, length_bytes=None)
    rewriter = Rewriter(interface, request.mount.encode("ascii"), only_strings=kind is Kind.REPORTS)
    body = _Rewritten(answer.body, _coding(answer), rewriter)
    if not isinstance(answer.body, Held):
        return replace(answer, body=body, length_bytes=None)
    data = b"".join(body) if answer.body.data else b""
    return replace(answer, body=Held(data), length_bytes=len(data))


def _must_stay(answer: ProxyResponse) -> bool:
    """A part of a document, one that nobody may change (RFC 9110, 7.7), or one that nobody here can read."""
    return (
        answer.status in _NOT_WHOLE
        or "no-transform" in (answer.header("cache-control") or "").lower()
        or not can_recode(_coding(answer))
    )


def _coding(answer: ProxyResponse) -> str:
    """In lower case, and empty where there is none; several at once are none that is known."""
    named = [value.strip().lower() for name, value in answer.headers if name.lower() == "content-encoding"]
    return ",".join(named).replace("identity", "")
