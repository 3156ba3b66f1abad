"""Random requests through every emulated door: they arrive as sent, but for what the door itself destroys.

The emulated doors (access_es.demo.cloud) are checked against AWS's recorded events in tests/cloud.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from urllib.parse import quote, unquote, unquote_plus

import pytest

from access_es.demo.cloud.doors.messages import Arrived
from access_es.demo.cloud.doors.registry import open_door
from access_es.ingress.lambda_event import read_event
from access_es.messages import ProxyRequest
from tests.ingress.events import Pairs, arrived, emulated

ROUNDS = 300
PIECES = (
    "a", "Z", "0", "-", "_", ".", "~", "%2F", "%2f", "%25", "%20", "%3F", "%23", "%C3%A9", "%00", "+", ",", "*", ":",
    "@", "!", "$", "'", "(", ")", "/", "//", "..",
)  # fmt: skip
QUERY_PIECES = (*PIECES, "=", "?", "%26", "%3D")
NAMES = (b"X-A", b"x-a", b"X-Found-Handler", b"Accept", b"kbn-xsrf", b"Cookie")
TEXT = (b"application/json", b"text/plain; charset=utf-8")  # a load balancer hands bodies of these over as text
BINARY = (b"application/x-ndjson", b"application/octet-stream", b"application/vnd.elasticsearch+json", b"")


def some_request(chance: random.Random, mount: str) -> Arrived:
    path = "/" + "".join(chance.choices(PIECES, k=chance.randrange(9)))
    parts = ["".join(chance.choices(QUERY_PIECES, k=chance.randrange(5))) for _ in range(chance.randrange(5))]
    query = "?" + "&".join(parts) if parts else ""
    headers = tuple((chance.choice(NAMES), f"v{chance.randrange(9)}".encode()) for _ in range(chance.randrange(6)))
    is_text = chance.random() < 0.5
    body = '{"a":"λ"}\n'.encode() * chance.randrange(3) if is_text else chance.randbytes(chance.randrange(60))
    kind = chance.choice(TEXT if is_text else BINARY)
    headers = (*headers, (b"Content-Type", kind)) if kind else headers
    method = chance.choice(("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"))
    return arrived(method, (mount + path + query).encode(), headers, body)


def as_sent(path: str) -> str:
    return path


def decoded_twice(path: str) -> str:
    """What an HTTP API leaves of a path, escaped again."""
    left = unquote(unquote(path, errors="replace").partition("?")[0], errors="replace")
    return quote(left, safe="/-._~!$&'()*+,;=:@") or "/"


def pairs_of(query: str) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (part.partition("=") for part in query.split("&") if part)]


def verbatim(query: str) -> object:
    return query


def values_by_name(query: str) -> object:
    """Without the order of different names, and without the difference between `k` and `k=`."""
    return sorted(pairs_of(query), key=lambda pair: pair[0])


def meaning_by_name(query: str) -> object:
    """And without the way that characters were escaped."""
    pairs = [(unquote_plus(name), unquote_plus(value)) for name, value in pairs_of(query)]
    return sorted(pairs, key=lambda pair: pair[0])


def last_by_name(query: str) -> object:
    return dict(pairs_of(query))


DOORS: dict[str, tuple[str, Callable[[str], str], Callable[[str], object]]] = {
    "rest": ("", as_sent, meaning_by_name),
    "rest-stage": ("/dev", as_sent, meaning_by_name),
    "http": ("", decoded_twice, verbatim),
    "http-stage": ("/dev", decoded_twice, verbatim),
    "url": ("", as_sent, verbatim),
    "alb": ("", as_sent, values_by_name),
    "alb-single": ("", as_sent, last_by_name),
}


def header_values(headers: Pairs, door: str) -> dict[str, str]:
    """Values by name, repeats joined (RFC 9110, 5.3): what every door keeps of them at least."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.decode().lower(), []).append(value.decode())
    if door == "alb-single":
        return {name: values[-1] for name, values in found.items()}
    return {name: re.sub(r"[,;] *", "|", ",".join(values)) for name, values in found.items()}


def received_values(request: ProxyRequest, names: set[str], door: str) -> dict[str, str]:
    pairs = tuple((name.encode(), value.encode()) for name, value in request.headers if name.lower() in names)
    return header_values(pairs, door)


@pytest.mark.parametrize("door", DOORS)
def test_random_requests_arrive_as_sent_but_for_what_the_door_destroys(door: str) -> None:
    mount, path_left, query_left = DOORS[door]
    chance = random.Random(door)
    tried = 0
    for _ in range(ROUNDS):
        sent = some_request(chance, mount)
        if open_door(door).refuse(sent) is not None:
            continue
        tried += 1
        request = read_event(emulated(door, sent), None)
        path, _, query = sent.target.decode().removeprefix(mount).partition("?")
        got_path, _, got_query = request.target.decode().partition("?")
        assert got_path == path_left(path), sent.target
        assert query_left(got_query) == query_left(query), sent.target
        assert request.mount == mount and request.method == sent.method
        assert request.body.read() == sent.body
        sent_values = header_values(sent.headers, door)
        sent_values.pop("content-length", None)
        assert received_values(request, set(sent_values), door) == sent_values
        assert request.client_address == "192.0.2.7"
    assert tried > ROUNDS / 3
