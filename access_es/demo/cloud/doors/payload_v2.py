"""Payload format 2.0, which HTTP API and Function URL share: the event, and how an answer is understood."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from access_es.demo.cloud.doors.answers import (
    Pairs,
    connection_headers,
    dated,
    finished,
    has,
    parse_answer,
    read_body,
    read_status,
    without,
)
from access_es.demo.cloud.doors.messages import Arrived, Event, MalformedAnswer
from access_es.demo.cloud.doors.requests import (
    as_base64,
    as_text,
    decode_form,
    forwarded,
    group,
    is_text,
    passed_on,
    split_query,
    trace,
)
from access_es.demo.http_messages import Answer


@dataclass(frozen=True, slots=True)
class Api:
    """What an event says of the API it came through."""

    account: str
    api_id: str
    request_id: str
    stage: str
    domain: str


def build_event(arrived: Arrived, api: Api, raw_path: str, path: str, headers: Iterable[tuple[str, str]]) -> Event:
    """`raw_path` is the event's, `path` that of its request context; both doors have their own."""
    body, is_base64 = _body(arrived)
    cookies = [part.strip() for value in arrived.values("cookie") for part in value.split(";") if part.strip()]
    query = {name: ",".join(values) for name, values in _query(arrived).items()}
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": raw_path,
        "rawQueryString": arrived.query,
        "cookies": cookies,
        "headers": dict(headers),
        "queryStringParameters": query,
        "requestContext": _context(arrived, api, path),
        "body": body,
        "isBase64Encoded": is_base64,
    }
    optional = ("cookies", "queryStringParameters", "body")  # absent when there is none
    return {name: value for name, value in event.items() if value or name not in optional}


def joined_headers(arrived: Arrived) -> dict[str, str]:
    """Lower-case names, repeats joined with a comma, the connection's own headers gone."""
    given = ("x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id")
    sent = [(name.lower(), value) for name, value in passed_on(arrived) if name.lower() not in given]
    added = [(name.lower(), value) for name, value in (trace(arrived), *forwarded(arrived))]
    joined = {name: ",".join(values) for name, values in group([*sent, *added]).items()}
    if arrived.body or arrived.value("content-length"):
        joined["content-length"] = str(len(arrived.body))
    return joined


def _query(arrived: Arrived) -> dict[str, list[str]]:
    pairs = [(decode_form(name), decode_form(value)) for name, value in split_query(arrived.query)]
    return group(pairs, fold=str)


def _body(arrived: Arrived) -> tuple[str, bool]:
    if not arrived.body:
        return "", False
    if is_text(arrived.value("content-type")) and not arrived.value("content-encoding") and _is_utf8(arrived.body):
        return as_text(arrived.body)
    return as_base64(arrived.body)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _context(arrived: Arrived, api: Api, path: str) -> dict[str, Any]:
    return {
        "accountId": api.account,
        "apiId": api.api_id,
        "domainName": api.domain,
        "domainPrefix": api.domain.partition(".")[0],
        "http": {
            "method": arrived.method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": arrived.client,
            "userAgent": arrived.value("user-agent"),
        },
        "requestId": api.request_id,
        "routeKey": "$default",
        "stage": api.stage,
        "time": arrived.moment.text,
        "timeEpoch": arrived.moment.epoch_milliseconds,
    }


def read_answer(payload: bytes, arrived: Arrived, content_type: str, rename: Callable[[str], str]) -> Answer:
    """`content_type` is what the door says where the function said nothing; `rename` is the door's remapping.

    An answer without a statusCode is a body as it is (HTTP API developer guide, "payload format version").
    """
    answer = parse_answer(payload)
    if not isinstance(answer, dict) or "statusCode" not in answer:
        body = answer.encode() if isinstance(answer, str) else payload
        return finished(200, [dated(arrived), ("Content-Type", "application/json")], body, arrived)
    headers = [(rename(name), value) for name, value in [*_single(answer.get("headers")), *_cookies(answer)]]
    typed = headers if has(headers, "content-type") else [*headers, ("Content-Type", content_type)]
    framed = without(typed, {*connection_headers(), "date"})
    return finished(read_status(answer), [dated(arrived), *framed], read_body(answer), arrived)


def _single(value: object) -> Pairs:
    if value is None:
        return []
    if not isinstance(value, dict) or any(isinstance(each, dict | list) for each in value.values()):
        raise MalformedAnswer("headers are no map of texts")
    return [(name, str(each)) for name, each in value.items() if each is not None]


def _cookies(answer: dict[str, Any]) -> Pairs:
    cookies = answer.get("cookies") or []
    if not isinstance(cookies, list) or not all(isinstance(cookie, str) for cookie in cookies):
        raise MalformedAnswer("cookies are no list of texts")
    return [("Set-Cookie", cookie) for cookie in cookies]
