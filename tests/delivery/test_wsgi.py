"""An answer as a WSGI server gets it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from access_es.audit import Entry
from access_es.delivery.wsgi import emit
from access_es.messages import ProxyRequest, ProxyResponse


@pytest.mark.parametrize(("method", "lengths"), [("GET", ["4"]), ("HEAD", ["9"])])
def test_the_length_is_named_once(method: str, lengths: list[str]) -> None:
    """Pages come with one of their own, which of a HEAD is that of a GET. A client may refuse two."""
    request = ProxyRequest("id", method, b"/", (), BytesIO(), "http", "192.0.2.1")
    response = ProxyResponse.held(200, (("content-length", "9"), ("X", "1")), b"body" if method == "GET" else b"")
    found: list[tuple[str, str]] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Callable[[bytes], object]:
        found.extend(headers)
        return bytes  # nothing is written

    emit(response, start, Entry(request, None)).close()
    assert [value for name, value in found if name.lower() == "content-length"] == lengths
