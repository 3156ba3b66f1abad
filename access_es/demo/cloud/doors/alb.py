"""Application Load Balancer with a Lambda target, multi-value headers on or off.

Facts: recorded event in tests/vectors/events; ELB user guide, "Lambda functions as targets" and "Quotas for your
Application Load Balancers".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from access_es.demo.cloud.doors.answers import (
    Pairs,
    connection_headers,
    dated,
    finished,
    own_answer,
    parse_answer,
    read_body,
    read_multiple,
    read_single,
    read_status,
    without,
)
from access_es.demo.cloud.doors.messages import ACCOUNT, REGION, Arrived, Event, Failure, Limits, MalformedAnswer, names
from access_es.demo.cloud.doors.requests import (
    as_base64,
    as_text,
    forwarded,
    group,
    is_text,
    last,
    passed_on,
    split_query,
    trace,
)
from access_es.demo.http_messages import Answer

METHODS = names("GET HEAD POST PUT DELETE OPTIONS PATCH")
_TARGET_GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/emulated/0123456789abcdef"
_FAILURES = {
    Failure.TIMED_OUT: (504, "Gateway Time-out"),
    Failure.FUNCTION_FAILED: (502, "Bad Gateway"),
    Failure.THROTTLED: (502, "Bad Gateway"),
    Failure.EVENT_TOO_LARGE: (413, "Request Entity Too Large"),
}


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    multi_value: bool = True
    name: str = "alb"
    limits: Limits = field(
        default=Limits(
            body_bytes=1_048_576,
            head_bytes=65_536,
            timeout_seconds=None,  # Zappa sets its idle timeout to that of the function
            answer_bytes=1_048_576,
            answer_head_bytes=32_768,
            target_bytes=16_384,
        )
    )

    def refuse(self, arrived: Arrived) -> Answer | None:
        if arrived.method not in METHODS:
            return _say(405, "Method Not Allowed", arrived)
        if len(arrived.target) > (self.limits.target_bytes or 0):
            return _say(414, "Request-URI Too Large", arrived)
        if arrived.head_bytes > self.limits.head_bytes or _longest_header(arrived) > 16_384:
            return _say(400, "Bad Request", arrived)  # recorded nowhere; the guide names 400 for malformed heads
        if len(arrived.body) > self.limits.body_bytes:
            return _say(413, "Request Entity Too Large", arrived)
        return None

    def build_event(self, arrived: Arrived) -> Event:
        body, is_base64 = _body(arrived)
        return {
            "requestContext": {"elb": {"targetGroupArn": _TARGET_GROUP}},
            "httpMethod": arrived.method,
            "path": arrived.path,
            **self._maps(arrived),
            "body": body,
            "isBase64Encoded": is_base64,
        }

    def _maps(self, arrived: Arrived) -> Event:
        """Values of the query are handed over as they were sent: the function has to decode them."""
        query, headers = group(split_query(arrived.query), fold=str), group(_headers(arrived))
        if self.multi_value:
            return {"multiValueQueryStringParameters": query, "multiValueHeaders": headers}
        return {"queryStringParameters": last(query), "headers": last(headers)}

    def read_answer(self, payload: bytes, arrived: Arrived) -> Answer:
        if len(payload) > (self.limits.answer_bytes or 0):
            raise MalformedAnswer("larger than 1 MB")
        answer = parse_answer(payload)
        if not isinstance(answer, dict):
            raise MalformedAnswer("no object")
        # "You must specify multiValueHeaders" when they are on, and `headers` counts only when they are off.
        given = (
            read_multiple(answer.get("multiValueHeaders")) if self.multi_value else read_single(answer.get("headers"))
        )
        headers = [dated(arrived), *_kept(given)]
        if sum(len(name) + len(value) + 4 for name, value in headers) > (self.limits.answer_head_bytes or 0):
            raise MalformedAnswer("headers too large")
        return finished(read_status(answer), headers, read_body(answer), arrived, _reason(answer))

    def fail(self, failure: Failure, arrived: Arrived) -> Answer:
        return _say(*_FAILURES[failure], arrived)


def _longest_header(arrived: Arrived) -> int:
    return max((len(name) + len(value) for name, value in arrived.headers), default=0)


def _headers(arrived: Arrived) -> Pairs:
    given = ("x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id")
    sent = [(name.lower(), value) for name, value in passed_on(arrived) if name.lower() not in given]
    length = [("content-length", str(len(arrived.body)))] if arrived.body or arrived.value("content-length") else []
    return sent + length + [(name.lower(), value) for name, value in (trace(arrived), *forwarded(arrived))]


def _body(arrived: Arrived) -> tuple[str, bool]:
    # "If the content-encoding header is present, the body is base64 encoded", else by its type.
    if not arrived.body or (is_text(arrived.value("content-type")) and not arrived.value("content-encoding")):
        return as_text(arrived.body)
    return as_base64(arrived.body)


def _kept(given: Pairs) -> Pairs:
    """Hop-by-hop headers are not honoured, and Content-Length is computed anew."""
    return without(given, {*connection_headers(), "date"})


def _reason(answer: Mapping[str, Any]) -> bytes | None:
    """`statusDescription` is the code and the reason, as "200 OK"."""
    words = str(answer.get("statusDescription") or "").partition(" ")[2]
    return words.encode("latin-1", "replace") if words and "\r" not in words and "\n" not in words else None


def _say(status: int, reason: str, arrived: Arrived) -> Answer:
    title = f"{status} {reason}"
    lines = (
        "<html>",
        f"<head><title>{title}</title></head>",
        "<body>",
        f"<center><h1>{title}</h1></center>",
        "</body>",
    )
    body = "\r\n".join((*lines, "</html>", ""))
    return own_answer(status, body, "text/html", arrived, ("Server", "awselb/2.0"))
