"""The AWS session token that we sign with is in nothing that a client gets."""

from __future__ import annotations

import gzip
import html
import json
import tracemalloc
import zlib
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from access_es.messages import Headers, Held, ProxyResponse
from access_es.upstream.redaction import redact

TOKEN = "IQoJb3JpZ2luX2VjEDoaCXVzLWVhc3QtMSJHMEUCIQ+/" + "abcdEFGH0123456789xyz/+" * 40 + "uR8GOp0B=="
STARS = b"*" * len(TOKEN)
QUOTE = json.dumps({"message": f"The Canonical String should have been\nx-amz-security-token:{TOKEN}\n"}).encode()


class Pieces:
    """A body that arrives in pieces of one size."""

    def __init__(self, data: bytes, size: int) -> None:
        self.data, self.size, self.is_closed = data, size, False

    def __iter__(self) -> Iterator[bytes]:
        return (self.data[start : start + self.size] for start in range(0, len(self.data), self.size))

    def close(self) -> None:
        self.is_closed = True


def answer(body: bytes, status: int = 403, *headers: tuple[str, str]) -> ProxyResponse:
    return ProxyResponse.held(status, headers, body)


def read(response: ProxyResponse) -> bytes:
    return b"".join(response.body)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_an_error_that_quotes_the_token_has_stars_in_its_place(status: int) -> None:
    redacted = redact(answer(QUOTE, status), TOKEN)
    assert read(redacted) == QUOTE.replace(TOKEN.encode(), STARS)
    assert redacted.length_bytes == len(QUOTE)


SPELLINGS = {
    "plain": TOKEN,
    "JSON with escaped slashes": TOKEN.replace("/", "\\/"),
    "JSON of old PHP": TOKEN.replace("/", "\\u002F").replace("=", "\\u003d").replace("+", "\\u002b"),
    "URL": quote(TOKEN, safe=""),
    "URL in lower case": quote(TOKEN, safe="").replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d"),
    "URL within a URL": quote(quote(TOKEN, safe=""), safe=""),
    "HTML": html.escape(TOKEN).replace("=", "&#61;").replace("+", "&#x2B;").replace("/", "&#x2F;"),
    "HTML with names": TOKEN.replace("=", "&equals;").replace("+", "&plus;").replace("/", "&sol;"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_it_is_found_however_it_is_spelled(spelling: str) -> None:
    text = SPELLINGS[spelling]
    body = f"<p>{text}</p>".encode()
    assert read(redact(answer(body), TOKEN)) == b"<p>" + b"*" * len(text) + b"</p>"
    head = redact(answer(b"", 302, ("Location", f"https://a.example/?token={text}")), TOKEN).header("location")
    assert head == "https://a.example/?token=" + "*" * len(text)


@pytest.mark.parametrize("status", [200, 302, 403])
def test_headers_and_the_reason_are_looked_through_at_any_status(status: int) -> None:
    headers: Headers = (("X-Amz-Security-Token", TOKEN), ("X-Echo", f"a{TOKEN}b"), ("X-Other", "caf\xe9"))
    redacted = redact(ProxyResponse(status, headers, Held(), f"No {TOKEN}", 0), TOKEN)
    stars = STARS.decode()
    assert redacted.headers == (("X-Amz-Security-Token", stars), ("X-Echo", f"a{stars}b"), ("X-Other", "caf\xe9"))
    assert redacted.reason == f"No {stars}"


@pytest.mark.parametrize("size", [1, 7, 100, 1_000, 100_000])
@pytest.mark.parametrize("before", [0, 5_000])
def test_it_is_found_across_the_pieces_of_a_body_that_arrives(size: int, before: int) -> None:
    body = b"x" * before + QUOTE + b"y" * 3_000 + QUOTE
    pieces = Pieces(body, size)
    redacted = redact(ProxyResponse(403, (), pieces, length_bytes=len(body)), TOKEN)
    assert read(redacted) == body.replace(TOKEN.encode(), STARS)
    assert redacted.length_bytes == len(body)
    redacted.body.close()
    assert pieces.is_closed


def test_memory_stays_bounded() -> None:
    body = redact(ProxyResponse(403, (), Pieces(b"x" * 50_000_000, 100_000)), TOKEN).body
    tracemalloc.start()
    total = sum(map(len, body))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 50_000_000 and peak < 1_000_000


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "raw deflate"])
def test_a_compressed_error_is_unpacked_where_it_has_the_token_and_else_untouched(coding: str) -> None:
    packer = zlib.compressobj(wbits={"deflate": 15, "raw deflate": -15}.get(coding, 31))
    header = ("Content-Encoding", coding.removeprefix("raw "))
    redacted = redact(answer(packer.compress(QUOTE) + packer.flush(), 403, header, ("X", "1")), TOKEN)
    clean = QUOTE.replace(TOKEN.encode(), STARS)
    assert (read(redacted), redacted.headers, redacted.length_bytes) == (clean, (("X", "1"),), len(clean))


def test_a_compressed_error_without_the_token_keeps_its_bytes() -> None:
    given = answer(gzip.compress(b'{"error":"no such index"}'), 404, ("Content-Encoding", "gzip"))
    assert redact(given, TOKEN) == given


UNREADABLE = {
    "brotli": (("Content-Encoding", "br"), b"\x0b\x02\x80abc"),
    "twice": (("Content-Encoding", "gzip, gzip"), gzip.compress(gzip.compress(QUOTE))),
    "not what it says": (("Content-Encoding", "gzip"), b"no gzip"),
    "two members": (("Content-Encoding", "gzip"), gzip.compress(b"a") + gzip.compress(QUOTE)),
    "a bomb": (("Content-Encoding", "gzip"), gzip.compress(b"a" * 50_000_000)),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_refusal_that_cannot_be_read_is_withheld(kind: str) -> None:
    header, body = UNREADABLE[kind]
    redacted = redact(answer(body, 403, header, ("Content-Type", "text/html"), ("X", "1")), TOKEN)
    told = json.loads(read(redacted))
    assert (redacted.status, told["error"]["code"]) == (403, "reasons_withheld")
    assert redacted.headers == (("X", "1"), ("Content-Type", "application/json"))
    assert redact(answer(body, 404, header), TOKEN) == answer(body, 404, header)  # not about a signature


def test_a_compressed_refusal_that_is_still_arriving_is_withheld_and_closed() -> None:
    pieces = Pieces(gzip.compress(QUOTE), 10)
    redacted = redact(ProxyResponse(403, (("Content-Encoding", "gzip"),), pieces), TOKEN)
    assert (b"reasons_withheld" in read(redacted), pieces.is_closed) == (True, True)


def test_good_answers_are_passed_on_as_they_are() -> None:
    given = answer(QUOTE, 200, ("Content-Type", "application/json"))
    assert redact(given, TOKEN) is given
