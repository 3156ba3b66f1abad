"""Which clients may be sent elsewhere."""

from __future__ import annotations

import io

import pytest

from access_es.delivery.redirects import follows_redirects, may_redirect
from access_es.messages import Headers, Held, ProxyRequest, ProxyResponse

BROWSER = ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)")


@pytest.mark.parametrize(
    ("headers", "follows"),
    [
        ((BROWSER,), True),
        ((BROWSER, ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")), True),
        ((BROWSER, ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")), True),
        ((BROWSER, ("Sec-Fetch-Mode", "same-origin")), False),
        ((BROWSER, ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "script")), False),
        ((("User-Agent", "python-requests/2.32.3"),), True),
        ((("User-Agent", "curl/8.5.0"),), False),
        ((("User-Agent", "opensearch-py/2.8.0 (Python 3.11.2)"),), False),
        ((("User-Agent", "elasticsearch-py/8.15.0 (Python/3.11.2; elastic-transport/8.13.0)"),), False),
        ((("User-Agent", "Go-http-client/1.1"),), False),
        ((), False),
    ],
)
def test_who_follows(headers: Headers, follows: bool) -> None:
    request = ProxyRequest("id", "GET", b"/", headers, io.BytesIO(), "https", "")
    assert follows_redirects(request) is follows


@pytest.mark.parametrize(("status", "may"), [(200, True), (201, True), (206, False), (304, False), (404, False)])
def test_what_a_redirect_may_stand_for(status: int, may: bool) -> None:
    assert may_redirect(ProxyResponse(status, (), Held())) is may
