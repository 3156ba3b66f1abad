"""The `/_demo/` endpoints: answers to measure a proxy with. The gateway has verified the signature before."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import IO, Any
from urllib.parse import parse_qs

from access_es.demo import form_parts, large_content
from access_es.demo.canonical import HeaderPairs
from access_es.demo.gateway_log import GatewayLog
from access_es.demo.http_messages import Answer, values
from access_es.demo.http_server import ConnectionLostError, Received

ECHO_BYTES = 8 * 1024 * 1024
COMPRESS_BYTES = 64 * 1024 * 1024
JSON_TYPE = (b"Content-Type", b"application/json; charset=UTF-8")


class BadQueryError(Exception):
    """An option of the query has no meaning here."""


@dataclass(slots=True)
class SlowStats:
    """What became of the requests to `/_demo/slow`."""

    started: int = 0
    answered: int = 0
    hung_up: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One verified request to an endpoint, with its query decoded as latin-1, so that every byte survives."""

    received: Received
    log: GatewayLog
    slow: SlowStats
    options: dict[str, list[str]] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        return self.options.get(name, [default])[-1]

    def integer(self, name: str, default: int = 0) -> int:
        value = self.text(name, str(default))
        if not value.isdecimal():
            raise BadQueryError(f"{name}={value}")
        return int(value)

    def seconds(self, name: str) -> float:
        try:
            return max(0.0, float(self.text(name, "0")))
        except ValueError:
            raise BadQueryError(f"{name}={self.text(name)}") from None


Endpoint = Callable[[Call], Awaitable[Answer]]


def find_endpoint(target: bytes) -> Endpoint | None:
    return ENDPOINTS.get(target.partition(b"?")[0])


def read_options(target: bytes) -> dict[str, list[str]]:
    query = target.partition(b"?")[2].decode("latin-1")
    return parse_qs(query, keep_blank_values=True, encoding="latin-1")


def json_answer(document: Any, status: int = 200) -> Answer:
    return Answer(status, (JSON_TYPE,), json.dumps(document).encode())


async def answer_large(call: Call) -> Answer:
    """`size` bytes, the same ones each time. Options: `kind` (json, text, random, zeros), `chunked=1` hides the
    length, `encoding=gzip` sends them compressed, `status`, `type` (content type), `rate` (bytes a second),
    `fail_after` (breaks the connection off after so many bytes of the body)."""
    kind, size = call.text("kind", "json"), call.integer("size")
    if kind not in large_content.CONTENT_TYPES:
        raise BadQueryError(f"kind={kind}")
    headers = [(b"Content-Type", call.text("type", large_content.CONTENT_TYPES[kind]).encode("latin-1"))]
    pieces: Iterable[bytes | memoryview] = large_content.content(kind, size)
    if call.text("encoding") == "gzip":
        file, size = await asyncio.to_thread(large_content.compressed, kind, size)
        pieces = _file_pieces(file)
        headers += [(b"Content-Encoding", b"gzip"), (b"Vary", b"Accept-Encoding")]
    fail_after = call.integer("fail_after") if "fail_after" in call.options else None
    length = None if call.text("chunked") == "1" else size
    return Answer(call.integer("status", 200), tuple(headers), _paced(pieces, call.integer("rate"), fail_after), length)


async def answer_slow(call: Call) -> Answer:
    """Answers after `delay` seconds. A client that hangs up meanwhile is noticed at once, and counted."""
    call.slow.started += 1
    try:
        await asyncio.sleep(call.seconds("delay"))
    except asyncio.CancelledError:
        call.slow.hung_up += 1
        raise
    call.slow.answered += 1
    return json_answer({"delay": call.seconds("delay")})


async def answer_slow_stats(call: Call) -> Answer:
    """How many requests `/_demo/slow` has started, answered, and lost to clients that hung up."""
    return json_answer(asdict(call.slow))


async def answer_echo(call: Call) -> Answer:
    """The request as it arrived: method, raw target and ordered header pairs (as latin-1), length and SHA-256 of
    the body, and the body itself as base64 up to 8 MiB (null beyond)."""
    head, body = call.received.head, call.received.body
    document = {
        "method": head.method,
        "target": head.target.decode("latin-1"),
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in head.headers],
        "length": body.length,
        "sha256": body.sha256,
        "body": base64.b64encode(body.read()).decode() if body.length <= ECHO_BYTES else None,
    }
    return json_answer(document)


