"""Answers for doors that take them in one piece; and that the local server never loads what only these need."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from access_es.audit import Entry
from access_es.delivery.buffered import buffer_answer
from access_es.errors import AnswerHeadTooLarge, AnswerTooLarge, DomainTimeout
from access_es.front_doors import ALB_MULTI, REST, URL
from access_es.messages import ProxyRequest, ProxyResponse
from access_es.pages.run import run_own_page
from tests.pages.test_environ import some_request


class Pieces:
    """A body that notes what is done with it."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.pieces)

    def close(self) -> None:
        self.is_closed = True


def entry_of(request: ProxyRequest) -> Entry:
    return Entry(request, None)


def test_an_answer_in_pieces_becomes_one() -> None:
    request, body = some_request(), Pieces(b"a", b"b")
    entry = entry_of(request)
    whole = buffer_answer(ProxyResponse(200, (), body), request, entry, REST, None)
    assert b"".join(whole.body) == b"ab" and whole.length_bytes == 2
    assert body.is_closed and entry.delivery == "held"


def test_a_redirect_of_our_own_stays_one_in_the_audit() -> None:
    request = some_request()
    entry = entry_of(request)
    entry.delivery = "redirect"
    buffer_answer(ProxyResponse.held(303, (("Location", "/x"),), b""), request, entry, REST, None)
    assert entry.delivery == "redirect"


def test_an_answer_beyond_the_door_is_given_back_to_the_domain() -> None:
    request, body = some_request(), Pieces(*[bytes(range(256)) * 400] * 20)
    with pytest.raises(AnswerTooLarge):
        buffer_answer(ProxyResponse(200, (), body), request, entry_of(request), ALB_MULTI, None)
    assert body.is_closed


def test_headers_beyond_the_door_are_given_back_to_the_domain() -> None:
    request, body = some_request(), Pieces(b"x")
    headers = tuple((f"X-{number}", "y" * 1000) for number in range(40))
    with pytest.raises(AnswerHeadTooLarge):
        buffer_answer(ProxyResponse(200, headers, body), request, entry_of(request), REST, None)
    assert body.is_closed
    assert buffer_answer(ProxyResponse(200, headers, Pieces()), request, entry_of(request), URL, None).status == 200


def test_an_answer_that_is_due_is_not_waited_for() -> None:
    request, body = some_request(answer_by=time.monotonic() - 1), Pieces(b"x")
    with pytest.raises(DomainTimeout):
        buffer_answer(ProxyResponse(200, (), body), request, entry_of(request), REST, None)
    assert body.is_closed


def test_our_own_page_knows_who_asks() -> None:
    request = some_request()
    entry = entry_of(request)
    seen = {}

    def pages(environ, start_response):  # type: ignore[no-untyped-def]
        seen.update(environ)
        start_response("200 OK", [])
        return [b"page"]

    assert b"".join(run_own_page(pages, request, entry).body) == b"page"
    assert seen["access_es.request"] is request and seen["access_es.entry"] is entry and entry.delivery == "page"


def test_the_local_server_loads_nothing_that_only_lambda_needs() -> None:
    code = (
        "import sys, access_es.app, access_es.proxy, access_es.server.worker;"
        "print([name for name in sys.modules if name.startswith(('zappa', 'boto', 'access_es.')) and any(part in name"
        " for part in ('zappa.', 'boto', 'lambda', 'rest_api', 'http_api', 'alb', 'whole', 'fit'))])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
