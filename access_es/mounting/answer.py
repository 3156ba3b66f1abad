"""The domain's answer as it is below a mount."""

from __future__ import annotations

from dataclasses import replace

from access_es.messages import ProxyRequest, ProxyResponse
from access_es.mounting.headers import mount_headers, rewritten_headers
from access_es.mounting.interface import interface_of, is_insertable, kind_of
from access_es.mounting.validators import is_marked

_NOT_MODIFIED = 304


def mount_answer(answer: ProxyResponse, request: ProxyRequest) -> ProxyResponse:
    """`request` is the one that the client sent. Raises DomainError where a document cannot be decoded."""
    answer = replace(answer, headers=mount_headers(answer.headers, request.mount))
    interface = interface_of(request.path)
    if interface is None or not is_insertable(request.mount):
        return answer
    if answer.status == _NOT_MODIFIED:
        is_ours = is_marked(request.header("if-none-match") or "")
        return replace(answer, headers=rewritten_headers(answer.headers)) if is_ours else answer
    kind = kind_of(request.path, interface, answer.header("content-type") or "")
    if kind is None:
        return answer
    from access_es.mounting.document import rewrite_document  # never needed for calls of the API

    return rewrite_document(answer, request, interface, kind)
