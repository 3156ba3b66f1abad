"""Which answers scripts of other origins may read, and what browsers are told of it."""

from __future__ import annotations

from io import BytesIO

import pytest

from access_es.delivery.cross_origin import CrossOrigin
from access_es.messages import Headers, ProxyRequest, ProxyResponse

TOOLS = "https://tools.example.com"
CORS = CrossOrigin((TOOLS, "moz-extension://6b1c"))


def request(method: str = "GET", *headers: tuple[str, str]) -> ProxyRequest:
    return ProxyRequest("id", method, b"/_search", headers, BytesIO(), "https", "::1")


def asked(origin: str = TOOLS, *more: tuple[str, str]) -> ProxyRequest:
    return request("OPTIONS", ("Origin", origin), ("Access-Control-Request-Method", "POST"), *more)


def shared(*headers: tuple[str, str], origin: str | None = TOOLS) -> Headers:
    sent = (("Origin", origin),) if origin else ()
    return CORS.share(ProxyResponse.held(200, headers, b"{}"), request("GET", *sent)).headers


def test_a_preflight_is_granted_what_it_asks_for() -> None:
    wanted = ("Access-Control-Request-Headers", "authorization,content-type")
    answer = CORS.preflight(asked(TOOLS, wanted))
    assert answer is not None and (answer.status, b"".join(answer.body)) == (204, b"")
    assert dict(answer.headers) == {
        "Access-Control-Allow-Origin": TOOLS,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "authorization,content-type",
        "Access-Control-Max-Age": "3600",
        "Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    }


def test_a_public_page_may_come_to_a_private_network() -> None:
    answer = CORS.preflight(asked(TOOLS, ("Access-Control-Request-Private-Network", "true")))
    assert answer and answer.header("access-control-allow-private-network") == "true"


@pytest.mark.parametrize(
    "origin",
    [
        "https://tools.example.com.evil.example",
        "http://tools.example.com",
        f"{TOOLS}:8443",
        "null",
        "*",
        "",
        TOOLS.upper(),
    ],
)
def test_no_other_origin_is_granted_anything(origin: str) -> None:
    assert CORS.preflight(asked(origin)) is None
    assert not CORS.allows(asked(origin))
    theirs = ("Access-Control-Allow-Origin", "*")
    assert shared(theirs, origin=origin) == (theirs, ("Vary", "Origin"))  # as the domain has it


def test_two_origins_are_none() -> None:
    assert not CORS.allows(request("GET", ("Origin", TOOLS), ("Origin", TOOLS)))


def test_what_is_no_preflight_is_not_answered_as_one() -> None:
    assert CORS.preflight(request("OPTIONS", ("Origin", TOOLS))) is None
    assert CORS.preflight(request("GET", ("Origin", TOOLS), ("Access-Control-Request-Method", "GET"))) is None


def test_the_domains_own_headers_are_replaced_and_never_doubled() -> None:
    given = shared(
        ("access-control-allow-origin", "*"), ("Access-Control-Allow-Credentials", "false"), ("X-Opaque-Id", "1"),
        ("Access-Control-Expose-Headers", "x"), ("Set-Cookie", "a=1"), ("Content-Type", "application/json"),
    )  # fmt: skip
    assert given == (
        ("X-Opaque-Id", "1"), ("Set-Cookie", "a=1"), ("Content-Type", "application/json"),
        ("Access-Control-Allow-Origin", TOOLS), ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Expose-Headers", "x-opaque-id, content-type, location, retry-after, x-redirect-reason"),
        ("Vary", "Origin"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "vary"),
    [((), ["Origin"]), (("accept-encoding",), ["accept-encoding", "Origin"]), (("a, ORIGIN",), ["a, ORIGIN"])],
)
def test_caches_learn_that_answers_differ_by_origin(given: tuple[str, ...], vary: list[str]) -> None:
    for origin in (TOOLS, None):
        headers = shared(*(("Vary", value) for value in given), origin=origin)
        assert [value for name, value in headers if name == "Vary"] == vary