async def answer_tiny(call: Call) -> Answer:
    """A small HTML page, compressed with deflate, without a Content-Type."""
    return Answer(200, ((b"Content-Encoding", b"deflate"),), form_parts.tiny_page())


async def answer_compress(call: Call) -> Answer:
    """Takes a multipart upload of up to 64 MiB; the size of each part, and its size under several compressions."""
    body = call.received.body
    if body.length > COMPRESS_BYTES:
        return json_answer({"error": "larger than 64 MiB"}, 413)
    content_type = b", ".join(values(call.received.head.headers, b"content-type"))
    try:
        parts = await asyncio.to_thread(form_parts.measure, content_type, body.read())
    except form_parts.NotMultipartError as error:
        return json_answer({"error": str(error)}, 415)
    return json_answer({"parts": parts})


async def answer_answer(call: Call) -> Answer:
    """Exactly the answer that the query describes: `status`, `reason`, `header=Name: value` (repeatable, in order;
    `header64` the same in base64, for bytes that a query cannot hold), `body` (base64), `chunked=1`, `interim=103`
    (an informational answer before it, repeatable)."""
    body = _from_base64(call.text("body"))
    reason = call.text("reason").encode("latin-1") if "reason" in call.options else None
    interim = tuple(int(status) for status in call.options.get("interim", ()) if status.isdecimal())
    hidden = call.text("chunked") == "1"
    return Answer(
        status=call.integer("status", 200),
        headers=_asked_headers(call),
        body=_paced([body]) if hidden else body,
        reason=reason,
        interim=interim,
    )


async def answer_log(call: Call) -> Answer:
    """The `last` requests the gateway has seen (100 without it), and the counts of all verdicts."""
    seen = [entry.as_json() for entry in call.log.last(call.integer("last", 100))]
    return json_answer({"counts": call.log.counts(), "last": seen})


ENDPOINTS: dict[bytes, Endpoint] = {
    b"/_demo/giant": answer_large,
    b"/_demo/slow": answer_slow,
    b"/demo-slow/_search": answer_slow,
    b"/demo-slow/_stats": answer_slow,
    b"/demo-slow/_update_by_query": answer_slow,
    b"/_demo/slow/stats": answer_slow_stats,
    b"/_demo/echo": answer_echo,
    b"/_demo/tiny": answer_tiny,
    b"/_demo/compress": answer_compress,
    b"/_demo/answer": answer_answer,
    b"/_demo/log": answer_log,
}


def _asked_headers(call: Call) -> HeaderPairs:
    lines = [line.encode("latin-1") for line in call.options.get("header", ())]
    lines += [_from_base64(line) for line in call.options.get("header64", ())]
    pairs = (line.partition(b":") for line in lines)
    return tuple((name, value.strip()) for name, _, value in pairs)


def _from_base64(text: str) -> bytes:
    """Either alphabet of base64: the URL-safe one needs no escapes in a query."""
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        raise BadQueryError("not base64") from None


def _file_pieces(file: IO[bytes]) -> Iterable[bytes]:
    with file:
        while piece := file.read(large_content.PIECE_BYTES):
            yield piece


async def _paced(
    pieces: Iterable[bytes | memoryview], rate: int = 0, fail_after: int | None = None
) -> AsyncGenerator[bytes | memoryview, None]:
    """`pieces`, at most `rate` bytes a second, and no more than `fail_after` of them before all breaks off."""
    left = fail_after
    due = time.monotonic()
    for whole in pieces:
        for piece in _split(whole, max(1, rate // 20) if rate else len(whole)):
            if rate:
                due += len(piece) / rate  # by the clock, as each sleep lasts a little too long
                await asyncio.sleep(due - time.monotonic())
            if left is not None and len(piece) >= left:
                yield piece[:left]
                raise ConnectionLostError("as asked")
            yield piece
            left = None if left is None else left - len(piece)
    if left is not None:
        raise ConnectionLostError("as asked")


def _split(whole: bytes | memoryview, size: int) -> Iterable[bytes | memoryview]:
    return (whole[start : start + size] for start in range(0, len(whole), size or 1))
