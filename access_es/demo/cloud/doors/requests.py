"""What several doors do alike when they build an event."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from urllib.parse import unquote_plus

from access_es.demo.cloud.doors.messages import Arrived
from access_es.demo.http_messages import end_to_end

MultiValues = dict[str, list[str]]


def passed_on(arrived: Arrived) -> Iterable[tuple[str, str]]:
    """The headers without those of the connection, whose Host stays the client's."""
    kept = end_to_end(arrived.headers)
    for name, value in kept:
        yield name.decode("ascii"), value.decode("utf-8", "replace")


def forwarded(arrived: Arrived) -> tuple[tuple[str, str], ...]:
    """X-Forwarded-*: the client's own chain with its address at the end; the other two are always the door's."""
    chain = [*arrived.values("x-forwarded-for"), arrived.client]
    return (
        ("X-Forwarded-For", ", ".join(chain)),
        ("X-Forwarded-Port", str(arrived.port)),
        ("X-Forwarded-Proto", arrived.scheme),
    )


def trace(arrived: Arrived) -> tuple[str, str]:
    return "X-Amzn-Trace-Id", arrived.value("x-amzn-trace-id") or arrived.moment.trace_id


def group(pairs: Iterable[tuple[str, str]], fold: Callable[[str], str] = str.lower) -> MultiValues:
    """All values of each name, in order, under its first spelling; names that `fold` alike are one."""
    spelling: dict[str, str] = {}
    grouped: MultiValues = {}
    for name, value in pairs:
        grouped.setdefault(spelling.setdefault(fold(name), name), []).append(value)
    return grouped


def last(grouped: MultiValues) -> dict[str, str]:
    return {name: values[-1] for name, values in grouped.items()}


def split_query(query: str, separators: str = "&") -> list[tuple[str, str]]:
    """Names and values as they were sent, still encoded; a name alone has an empty value."""
    parts = [part for part in re.split(f"[{separators}]", query) if part]
    return [(name, value) for name, _, value in (part.partition("=") for part in parts)]


def decode_form(text: str) -> str:
    """Form-style: a plus is a blank. What is not UTF-8 is lost."""
    return unquote_plus(text, errors="replace")


def as_text(body: bytes) -> tuple[str, bool]:
    return body.decode("utf-8", "replace"), False


def as_base64(body: bytes) -> tuple[str, bool]:
    return base64.b64encode(body).decode("ascii"), True


def is_text(content_type: str) -> bool:
    """The content types that reach a function as text (ELB documentation, "Lambda functions as targets"; the other
    doors' lists are not documented, and recorded events agree with this one)."""
    mime = content_type.partition(";")[0].strip().lower()
    return mime.startswith("text/") or mime in ("application/json", "application/javascript", "application/xml")
