"""API Gateway REST API whose integration streams (`responseTransferMode` STREAM). Pure: bytes into the answer's head.

API Gateway developer guide, "Stream the integration response", "Set up a Lambda proxy integration with payload response
streaming": media type, prelude and eight NUL bytes within 16 KB, then the body as it is. All else is answered with 500.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from access_es.demo.canonical import HeaderPairs
from access_es.demo.cloud.doors.answers import encode, read_multiple, read_single, read_status
from access_es.demo.cloud.doors.messages import Arrived, Event, Failure, Limits, MalformedAnswer
from access_es.demo.cloud.doors.rest_api import RestApi
from access_es.demo.http_messages import Answer, has_no_body

MEDIA_TYPE = "application/vnd.awslambda.http-integration-response"
SEPARATOR = bytes(8)
PRELUDE_BYTES = 16 * 1024
TOTAL_SECONDS = 900.0
IDLE_SECONDS = 300.0  # 30 for an edge-optimised one
_KEYS = {"statusCode", "headers", "multiValueHeaders", "cookies"}


@dataclass(frozen=True, slots=True)
class StreamedHead:
    """`length` is the Content-Length that the function announced."""

    status: int
    headers: HeaderPairs
    length: int | None


@dataclass(frozen=True, slots=True)
class StreamingRestApi:
    """`trailers_cut`: whether error trailers cut the answer off or end it as if it was whole, which nobody recorded."""

    api: RestApi
    idle_seconds: float = IDLE_SECONDS
    total_seconds: float = TOTAL_SECONDS
    trailers_cut: bool = False
    name: str = "rest"
    limits: Limits = field(default=RestApi().limits)

    def refuse(self, arrived: Arrived) -> Answer | None:
        return self.api.refuse(arrived)

    def build_event(self, arrived: Arrived) -> Event:
        return self.api.build_event(arrived)

    def fail(self, failure: Failure, arrived: Arrived) -> Answer:
        return self.api.fail(failure, arrived)

    def refuse_payload(self, arrived: Arrived) -> Answer:
        """What a client gets where the function answered in another form."""
        return self.api.say(500, "Internal server error", arrived, "InternalServerErrorException")

    def read_answer(self, payload: bytes, arrived: Arrived) -> Answer:
        raise MalformedAnswer("a streaming integration takes no answer in one piece")

    def read_head(self, prelude: bytes, arrived: Arrived) -> StreamedHead:
        """Raises MalformedAnswer."""
        head = read_prelude(prelude)
        multiple = read_multiple(head.get("multiValueHeaders"))
        single = [pair for pair in read_single(head.get("headers")) if pair not in multiple]
        cookies = [("Set-Cookie", str(cookie)) for cookie in head.get("cookies") or ()]
        given = multiple + single + cookies
        length = next((value for name, value in given if name.lower() == "content-length"), None)
        if length is not None and not (length.isascii() and length.isdecimal()):
            raise MalformedAnswer("Content-Length is no number")
        framing = ("content-length", "transfer-encoding")
        headers = self.api.outgoing([pair for pair in given if pair[0].lower() not in framing], arrived)
        status = read_status({"statusCode": 200, **head})
        return StreamedHead(status, encode(headers), None if length is None else int(length))


def split_prelude(buffer: bytes) -> tuple[bytes, bytes] | None:
    """The JSON and what follows it; None where more bytes are needed. Raises MalformedAnswer beyond 16 KB."""
    end = buffer.find(SEPARATOR, 0, PRELUDE_BYTES)
    if end >= 0:
        return buffer[:end], buffer[end + len(SEPARATOR) :]
    if len(buffer) >= PRELUDE_BYTES:
        raise MalformedAnswer("no end of the prelude within 16 KB")
    return None


def read_prelude(prelude: bytes) -> dict[str, Any]:
    try:
        head = json.loads(prelude)
    except ValueError as fault:
        raise MalformedAnswer("the prelude is not JSON") from fault
    if not isinstance(head, dict) or not head.keys() <= _KEYS:
        raise MalformedAnswer("the prelude has other keys")
    return head


def as_answer(head: StreamedHead, arrived: Arrived) -> Answer:
    """Where HTTP has no body, the answer ends with its head."""
    if has_no_body(arrived.method, head.status):
        tells = 0 if arrived.method == "HEAD" and head.status not in (204, 304) else None
        return Answer(head.status, head.headers, b"", tells)
    return Answer(head.status, head.headers, b"", head.length)
