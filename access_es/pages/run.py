"""Runs one of our own pages and returns it as a complete response, for front doors that cannot stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from access_es.audit import Entry
from access_es.messages import ProxyRequest, ProxyResponse
from access_es.pages.environ import page_environ

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def run_own_page(pages: WSGIApplication, request: ProxyRequest, entry: Entry) -> ProxyResponse:
    """One of our own pages as a complete response."""
    environ = page_environ(request)
    environ["access_es.request"] = request
    environ["access_es.entry"] = entry
    entry.delivery = "page"
    return run_page(pages, environ)


def run_page(pages: WSGIApplication, environ: dict[str, Any]) -> ProxyResponse:
    """Call a WSGI app to its end."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        started.append((status, headers))
        return written.append

    chunks = pages(environ, start)
    try:
        written.extend(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    status, headers = started[-1]
    return ProxyResponse.held(int(status[:3]), headers, b"".join(written))
